"""Supplier orders, their lines and drops, and the allocations of member lines."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import row_as, rows_as
from app.core.errors import NotFound
from app.core.pagination import Page, decode_cursor, page_of


class SupplierOrderRow(NamedTuple):
    """A supplier order in a list."""

    id: int
    number: str
    round_code: str
    supplier_id: int
    supplier_code: str
    supplier: str
    status: str
    amount: Decimal
    list_amount: Decimal
    commission: Decimal
    eco_contribution: Decimal
    delivery_fee: Decimal
    line_count: int
    member_line_count: int
    alert: str | None
    decision: str | None
    minimum_order: Decimal | None
    free_delivery_from: Decimal | None
    version: int
    acknowledged_at: datetime | None
    supplier_reference: str

    @property
    def saved(self) -> Decimal:
        """What the group pays less than at list price."""
        return self.list_amount - self.amount


_SUPPLIER_ORDER_ROWS = """
    SELECT o.id, o.number, r.code AS round_code, o.supplier_id, s.code AS supplier_code, s.name AS supplier,
        o.status, o.amount, o.list_amount, o.commission, o.eco_contribution, o.delivery_fee, o.line_count,
        o.member_line_count, o.alert, c.decision, s.minimum_order, s.free_delivery_from,
        o.version, o.acknowledged_at, o.supplier_reference
    FROM supplier_orders o
    JOIN rounds r ON r.id = o.round_id
    JOIN round_suppliers s ON s.round_id = o.round_id AND s.supplier_id = o.supplier_id
    LEFT JOIN supplier_choices c ON c.round_id = o.round_id AND c.supplier_id = o.supplier_id
    WHERE {where} ORDER BY o.number LIMIT :limit
"""


def list_supplier_orders(session: Session, round_id: int, cursor: str | None, limit: int) -> Page[SupplierOrderRow]:
    """The supplier orders of a round, by number."""
    after = decode_cursor(cursor, str)
    where = "o.round_id = :round_id" + (" AND o.number > :after" if after else "")
    parameters: dict[str, Any] = {"round_id": round_id, "limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_SUPPLIER_ORDER_ROWS.format(where=where)), parameters)
    return page_of(rows_as(SupplierOrderRow, rows), limit, lambda row: (row.number,))


class SetAside(NamedTuple):
    """What was decided about a supplier of a round."""

    supplier_id: int
    supplier: str
    decision: str
    keep_open_until: datetime | None


def suppliers_set_aside(session: Session, round_id: int) -> list[SetAside]:
    """The decisions about suppliers of a round, by supplier; those that order nothing are told here alone."""
    rows = session.execute(
        text("""
            SELECT s.id AS supplier_id, s.name AS supplier, c.decision, c.keep_open_until
            FROM supplier_choices c JOIN suppliers s ON s.id = c.supplier_id
            WHERE c.round_id = :round_id ORDER BY s.name
        """),
        {"round_id": round_id},
    )
    return rows_as(SetAside, rows)


def get_supplier_order(session: Session, number: str) -> SupplierOrderRow:
    """One supplier order. Raises `NotFound`."""
    row = session.execute(
        text(_SUPPLIER_ORDER_ROWS.format(where="o.number = :number")), {"number": number, "limit": 1}
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such supplier order.")
    return row_as(SupplierOrderRow, row)


class SupplierOrderLineRow(NamedTuple):
    """A line of a supplier order, with what members wanted."""

    offer_id: int
    sku: str
    name: str
    pack_size: int
    quantity: int
    packs: int
    unit_price: Decimal
    list_price: Decimal
    amount: Decimal
    commission: Decimal
    vat_rate: Decimal
    wanted: int
    decided_packs: int | None
    confirmed_quantity: int | None
    asked_price: Decimal | None
    answer: str | None
    answer_reason: str
    promised_on: date | None


def list_supplier_order_lines(
    session: Session, supplier_order_id: int, cursor: str | None, limit: int
) -> Page[SupplierOrderLineRow]:
    """The lines of a supplier order, by offer."""
    after = decode_cursor(cursor, int) or (0,)
    rows = session.execute(
        text("""
            SELECT l.offer_id, f.sku, f.name, f.pack_size, l.quantity, l.packs, l.unit_price,
                f.tier_prices[1] AS list_price, l.amount, l.commission, f.vat_rate, coalesce(d.quantity, 0) AS wanted,
                decided.packs AS decided_packs,
                l.confirmed_quantity, l.asked_price, l.answer, l.answer_reason, l.promised_on
            FROM supplier_order_lines l
            JOIN supplier_orders o ON o.id = l.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            LEFT JOIN round_demand d ON d.round_id = o.round_id AND d.offer_id = l.offer_id
            LEFT JOIN pack_decisions decided ON decided.round_id = o.round_id AND decided.offer_id = l.offer_id
            WHERE l.supplier_order_id = :supplier_order_id AND l.offer_id > :after
            ORDER BY l.offer_id LIMIT :limit
        """),
        {"supplier_order_id": supplier_order_id, "after": after[0], "limit": limit + 1},
    )
    return page_of(rows_as(SupplierOrderLineRow, rows), limit, lambda row: (row.offer_id,))


class AllocationRow(NamedTuple):
    """What became of a member line."""

    order_line_id: int
    order_id: int
    order_reference: str
    company: str
    sku: str
    name: str
    wanted: int
    allocated: int
    served: int
    unfilled: int
    reason: str | None
    unit_price: Decimal | None
    amount: Decimal
    commission: Decimal
    offer_id: int


def list_allocations(
    session: Session,
    round_id: int,
    cursor: str | None,
    limit: int,
    *,
    offer_id: int | None = None,
    only_unfilled: bool = False,
) -> Page[AllocationRow]:
    """The allocations of a round, by offer and line; of one offer, or only those left short, if asked."""
    after = decode_cursor(cursor, int, int) or (0, 0)
    conditions = ["round_id = :round_id", "(offer_id, order_line_id) > (:after_offer, :after_line)"]
    parameters = {"round_id": round_id, "after_offer": after[0], "after_line": after[1], "limit": limit + 1}
    if offer_id is not None:
        conditions.append("offer_id = :offer_id")
        parameters["offer_id"] = offer_id
    if only_unfilled:
        conditions.append("served < wanted")
    rows = session.execute(
        text(f"""
            SELECT a.order_line_id, o.id AS order_id, o.reference AS order_reference, c.name AS company, f.sku, f.name,
                a.wanted, a.allocated, a.served, greatest(a.wanted - a.served, 0) AS unfilled,
                a.reason, a.unit_price, a.amount, a.commission, a.offer_id
            FROM (
                SELECT * FROM allocations WHERE {" AND ".join(conditions)}
                ORDER BY offer_id, order_line_id LIMIT :limit
            ) a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            JOIN companies c ON c.id = o.company_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            ORDER BY a.offer_id, a.order_line_id
        """),
        parameters,
    )
    return page_of(rows_as(AllocationRow, rows), limit, lambda row: (row.offer_id, row.order_line_id))
