"""Drops: what each supplier order brings to each park, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import text
from sqlmodel import Session

from app.orders.consolidation.models.supplier_orders import Drop


def make_drops(session: Session, round_id: int) -> None:
    """One drop per supplier order and park, with what it brings; a park without a day gets the round's last one."""
    for statement in (
        """
        INSERT INTO drops (supplier_order_id, park_id, delivery_on)
        SELECT DISTINCT a.supplier_order_id, o.park_id, coalesce(
            d.delivery_on,
            (SELECT max(delivery_on) FROM round_deliveries WHERE round_id = :round_id),
            (SELECT (closes_at AT TIME ZONE 'Europe/Paris')::date FROM rounds WHERE id = :round_id)
        )
        FROM allocations a
        JOIN order_lines l ON l.id = a.order_line_id
        JOIN member_orders o ON o.id = l.order_id
        LEFT JOIN round_deliveries d ON d.round_id = :round_id AND d.park_id = o.park_id
        WHERE a.round_id = :round_id AND a.supplier_order_id IS NOT NULL
        """,
        """
        INSERT INTO drop_lines (drop_id, offer_id, quantity)
        SELECT d.id, a.offer_id, sum(a.allocated)
        FROM allocations a
        JOIN order_lines l ON l.id = a.order_line_id
        JOIN member_orders o ON o.id = l.order_id
        JOIN drops d ON d.supplier_order_id = a.supplier_order_id AND d.park_id = o.park_id
        WHERE a.round_id = :round_id
        GROUP BY d.id, a.offer_id
        """,
    ):
        session.execute(text(statement), {"round_id": round_id})


@dataclass(frozen=True)
class Arrival:
    """What came of an article, in sales units: good ones, and damaged ones that nobody gets."""

    sku: str
    good: int
    damaged: int = 0
    note: str = ""


def note_arrivals(session: Session, drop: Drop, arrived: Mapping[int, Arrival]) -> None:
    session.execute(
        text("""
            UPDATE drop_lines l SET received_quantity = n.good, damaged_quantity = n.damaged, note = n.note
            FROM unnest(CAST(:offers AS int[]), CAST(:good AS int[]), CAST(:damaged AS int[]), CAST(:notes AS text[]))
                AS n (offer, good, damaged, note)
            WHERE l.drop_id = :drop_id AND l.offer_id = n.offer
        """),
        {
            "drop_id": drop.id,
            "offers": list(arrived),
            "good": [one.good for one in arrived.values()],
            "damaged": [one.damaged for one in arrived.values()],
            "notes": [one.note.strip()[:500] for one in arrived.values()],
        },
    )
    session.execute(
        text("""
            UPDATE supplier_order_lines l SET damaged_quantity = sums.damaged
            FROM (
                SELECT n.offer_id, sum(n.damaged_quantity) AS damaged
                FROM drop_lines n JOIN drops d ON d.id = n.drop_id
                WHERE d.supplier_order_id = :id AND n.damaged_quantity IS NOT NULL GROUP BY n.offer_id
            ) sums
            WHERE l.supplier_order_id = :id AND l.offer_id = sums.offer_id
        """),
        {"id": drop.supplier_order_id},
    )
