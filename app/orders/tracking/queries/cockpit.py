"""What the manager watches in rounds that are open: each list short, the most pressing first."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.clock import PARIS
from app.core.database import rows_as
from app.orders.consolidation.models.supplier_orders import UNDER_WAY, SupplierOrderStatus
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.models import ROUNDS_BEFORE_SENDING, RoundStatus

SHOWN = 8


class RoundUnderWay(NamedTuple):
    """A round that is not over, with its figures."""

    id: int
    code: str
    name: str
    status: str
    closes_at: datetime
    line_count: int
    alert_count: int
    waiting_count: int


def rounds_under_way(session: Session) -> list[RoundUnderWay]:
    """Rounds between planned and approved, the first cut-off first."""
    rows = session.execute(
        text("""
            SELECT r.id, r.code, r.name, r.status, r.closes_at,
                (SELECT coalesce(sum(line_count), 0) FROM round_demand d WHERE d.round_id = r.id) AS line_count,
                (SELECT count(alert) FROM supplier_orders s WHERE s.round_id = r.id) AS alert_count,
                (SELECT count(*) FROM member_orders o WHERE o.round_id = r.id AND o.status = :awaiting) AS waiting_count
            FROM rounds r WHERE r.status = ANY(:before_sending)
            ORDER BY r.closes_at, r.id LIMIT 20
        """),
        {"awaiting": OrderStatus.AWAITING_APPROVAL, "before_sending": list(ROUNDS_BEFORE_SENDING)},
    )
    return rows_as(RoundUnderWay, rows)


class ToFollowUp(NamedTuple):
    """A sent supplier order that needs the manager: `why` is price_asked, unanswered or to_receive; `due_on` its first
    delivery that has not come."""

    number: str
    supplier: str
    round_name: str
    why: str
    sent_at: datetime
    due_on: date | None


def orders_to_follow_up(session: Session, now: datetime) -> list[ToFollowUp]:
    """Sent orders whose supplier asks another price, has not answered for a day, or should have come; prices first."""
    rows = session.execute(
        text("""
            SELECT o.number, s.name AS supplier, r.name AS round_name, asked.price, o.status, o.sent_at, awaited.due_on
            FROM supplier_orders o
            JOIN rounds r ON r.id = o.round_id AND r.status = :sent_round
            JOIN suppliers s ON s.id = o.supplier_id
            CROSS JOIN LATERAL (
                SELECT EXISTS (SELECT FROM supplier_order_lines l
                    WHERE l.supplier_order_id = o.id AND l.asked_price IS NOT NULL) AS price
            ) asked
            CROSS JOIN LATERAL (
                SELECT min(d.delivery_on) AS due_on FROM drops d
                WHERE d.supplier_order_id = o.id AND d.received_at IS NULL
            ) awaited
            WHERE o.status = ANY(:under_way)
                AND (asked.price OR (o.status = :sent AND o.sent_at <= :a_day_ago) OR awaited.due_on <= :today)
            ORDER BY asked.price DESC, awaited.due_on, o.number LIMIT :shown
        """),
        {
            "today": now.astimezone(PARIS).date(),
            "a_day_ago": now - timedelta(days=1),
            "shown": 3 * SHOWN,
            "sent_round": RoundStatus.SENT,
            "sent": SupplierOrderStatus.SENT,
            "under_way": list(UNDER_WAY),
        },
    )
    return [
        ToFollowUp(row.number, row.supplier, row.round_name, _why(row.price, row.status), row.sent_at, row.due_on)
        for row in rows
    ]


def _why(price_asked: bool, status: str) -> str:
    if price_asked:
        return "price_asked"
    return "unanswered" if status == SupplierOrderStatus.SENT else "to_receive"


class NearTier(NamedTuple):
    """An offer whose group price is about to fall."""

    round_code: str
    product_id: int
    name: str
    supplier: str
    quantity: int
    next_quantity: int
    price_now: Decimal
    next_price: Decimal

    @property
    def missing(self) -> int:
        """Units until the next price."""
        return self.next_quantity - self.quantity

    @property
    def percent(self) -> int:
        """How much of the way is gone."""
        return self.quantity * 100 // self.next_quantity


def tiers_nearly_reached(session: Session, round_ids: list[int], limit: int = SHOWN) -> list[NearTier]:
    """Offers that lack at most a third of their next tier, the nearest first."""
    rows = session.execute(
        text("""
            SELECT r.code AS round_code, f.product_id, f.name, s.name AS supplier, d.quantity,
                next.quantity AS next_quantity, coalesce(now.price, f.tier_prices[1]) AS price_now,
                next.price AS next_price
            FROM round_demand d
            JOIN rounds r ON r.id = d.round_id
            JOIN offers f ON f.id = d.offer_id
            JOIN suppliers s ON s.id = f.supplier_id
            CROSS JOIN LATERAL (
                SELECT t.quantity, t.price FROM unnest(f.tier_quantities, f.tier_prices) AS t (quantity, price)
                WHERE t.quantity > d.quantity ORDER BY t.quantity LIMIT 1
            ) next
            LEFT JOIN LATERAL (
                SELECT t.price FROM unnest(f.tier_quantities, f.tier_prices) AS t (quantity, price)
                WHERE t.quantity <= d.quantity ORDER BY t.quantity DESC LIMIT 1
            ) now ON true
            WHERE d.round_id = ANY(:round_ids) AND d.quantity * 3 >= next.quantity * 2
                AND next.price < coalesce(now.price, f.tier_prices[1])
            ORDER BY d.quantity::numeric / next.quantity DESC, d.offer_id LIMIT :shown
        """),
        {"round_ids": round_ids, "shown": limit},
    )
    return rows_as(NearTier, rows)


class NearPack(NamedTuple):
    """An offer that lacks little to a full pack, more than its members tolerate."""

    round_code: str
    product_id: int
    name: str
    quantity: int
    tolerance: int
    pack_size: int
    missing: int


def packs_nearly_full(session: Session, round_ids: list[int], limit: int = SHOWN) -> list[NearPack]:
    """Offers where members would be left short for want of the fewest units."""
    rows = session.execute(
        text("""
            SELECT r.code AS round_code, f.product_id, f.name, d.quantity, d.tolerance, f.pack_size, pack.missing
            FROM round_demand d
            JOIN rounds r ON r.id = d.round_id
            JOIN offers f ON f.id = d.offer_id AND f.pack_size > 1
            CROSS JOIN LATERAL (SELECT (f.pack_size - d.quantity % f.pack_size) % f.pack_size AS missing) pack
            WHERE d.round_id = ANY(:round_ids) AND d.line_count > 0 AND pack.missing > d.tolerance
            ORDER BY pack.missing - d.tolerance, d.quantity DESC, d.offer_id LIMIT :shown
        """),
        {"round_ids": round_ids, "shown": limit},
    )
    return rows_as(NearPack, rows)


class WithdrawnOffer(NamedTuple):
    """An offer that members want and that its supplier withdrew since, or whose supplier sells no more."""

    round_code: str
    product_id: int
    name: str
    supplier: str
    quantity: int
    line_count: int


def withdrawn_in_demand(session: Session, round_ids: list[int], limit: int = SHOWN) -> list[WithdrawnOffer]:
    """Offers of rounds that are not sent yet of which nobody knows whether they will come, the most wanted first."""
    rows = session.execute(
        text("""
            SELECT r.code AS round_code, f.product_id, f.name, s.name AS supplier, d.quantity, d.line_count
            FROM round_demand d
            JOIN rounds r ON r.id = d.round_id
            JOIN offers f ON f.id = d.offer_id
            JOIN suppliers s ON s.id = f.supplier_id
            WHERE d.round_id = ANY(:round_ids) AND d.line_count > 0 AND (f.withdrawn_at IS NOT NULL OR NOT s.active)
            ORDER BY d.line_count DESC, d.offer_id LIMIT :shown
        """),
        {"round_ids": round_ids, "shown": limit},
    )
    return rows_as(WithdrawnOffer, rows)


class WaitingCompany(NamedTuple):
    """A firm whose orders still wait for its approver."""

    company: str
    round_code: str
    order_count: int
    amount: Decimal
    oldest: datetime


def waiting_by_company(session: Session, round_ids: list[int], limit: int = SHOWN) -> list[WaitingCompany]:
    """Firms with orders that roll over unless somebody approves, the largest amount first."""
    rows = session.execute(
        text("""
            SELECT c.name AS company, r.code AS round_code, count(DISTINCT o.id) AS order_count,
                sum(round(l.quantity * l.ceiling_price, 2)) AS amount, min(o.placed_at) AS oldest
            FROM member_orders o
            JOIN rounds r ON r.id = o.round_id
            JOIN companies c ON c.id = o.company_id
            JOIN order_lines l ON l.order_id = o.id
            WHERE o.round_id = ANY(:round_ids) AND o.status = :awaiting
            GROUP BY c.name, r.code ORDER BY amount DESC LIMIT :shown
        """),
        {"round_ids": round_ids, "shown": limit, "awaiting": OrderStatus.AWAITING_APPROVAL},
    )
    return rows_as(WaitingCompany, rows)


class UnderMinimum(NamedTuple):
    """A supplier whose demand is worth less than its minimum order or free-delivery amount, at list prices."""

    round_code: str
    supplier: str
    amount: Decimal
    minimum_order: Decimal | None
    free_delivery_from: Decimal | None


def suppliers_under_minimum(session: Session, round_ids: list[int], limit: int = SHOWN) -> list[UnderMinimum]:
    """Suppliers that people order from, and not enough."""
    rows = session.execute(
        text("""
            SELECT r.code AS round_code, s.name AS supplier, sum(round(d.quantity * f.tier_prices[1], 2)) AS amount,
                s.minimum_order, s.free_delivery_from
            FROM round_demand d
            JOIN rounds r ON r.id = d.round_id
            JOIN offers f ON f.id = d.offer_id
            JOIN suppliers s ON s.id = f.supplier_id
            WHERE d.round_id = ANY(:round_ids) AND d.line_count > 0
            GROUP BY r.code, s.id
            HAVING sum(round(d.quantity * f.tier_prices[1], 2)) < greatest(s.minimum_order, s.free_delivery_from)
            ORDER BY 3 LIMIT :shown
        """),
        {"round_ids": round_ids, "shown": limit},
    )
    return rows_as(UnderMinimum, rows)
