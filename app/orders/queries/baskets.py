"""Carts and lists: how many lines wait in them, and what lists hold."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.orders.queries.deputies import WAITING, principal_parameters


def cart_line_count(session: Session, actor: Actor) -> int:
    """How many lines stand in the actor's carts of open rounds."""
    count: int = session.execute(
        text("""
            SELECT count(*) FROM member_orders o
            JOIN rounds r ON r.id = o.round_id AND r.status = 'open'
            JOIN order_lines l ON l.order_id = o.id
            WHERE o.person_id = :person_id AND o.status = 'cart'
        """),
        {"person_id": actor.person_id},
    ).scalar_one()
    return count


def waiting_count(session: Session, actor: Actor) -> int:
    """How many orders of the actor's firm wait for them, or for those whom they stand in for."""
    count: int = session.execute(
        text(f"SELECT count(*) FROM ({WAITING}) waiting"), principal_parameters(actor)
    ).scalar_one()
    return count


class ListRow(NamedTuple):
    """A list: how many lines can still be ordered, and what they cost at most."""

    id: int
    name: str
    line_count: int
    gone_count: int
    amount: Decimal
    articles: str
    standing: str
    skip_next: bool


def list_rows(session: Session, person_id: int) -> list[ListRow]:
    """A person's lists, by name."""
    rows = session.execute(
        text("""
            SELECT k.id, k.name, count(f.id) FILTER (WHERE f.withdrawn_at IS NULL),
                count(f.id) FILTER (WHERE f.withdrawn_at IS NOT NULL),
                coalesce(sum(round(l.quantity * f.tier_prices[1], 2)) FILTER (WHERE f.withdrawn_at IS NULL), 0),
                coalesce(string_agg(f.name, ' · ' ORDER BY f.name), ''), k.standing, k.skip_next
            FROM order_lists k
            LEFT JOIN order_list_lines l ON l.list_id = k.id
            LEFT JOIN offers f ON f.id = l.offer_id
            WHERE k.person_id = :person_id GROUP BY k.id ORDER BY k.name LIMIT 200
        """),
        {"person_id": person_id},
    )
    return [ListRow(*row) for row in rows]
