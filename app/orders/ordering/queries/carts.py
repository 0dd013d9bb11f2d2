"""Carts and lists: how many lines wait in them, and what lists hold."""

from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.core import clock
from app.core.database import rows_as
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.ordering.queries.deputies import WAITING, principal_parameters
from app.orders.rounds.models import RoundStatus

_OPEN_CARTS = {"open": RoundStatus.OPEN, "cart": OrderStatus.CART}


def cart_line_count(session: Session, actor: Actor) -> int:
    """How many lines stand in the actor's carts of open rounds."""
    count: int = session.execute(
        text("""
            SELECT count(*) FROM member_orders o
            JOIN rounds r ON r.id = o.round_id AND r.status = :open
            JOIN order_lines l ON l.order_id = o.id
            WHERE o.person_id = :person_id AND o.status = :cart
        """),
        {"person_id": actor.person_id} | _OPEN_CARTS,
    ).scalar_one()
    return count


def waiting_count(session: Session, actor: Actor) -> int:
    """How many orders of the actor's firm wait for them, or for those whom they stand in for."""
    count: int = session.execute(
        text(f"SELECT count(*) FROM ({WAITING}) waiting"), principal_parameters(actor)
    ).scalar_one()
    return count


class CartRow(NamedTuple):
    """A cart of an open round: until when, delivered where, and what all its lines cost, in euros before VAT.

    `at_most`: every tolerance taken at its ceiling; `projected`: at the price that the group has reached with it.
    """

    id: int
    version: int
    round_id: int
    round_code: str
    round_name: str
    closes_at: datetime
    park: str
    delivery_on: date | None
    line_count: int
    at_most: Decimal
    projected: Decimal
    category_ids: list[int]


def list_carts(session: Session, actor: Actor) -> list[CartRow]:
    """The actor's carts that hold something, the first cut-off first."""
    rows = session.execute(
        text("""
            SELECT o.id, o.version, r.id AS round_id, r.code AS round_code, r.name AS round_name, r.closes_at,
                k.name AS park, d.delivery_on, sums.lines AS line_count, sums.at_most, sums.projected,
                sums.categories AS category_ids
            FROM member_orders o
            JOIN rounds r ON r.id = o.round_id AND r.status = :open AND r.opens_at <= :now AND r.closes_at > :now
            JOIN parks k ON k.id = o.park_id
            LEFT JOIN round_deliveries d ON d.round_id = r.id AND d.park_id = o.park_id
            CROSS JOIN LATERAL (
                SELECT count(*) AS lines, sum(round((l.quantity + l.tolerance) * l.ceiling_price, 2)) AS at_most,
                    sum(round(l.quantity * coalesce(reached.price, f.tier_prices[1]), 2)) AS projected,
                    array_agg(DISTINCT p.category_id) AS categories
                FROM order_lines l
                JOIN offers f ON f.id = l.offer_id
                JOIN products p ON p.id = f.product_id
                LEFT JOIN round_demand w ON w.round_id = o.round_id AND w.offer_id = l.offer_id
                LEFT JOIN LATERAL (
                    SELECT t.price FROM unnest(f.tier_quantities, f.tier_prices) AS t (quantity, price)
                    WHERE t.quantity <= coalesce(w.quantity, 0) + l.quantity ORDER BY t.quantity DESC LIMIT 1
                ) reached ON true
                WHERE l.order_id = o.id
            ) sums
            WHERE o.person_id = :person_id AND o.status = :cart AND sums.lines > 0
            ORDER BY r.closes_at, o.id
        """),
        {"person_id": actor.require_person(), "now": clock.now()} | _OPEN_CARTS,
    )
    return rows_as(CartRow, rows)


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
            SELECT k.id, k.name, count(f.id) FILTER (WHERE f.withdrawn_at IS NULL) AS line_count,
                count(f.id) FILTER (WHERE f.withdrawn_at IS NOT NULL) AS gone_count,
                coalesce(sum(round(l.quantity * f.tier_prices[1], 2)) FILTER (WHERE f.withdrawn_at IS NULL), 0)
                    AS amount,
                coalesce(string_agg(f.name, ' · ' ORDER BY f.name), '') AS articles, k.standing, k.skip_next
            FROM order_lists k
            LEFT JOIN order_list_lines l ON l.list_id = k.id
            LEFT JOIN offers f ON f.id = l.offer_id
            WHERE k.person_id = :person_id GROUP BY k.id ORDER BY k.name LIMIT 200
        """),
        {"person_id": person_id},
    )
    return rows_as(ListRow, rows)
