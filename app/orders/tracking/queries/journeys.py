"""Where a member order is on its way."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import row_as


class OrderJourney(NamedTuple):
    """Where an order is on its way: its round's cut-off and state, when its suppliers got theirs, its delivery day."""

    round_status: str
    closes_at: datetime
    sent_at: datetime | None
    delivery_on: date | None


def journey_of(session: Session, order_id: int) -> OrderJourney:
    """The journey of an order, after its own firm's approval."""
    row = session.execute(
        text("""
            SELECT r.status AS round_status, r.closes_at,
                (SELECT max(s.sent_at) FROM allocations a
                 JOIN order_lines l ON l.id = a.order_line_id AND l.order_id = o.id
                 JOIN supplier_orders s ON s.id = a.supplier_order_id) AS sent_at,
                (SELECT d.delivery_on FROM round_deliveries d WHERE d.round_id = r.id AND d.park_id = o.park_id)
                    AS delivery_on
            FROM member_orders o JOIN rounds r ON r.id = o.round_id WHERE o.id = :order_id
        """),
        {"order_id": order_id},
    ).one()
    return row_as(OrderJourney, row)
