"""Trying a decision: what the draft would be, without taking it."""

from collections.abc import Callable
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.money import ZERO
from app.orders.rounds.service import get_round, round_key


class SupplierFigures(NamedTuple):
    """A supplier order in figures; amounts in euros before VAT."""

    supplier: str
    amount: Decimal
    saved: Decimal
    delivery_fee: Decimal
    alert: str | None


class Draft(NamedTuple):
    """A consolidated round in figures: its supplier orders by supplier, and what members do not get."""

    orders: dict[int, SupplierFigures]
    unfilled_units: int
    short_lines: int

    @property
    def amount(self) -> Decimal:
        """Everything ordered."""
        return sum((order.amount for order in self.orders.values()), ZERO)

    @property
    def saved(self) -> Decimal:
        """Saved against list prices."""
        return sum((order.saved for order in self.orders.values()), ZERO)


def simulate(session: Session, code: str, decide: Callable[[], object]) -> tuple[Draft, Draft]:
    """The draft before and after a decision, which is then taken back: nothing is changed."""
    round_id = round_key(get_round(session, code))
    before = _draft(session, round_id)
    trial = session.begin_nested()
    try:
        decide()
        after = _draft(session, round_id)
    finally:
        trial.rollback()
    session.expire_all()
    return before, after


def _draft(session: Session, round_id: int) -> Draft:
    session.flush()
    orders = session.execute(
        text("""
            SELECT o.supplier_id, s.name, o.amount, o.list_amount - o.amount, o.delivery_fee, o.alert
            FROM supplier_orders o JOIN suppliers s ON s.id = o.supplier_id WHERE o.round_id = :round_id ORDER BY s.name
        """),
        {"round_id": round_id},
    )
    figures = {supplier_id: SupplierFigures(*values) for supplier_id, *values in orders}
    units, lines = session.execute(
        text("""
            SELECT coalesce(sum(wanted - served), 0), count(*) FROM allocations
            WHERE round_id = :round_id AND served < wanted
        """),
        {"round_id": round_id},
    ).one()
    return Draft(figures, int(units), int(lines))
