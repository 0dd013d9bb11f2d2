"""What the screens and lists of the main loop read: one statement a question, every list paged by its key."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session, col

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import clock
from app.core.errors import NotFound
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.consolidation import PriceTier, Terms, missing_to_full_pack
from app.orders.models import Round, RoundStatus


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


@dataclass(frozen=True)
class Progress:
    """Where the group stands on an offer: what is wanted, the price it gives, and what the next tier takes."""

    wanted: int
    price_now: Decimal
    list_price: Decimal
    next_tier: PriceTier | None
    missing_to_pack: int

    @property
    def missing_to_next(self) -> int:
        """Units until the next tier."""
        return self.next_tier.from_quantity - self.wanted if self.next_tier else 0

    @property
    def percent_to_next(self) -> int:
        """How much of the way to the next tier is gone, 0 to 100."""
        return 100 if self.next_tier is None else self.wanted * 100 // self.next_tier.from_quantity


def progress_on(terms: Terms, wanted: int) -> Progress:
    """The group's progress on an offer that it wants `wanted` units of."""
    price = terms.price_at(wanted) or terms.tiers[0].unit_price
    next_tier = next((t for t in terms.tiers if t.from_quantity > wanted and t.unit_price != price), None)
    missing = missing_to_full_pack(wanted, terms.pack_size)
    return Progress(wanted, price, terms.tiers[0].unit_price, next_tier, missing)


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


class OrderRow(NamedTuple):
    """A member order in a list."""

    id: int
    reference: str
    round_code: str
    round_name: str
    company: str
    person: str
    status: str
    placed_at: datetime | None
    line_count: int
    amount: Decimal
    company_reference: str
    version: int


_ORDER_ROWS = """
    SELECT o.id, o.reference, r.code, r.name, c.name, p.name, o.status, o.placed_at, sums.lines, sums.amount,
        o.company_reference, o.version
    FROM ({orders}) o
    JOIN rounds r ON r.id = o.round_id JOIN companies c ON c.id = o.company_id JOIN people p ON p.id = o.person_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS lines, coalesce(sum(round(quantity * ceiling_price, 2)), 0) AS amount
        FROM order_lines WHERE order_id = o.id
    ) sums
    ORDER BY o.id DESC
"""


def list_orders(
    session: Session,
    actor: Actor,
    cursor: str | None,
    limit: int,
    *,
    round_id: int | None = None,
    of_company: bool = False,
) -> Page[OrderRow]:
    """Placed orders, the newest first: one's own, the company's for its approver, a round's for the association."""
    conditions, parameters = ["status <> 'cart'"], {"limit": limit + 1}
    if round_id is not None:
        actor.require(Permission.MANAGE_ROUNDS)
        conditions.append("round_id = :round_id")
        parameters["round_id"] = round_id
    elif of_company:
        actor.require(Permission.APPROVE_COMPANY_ORDERS)
        conditions.append("company_id = :company_id")
        parameters["company_id"] = actor.require_company()
    else:
        conditions.append("person_id = :person_id")
        parameters["person_id"] = actor.require_person()
    after = decode_cursor(cursor, int)
    if after:
        conditions.append("id < :after")
        parameters["after"] = after[0]
    orders = f"SELECT * FROM member_orders WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT :limit"
    rows = session.execute(text(_ORDER_ROWS.format(orders=orders)), parameters)
    return page_of([OrderRow(*row) for row in rows], limit, lambda row: (row.id,))


