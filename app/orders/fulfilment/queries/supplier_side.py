"""What a supplier reads of its own orders: nothing of members beyond what delivery needs."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of


class OwnOrderRow(NamedTuple):
    """An order to a supplier, in its own list. Amounts in euros before VAT."""

    number: str
    round: str
    status: str
    sent_at: datetime | None
    updated_at: datetime
    supplier_reference: str
    amount: Decimal
    line_count: int
    first_delivery_on: date | None
    version: int
    id: int


def list_own_orders(
    session: Session,
    supplier_id: int,
    cursor: str | None,
    limit: int,
    *,
    updated_since: datetime | None = None,
    status: str | None = None,
    newest_first: bool = False,
) -> Page[OwnOrderRow]:
    """The orders sent to a supplier, those changed last at the end: a program asks on from where it was.

    `newest_first` turns them round for people.
    """
    conditions = ["o.supplier_id = :supplier_id", "o.sent_at IS NOT NULL"]
    parameters: dict[str, Any] = {"supplier_id": supplier_id, "limit": limit + 1}
    if updated_since is not None:
        conditions.append("o.updated_at >= :since")
        parameters["since"] = updated_since
    if status is not None:
        conditions.append("o.status = :status")
        parameters["status"] = status
    after = decode_cursor(cursor, datetime.fromisoformat, int)
    if after:
        conditions.append(f"(o.updated_at, o.id) {'<' if newest_first else '>'} (:after_at, :after_id)")
        parameters |= {"after_at": after[0], "after_id": after[1]}
    rows = session.execute(
        text(f"""
            SELECT o.number, r.name AS round, o.status, o.sent_at, o.updated_at, o.supplier_reference, o.amount,
                o.line_count,
                (SELECT min(delivery_on) FROM drops d WHERE d.supplier_order_id = o.id) AS first_delivery_on,
                o.version, o.id
            FROM supplier_orders o JOIN rounds r ON r.id = o.round_id
            WHERE {" AND ".join(conditions)}
            ORDER BY {"o.updated_at DESC, o.id DESC" if newest_first else "o.updated_at, o.id"} LIMIT :limit
        """),
        parameters,
    )
    return page_of(rows_as(OwnOrderRow, rows), limit, lambda row: (row.updated_at.isoformat(), row.id))


class OwnLineRow(NamedTuple):
    """A line of such an order: what was ordered, what was answered, what came."""

    sku: str
    name: str
    gtin: str | None
    pack_size: int
    quantity: int
    confirmed_quantity: int | None
    received_quantity: int | None
    served: int
    unit_price: Decimal
    asked_price: Decimal | None
    vat_rate: Decimal
    amount: Decimal
    answer: str | None
    answer_reason: str
    promised_on: date | None
    offer_id: int


def own_lines(session: Session, supplier_order_id: int) -> list[OwnLineRow]:
    """The lines of a supplier order, by SKU."""
    rows = session.execute(
        text("""
            SELECT f.sku, f.name, f.gtin, f.pack_size, l.quantity, l.confirmed_quantity, l.received_quantity,
                l.served, l.unit_price, l.asked_price, f.vat_rate, l.amount, l.answer, l.answer_reason,
                l.promised_on, l.offer_id
            FROM supplier_order_lines l
            JOIN supplier_orders o ON o.id = l.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            WHERE l.supplier_order_id = :id ORDER BY f.sku
        """),
        {"id": supplier_order_id},
    )
    return rows_as(OwnLineRow, rows)


class OwnDropRow(NamedTuple):
    """Where goods of an order go, and when; `units` by SKU as agreed by now."""

    park: str
    park_name: str
    street: str
    postal_code: str
    city: str
    delivery_on: date
    received_at: datetime | None
    units: dict[str, int]
    id: int


def own_drops(session: Session, supplier_order_id: int) -> list[OwnDropRow]:
    """The deliveries of a supplier order, by park."""
    rows = session.execute(
        text("""
            SELECT k.code AS park, k.name AS park_name, k.street, k.postal_code, k.city, d.delivery_on, d.received_at,
                jsonb_object_agg(goods.sku, goods.units) AS units, d.id
            FROM drops d
            JOIN supplier_orders so ON so.id = d.supplier_order_id
            JOIN round_parks k ON k.round_id = so.round_id AND k.park_id = d.park_id
            JOIN LATERAL (
                SELECT f.sku, sum(coalesce(a.confirmed_quantity, a.allocated)) AS units
                FROM allocations a
                JOIN order_lines l ON l.id = a.order_line_id
                JOIN member_orders o ON o.id = l.order_id AND o.park_id = d.park_id
                JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
                WHERE a.supplier_order_id = d.supplier_order_id
                GROUP BY f.sku
            ) goods ON true
            WHERE d.supplier_order_id = :id
            GROUP BY d.id, k.round_id, k.park_id ORDER BY k.code
        """),
        {"id": supplier_order_id},
    )
    return rows_as(OwnDropRow, rows)


class AdviceRow(NamedTuple):
    """A despatch advice."""

    number: str
    park: str
    carrier: str
    tracking: str
    expected_on: date
    advised_at: datetime
    lines: dict[str, int]
    sscc: list[str]


def own_advices(session: Session, supplier_order_id: int) -> list[AdviceRow]:
    """The despatch advices of a supplier order, in the order they came."""
    rows = session.execute(
        text("""
            SELECT v.number, k.code AS park, v.carrier, v.tracking, v.expected_on, v.advised_at,
                (SELECT jsonb_object_agg(f.sku, n.quantity) FROM despatch_lines n
                 JOIN round_offers f ON f.round_id = so.round_id AND f.offer_id = n.offer_id
                 WHERE n.advice_id = v.id) AS lines,
                (SELECT coalesce(array_agg(p.sscc ORDER BY p.sscc), '{}') FROM despatch_parcels p
                 WHERE p.advice_id = v.id) AS sscc
            FROM despatch_advices v
            JOIN supplier_orders so ON so.id = v.supplier_order_id
            JOIN drops d ON d.id = v.drop_id
            JOIN round_parks k ON k.round_id = so.round_id AND k.park_id = d.park_id
            WHERE v.supplier_order_id = :id ORDER BY v.id
        """),
        {"id": supplier_order_id},
    )
    return rows_as(AdviceRow, rows)


class ToCome(NamedTuple):
    """Units of an offer that neither came nor are on their way."""

    offer_id: int
    units: int


def still_to_come(session: Session, supplier_order_id: int) -> dict[int, dict[str, ToCome]]:
    """What is still to leave for each drop, by SKU; drops and articles of which nothing is are left out."""
    rows = session.execute(
        text("""
            SELECT d.id AS drop_id, f.sku, f.offer_id, sum(a.served) - coalesce(max(advised.units), 0) AS units
            FROM drops d
            JOIN allocations a ON a.supplier_order_id = d.supplier_order_id AND a.received_quantity IS NULL
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id AND o.park_id = d.park_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            LEFT JOIN (
                SELECT v.drop_id, n.offer_id, sum(n.quantity) AS units
                FROM despatch_lines n JOIN despatch_advices v ON v.id = n.advice_id
                WHERE v.supplier_order_id = :id GROUP BY v.drop_id, n.offer_id
            ) advised ON advised.drop_id = d.id AND advised.offer_id = f.offer_id
            WHERE d.supplier_order_id = :id
            GROUP BY d.id, f.round_id, f.offer_id HAVING sum(a.served) > coalesce(max(advised.units), 0)
            ORDER BY d.id, f.sku
        """),
        {"id": supplier_order_id},
    )
    found: dict[int, dict[str, ToCome]] = {}
    for row in rows:
        found.setdefault(row.drop_id, {})[row.sku] = ToCome(row.offer_id, row.units)
    return found
