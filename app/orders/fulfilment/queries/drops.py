"""The drops of a supplier order."""

from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as


class DropRow(NamedTuple):
    """A delivery of a supplier order to a park."""

    id: int
    park: str
    delivery_on: date
    line_count: int
    unit_count: int
    park_code: str


def drops_of(session: Session, supplier_order_id: int) -> list[DropRow]:
    """The drops of a supplier order, by park."""
    rows = session.execute(
        text("""
            SELECT d.id, p.name AS park, p.code AS park_code, d.delivery_on, count(DISTINCT a.offer_id) AS line_count,
                coalesce(sum(a.served), 0) AS unit_count
            FROM drops d
            JOIN parks p ON p.id = d.park_id
            LEFT JOIN (
                SELECT o.park_id, a.supplier_order_id, a.offer_id, a.served
                FROM allocations a
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id
                WHERE a.supplier_order_id = :supplier_order_id AND a.served > 0
            ) a ON a.park_id = d.park_id
            WHERE d.supplier_order_id = :supplier_order_id GROUP BY d.id, p.id ORDER BY p.name
        """),
        {"supplier_order_id": supplier_order_id},
    )
    return rows_as(DropRow, rows)
