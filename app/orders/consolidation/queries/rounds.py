"""Rounds in figures."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import row_as
from app.orders.rounds.models import APPROVED_ROUNDS


@dataclass(frozen=True)
class RoundFigures:
    """A round in figures. Amounts in euros before VAT."""

    offer_count: int
    line_count: int
    wanted: int
    supplier_order_count: int
    ordered_amount: Decimal
    list_amount: Decimal
    commission: Decimal
    delivery_fees: Decimal
    alert_count: int

    @property
    def saved(self) -> Decimal:
        """What the group pays less than at list price."""
        return self.list_amount - self.ordered_amount


def round_figures(session: Session, round_id: int) -> RoundFigures:
    """The figures of a round, from its demand and supplier orders: sums over offers and suppliers, never over lines."""
    row = session.execute(
        text("""
            SELECT d.*, o.*
            FROM (
                SELECT count(*) AS offer_count, coalesce(sum(line_count), 0) AS line_count,
                    coalesce(sum(quantity), 0) AS wanted
                FROM round_demand WHERE round_id = :round_id AND line_count > 0
            ) d, (
                SELECT count(*) AS supplier_order_count, coalesce(sum(amount), 0) AS ordered_amount,
                    coalesce(sum(list_amount), 0) AS list_amount, coalesce(sum(commission), 0) AS commission,
                    coalesce(sum(delivery_fee), 0) AS delivery_fees, count(alert) AS alert_count
                FROM supplier_orders WHERE round_id = :round_id
            ) o
        """),
        {"round_id": round_id},
    ).one()
    return row_as(RoundFigures, row)


class SavedAgainstLast(NamedTuple):
    """What the offers bought in this round and in the last one cost less now, in euros before VAT; negative: more."""

    round_name: str
    offer_count: int
    amount: Decimal


def saved_against_last(session: Session, round_id: int) -> SavedAgainstLast | None:
    """This round's quantities at the last round's prices, less at its own; None without offers bought in both."""
    row = session.execute(
        text("""
            WITH last AS (
                SELECT id, name FROM rounds
                WHERE status = ANY(:approved)
                    AND closes_at < (SELECT closes_at FROM rounds WHERE id = :round_id)
                ORDER BY closes_at DESC, id DESC LIMIT 1
            )
            SELECT last.name AS round_name, count(*) AS offer_count,
                sum(round(l.served * before.unit_price, 2) - l.amount) AS amount
            FROM last
            JOIN supplier_orders earlier ON earlier.round_id = last.id
            JOIN supplier_order_lines before ON before.supplier_order_id = earlier.id
            JOIN supplier_orders o ON o.round_id = :round_id AND o.supplier_id = earlier.supplier_id
            JOIN supplier_order_lines l ON l.supplier_order_id = o.id AND l.offer_id = before.offer_id
            GROUP BY last.name
        """),
        {"round_id": round_id, "approved": list(APPROVED_ROUNDS)},
    ).one_or_none()
    return row_as(SavedAgainstLast, row) if row else None


def approval_names(session: Session, round_id: int) -> list[str]:
    """Who approved a round so far."""
    return list(
        session.scalars(
            text("SELECT approver FROM round_approvals WHERE round_id = :round_id ORDER BY approved_at"),
            {"round_id": round_id},
        )
    )