def list_waiting(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[OrderRow]:
    """The company's orders whose next step this approver may decide, the oldest first to be cut off at the end."""
    actor.require(Permission.APPROVE_COMPANY_ORDERS)
    after = decode_cursor(cursor, int)
    orders = f"""
        SELECT m.* FROM member_orders m
        JOIN LATERAL (
            SELECT approver_id FROM order_approvals a
            WHERE a.order_id = m.id AND a.decided_at IS NULL ORDER BY step LIMIT 1
        ) next ON next.approver_id IS NULL OR next.approver_id = :person_id
        WHERE m.company_id = :company_id AND m.status = 'awaiting_approval' AND m.person_id <> :person_id
        {"AND m.id < :after" if after else ""}
        ORDER BY m.id DESC LIMIT :limit
    """
    parameters = {"company_id": actor.require_company(), "person_id": actor.require_person(), "limit": limit + 1}
    if after:
        parameters["after"] = after[0]
    rows = session.execute(text(_ORDER_ROWS.format(orders=orders)), parameters)
    return page_of([OrderRow(*row) for row in rows], limit, lambda row: (row.id,))


class OrderLineRow(NamedTuple):
    """A line of an order, with what became of it."""

    id: int
    offer_id: int
    product_id: int
    supplier: str
    sku: str
    name: str
    unit: str
    quantity: int
    tolerance: int
    ceiling_price: Decimal
    if_unfilled: str
    excluded_because: str | None
    pack_size: int
    min_quantity: int
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    group_quantity: int
    allocated: int | None
    unfilled: int | None
    reason: str | None
    unit_price: Decimal | None
    amount: Decimal | None

    @property
    def progress(self) -> Progress:
        """Where the group stands on the line's offer."""
        tiers = tuple(map(PriceTier, self.tier_quantities, self.tier_prices))
        return progress_on(Terms(self.pack_size, self.min_quantity, tiers), self.group_quantity)


_ORDER_LINES = """
    SELECT l.id, l.offer_id, f.product_id, s.name, f.sku, f.name, p.unit, l.quantity, l.tolerance, l.ceiling_price,
        l.if_unfilled, l.excluded_because, f.pack_size, f.min_quantity, f.tier_quantities, f.tier_prices,
        coalesce(d.quantity, 0), a.allocated, a.unfilled, a.reason, a.unit_price, a.amount
    FROM order_lines l
    JOIN member_orders o ON o.id = l.order_id
    JOIN offers f ON f.id = l.offer_id
    JOIN products p ON p.id = f.product_id
    JOIN suppliers s ON s.id = f.supplier_id
    LEFT JOIN round_demand d ON d.round_id = o.round_id AND d.offer_id = l.offer_id
    LEFT JOIN allocations a ON a.order_line_id = l.id
    WHERE l.order_id = :order_id {after}
    ORDER BY l.id LIMIT :limit
"""


def list_order_lines(session: Session, order_id: int, cursor: str | None, limit: int) -> Page[OrderLineRow]:
    """The lines of an order."""
    after = decode_cursor(cursor, int)
    parameters = {"order_id": order_id, "limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_ORDER_LINES.format(after="AND l.id > :after" if after else "")), parameters)
    return page_of([OrderLineRow(*row) for row in rows], limit, lambda row: (row.id,))


class ApprovalRow(NamedTuple):
    """A step of an order's approval."""

    step: int
    because: str
    approver: str | None
    decided_by: str | None
    decided_at: datetime | None
    approved: bool | None
    comment: str


def approvals_of(session: Session, order_id: int) -> list[ApprovalRow]:
    """The steps of an order, in their order."""
    rows = session.execute(
        text("""
            SELECT a.step, a.because, asked.name, decider.name, a.decided_at, a.approved, a.comment
            FROM order_approvals a
            LEFT JOIN people asked ON asked.id = a.approver_id
            LEFT JOIN people decider ON decider.id = a.decided_by_id
            WHERE a.order_id = :order_id ORDER BY a.step
        """),
        {"order_id": order_id},
    )
    return [ApprovalRow(*row) for row in rows]


def get_order_row(session: Session, order_id: int) -> OrderRow:
    """One order as lists show it."""
    orders = "SELECT * FROM member_orders WHERE id = :order_id"
    row = session.execute(text(_ORDER_ROWS.format(orders=orders)), {"order_id": order_id}).one()
    return OrderRow(*row)


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

    @property
    def saved(self) -> Decimal:
        """What the group pays less than at list price."""
        return self.list_amount - self.amount


_SUPPLIER_ORDER_ROWS = """
    SELECT o.id, o.number, r.code, s.id, s.code, s.name, o.status, o.amount, o.list_amount, o.commission,
        o.eco_contribution, o.delivery_fee, o.line_count, o.member_line_count, o.alert, c.decision, s.minimum_order,
        s.free_delivery_from, o.version
    FROM supplier_orders o
    JOIN rounds r ON r.id = o.round_id
    JOIN suppliers s ON s.id = o.supplier_id
    LEFT JOIN supplier_choices c ON c.round_id = o.round_id AND c.supplier_id = o.supplier_id
    WHERE {where} ORDER BY o.number LIMIT :limit
"""


def list_supplier_orders(session: Session, round_id: int, cursor: str | None, limit: int) -> Page[SupplierOrderRow]:
    """The supplier orders of a round, by number."""
    after = decode_cursor(cursor, str)
    where = "o.round_id = :round_id" + (" AND o.number > :after" if after else "")
    parameters: dict[str, Any] = {"round_id": round_id, "limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_SUPPLIER_ORDER_ROWS.format(where=where)), parameters)
    return page_of([SupplierOrderRow(*row) for row in rows], limit, lambda row: (row.number,))


def get_supplier_order(session: Session, number: str) -> SupplierOrderRow:
    """One supplier order. Raises `NotFound`."""
    row = session.execute(
        text(_SUPPLIER_ORDER_ROWS.format(where="o.number = :number")), {"number": number, "limit": 1}
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such supplier order.")
    return SupplierOrderRow(*row)


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


def list_supplier_order_lines(
    session: Session, supplier_order_id: int, cursor: str | None, limit: int
) -> Page[SupplierOrderLineRow]:
    """The lines of a supplier order, by offer."""
    after = decode_cursor(cursor, int) or (0,)
    rows = session.execute(
        text("""
            SELECT l.offer_id, f.sku, f.name, f.pack_size, l.quantity, l.packs, l.unit_price, f.tier_prices[1],
                l.amount, l.commission, f.vat_rate, coalesce(d.quantity, 0), decided.packs
            FROM supplier_order_lines l
            JOIN supplier_orders o ON o.id = l.supplier_order_id
            JOIN offers f ON f.id = l.offer_id
            LEFT JOIN round_demand d ON d.round_id = o.round_id AND d.offer_id = l.offer_id
            LEFT JOIN pack_decisions decided ON decided.round_id = o.round_id AND decided.offer_id = l.offer_id
            WHERE l.supplier_order_id = :supplier_order_id AND l.offer_id > :after
            ORDER BY l.offer_id LIMIT :limit
        """),
        {"supplier_order_id": supplier_order_id, "after": after[0], "limit": limit + 1},
    )
    return page_of([SupplierOrderLineRow(*row) for row in rows], limit, lambda row: (row.offer_id,))


class DropRow(NamedTuple):
    """A delivery of a supplier order to a park."""

    id: int
    park: str
    delivery_on: date
    line_count: int
    unit_count: int


def drops_of(session: Session, supplier_order_id: int) -> list[DropRow]:
    """The drops of a supplier order, by park."""
    rows = session.execute(
        text("""
            SELECT d.id, p.name, d.delivery_on, count(l.offer_id), coalesce(sum(l.quantity), 0)
            FROM drops d JOIN parks p ON p.id = d.park_id LEFT JOIN drop_lines l ON l.drop_id = d.id
            WHERE d.supplier_order_id = :supplier_order_id GROUP BY d.id, p.name ORDER BY p.name
        """),
        {"supplier_order_id": supplier_order_id},
    )
    return [DropRow(*row) for row in rows]


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
    unfilled: int
    reason: str | None
    unit_price: Decimal | None
    amount: Decimal
    commission: Decimal


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
        conditions.append("unfilled > 0")
    rows = session.execute(
        text(f"""
            SELECT a.order_line_id, o.id, o.reference, c.name, f.sku, f.name, a.wanted, a.allocated, a.unfilled,
                a.reason, a.unit_price, a.amount, a.commission, a.offer_id
            FROM (
                SELECT * FROM allocations WHERE {" AND ".join(conditions)}
                ORDER BY offer_id, order_line_id LIMIT :limit
            ) a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            JOIN companies c ON c.id = o.company_id
            JOIN offers f ON f.id = a.offer_id
            ORDER BY a.offer_id, a.order_line_id
        """),
        parameters,
    ).all()
    page = page_of(rows, limit, lambda row: (row.offer_id, row.order_line_id))
    return Page([AllocationRow(*row[:-1]) for row in page.items], page.next_cursor)


class BudgetRow(NamedTuple):
    """A budget of a month, and what is left of it."""

    id: int
    cost_centre_id: int | None
    cost_centre: str | None
    month: date
    amount: Decimal
    committed: Decimal

    @property
    def left(self) -> Decimal:
        """What may still be ordered, in euros before VAT."""
        return self.amount - self.committed


def list_budgets(session: Session, company_id: int) -> list[BudgetRow]:
    """A company's budgets, the newest month first."""
    rows = session.execute(
        text("""
            SELECT b.id, b.cost_centre_id, c.name, b.month, b.amount, b.committed
            FROM budgets b LEFT JOIN cost_centres c ON c.id = b.cost_centre_id
            WHERE b.company_id = :company_id ORDER BY b.month DESC, c.name NULLS FIRST LIMIT 200
        """),
        {"company_id": company_id},
    )
    return [BudgetRow(*row) for row in rows]


def cart_id_of(session: Session, person_id: int, round_id: int) -> int | None:
    """The person's cart in a round, if they have one."""
    found: int | None = session.scalar(
        text("SELECT id FROM member_orders WHERE person_id = :person_id AND round_id = :round_id AND status = 'cart'"),
        {"person_id": person_id, "round_id": round_id},
    )
    return found


def approval_names(session: Session, round_id: int) -> list[str]:
    """Who approved a round so far."""
    return list(
        session.scalars(
            text("SELECT approver FROM round_approvals WHERE round_id = :round_id ORDER BY approved_at"),
            {"round_id": round_id},
        )
    )
