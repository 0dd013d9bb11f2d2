"""Rounds in lists and in figures, their days, their live demand: sums over offers, never over lines."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session, col

from app.core import clock
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.consolidation import PriceTier, Terms
from app.orders.models import Round, RoundStatus
from app.orders.queries.progress import Progress, progress_on


def list_rounds(session: Session, cursor: str | None, limit: int) -> Page[Round]:
    """Rounds, those with the latest cut-off first."""
    query = sa.select(Round).order_by(col(Round.closes_at).desc(), col(Round.id).desc()).limit(limit + 1)
    after = decode_cursor(cursor, datetime.fromisoformat, int)
    if after:
        query = query.where(sa.tuple_(col(Round.closes_at), col(Round.id)) < sa.tuple_(*map(sa.literal, after)))
    return page_of(session.scalars(query).all(), limit, lambda r: (r.closes_at.isoformat(), r.id))


def open_rounds(session: Session) -> list[Round]:
    """The rounds that take orders now, the first to close first."""
    now = clock.now()
    return list(
        session.scalars(
            sa.select(Round)
            .where(col(Round.status) == RoundStatus.OPEN, col(Round.opens_at) <= now, col(Round.closes_at) > now)
            .order_by(col(Round.closes_at), col(Round.id))
        )
    )


class Delivery(NamedTuple):
    """A park and its delivery day in a round."""

    park_id: int
    park: str
    delivery_on: date


def deliveries_of(session: Session, round_id: int) -> list[Delivery]:
    """The delivery days of a round, by park."""
    rows = session.execute(
        text("""
            SELECT p.id, p.name, d.delivery_on FROM round_deliveries d JOIN parks p ON p.id = d.park_id
            WHERE d.round_id = :round_id ORDER BY d.delivery_on, p.name
        """),
        {"round_id": round_id},
    )
    return [Delivery(*row) for row in rows]


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
            SELECT d.offers, d.lines, d.wanted, o.orders, o.amount, o.list_amount, o.commission, o.fees, o.alerts
            FROM (
                SELECT count(*) AS offers, coalesce(sum(line_count), 0) AS lines, coalesce(sum(quantity), 0) AS wanted
                FROM round_demand WHERE round_id = :round_id AND line_count > 0
            ) d, (
                SELECT count(*) AS orders, coalesce(sum(amount), 0) AS amount,
                    coalesce(sum(list_amount), 0) AS list_amount, coalesce(sum(commission), 0) AS commission,
                    coalesce(sum(delivery_fee), 0) AS fees, count(alert) AS alerts
                FROM supplier_orders WHERE round_id = :round_id
            ) o
        """),
        {"round_id": round_id},
    ).one()
    return RoundFigures(*row)


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
                WHERE status IN ('approved', 'sent', 'delivered', 'settled')
                    AND closes_at < (SELECT closes_at FROM rounds WHERE id = :round_id)
                ORDER BY closes_at DESC, id DESC LIMIT 1
            )
            SELECT last.name, count(*), sum(round(l.served * before.unit_price, 2) - l.amount)
            FROM last
            JOIN supplier_orders earlier ON earlier.round_id = last.id
            JOIN supplier_order_lines before ON before.supplier_order_id = earlier.id
            JOIN supplier_orders o ON o.round_id = :round_id AND o.supplier_id = earlier.supplier_id
            JOIN supplier_order_lines l ON l.supplier_order_id = o.id AND l.offer_id = before.offer_id
            GROUP BY last.name
        """),
        {"round_id": round_id},
    ).one_or_none()
    return SavedAgainstLast(*row) if row else None


def demand_for(session: Session, round_id: int, offer_ids: list[int]) -> dict[int, int]:
    """The group's demand in a round for some offers, by offer; offers nobody wants are left out."""
    rows = session.execute(
        text("SELECT offer_id, quantity FROM round_demand WHERE round_id = :round_id AND offer_id = ANY(:offer_ids)"),
        {"round_id": round_id, "offer_ids": offer_ids},
    )
    return {row.offer_id: row.quantity for row in rows}


class DemandRow(NamedTuple):
    """Live demand for an offer."""

    offer_id: int
    supplier: str
    sku: str
    name: str
    pack_size: int
    min_quantity: int
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    quantity: int
    tolerance: int
    line_count: int

    @property
    def progress(self) -> Progress:
        """Where the group stands."""
        tiers = tuple(map(PriceTier, self.tier_quantities, self.tier_prices))
        return progress_on(Terms(self.pack_size, self.min_quantity, tiers), self.quantity)


def list_demand(session: Session, round_id: int, cursor: str | None, limit: int) -> Page[DemandRow]:
    """The demand of a round, offer by offer."""
    after = decode_cursor(cursor, int) or (0,)
    rows = session.execute(
        text("""
            SELECT d.offer_id, s.name, f.sku, f.name, f.pack_size, f.min_quantity, f.tier_quantities, f.tier_prices,
                d.quantity, d.tolerance, d.line_count
            FROM (
                SELECT * FROM round_demand
                WHERE round_id = :round_id AND offer_id > :after AND line_count > 0 ORDER BY offer_id LIMIT :limit
            ) d
            JOIN offers f ON f.id = d.offer_id JOIN suppliers s ON s.id = f.supplier_id
            ORDER BY d.offer_id
        """),
        {"round_id": round_id, "after": after[0], "limit": limit + 1},
    )
    return page_of([DemandRow(*row) for row in rows], limit, lambda row: (row.offer_id,))


def approval_names(session: Session, round_id: int) -> list[str]:
    """Who approved a round so far."""
    return list(
        session.scalars(
            text("SELECT approver FROM round_approvals WHERE round_id = :round_id ORDER BY approved_at"),
            {"round_id": round_id},
        )
    )
