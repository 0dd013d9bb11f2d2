"""Member orders in lists and one by one, with their lines and approvals; budgets."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission, Role
from app.catalog.net_content import Measure, telling
from app.catalog.terms import PriceTier, Terms
from app.core.database import row_as, rows_as
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from app.orders.ordering.progress import Progress, progress_on
from app.orders.ordering.queries.deputies import WAITING, principal_parameters, principals_of
from app.orders.rounds.models import RoundStatus


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
    SELECT o.id, o.reference, r.code AS round_code, r.name AS round_name, c.name AS company, p.name AS person,
        o.status, o.placed_at, sums.line_count, sums.amount, o.company_reference, o.version
    FROM ({orders}) o
    JOIN rounds r ON r.id = o.round_id JOIN companies c ON c.id = o.company_id JOIN people p ON p.id = o.person_id
    CROSS JOIN LATERAL (
        SELECT count(*) AS line_count, coalesce(sum(round(quantity * ceiling_price, 2)), 0) AS amount
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
    conditions, parameters = ["status <> :cart"], {"limit": limit + 1, "cart": OrderStatus.CART}
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
    return page_of(rows_as(OrderRow, rows), limit, lambda row: (row.id,))


def list_waiting(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[OrderRow]:
    """The company's orders whose next step this approver, or deputy of one, may decide; the newest first."""
    if not principals_of(session, actor):
        actor.require(Permission.APPROVE_COMPANY_ORDERS)
    after = decode_cursor(cursor, int)
    orders = f"{WAITING} {'AND m.id < :after' if after else ''} ORDER BY m.id DESC LIMIT :limit"
    parameters = principal_parameters(actor) | {"limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_ORDER_ROWS.format(orders=orders)), parameters)
    return page_of(rows_as(OrderRow, rows), limit, lambda row: (row.id,))


def waiting_for_association(session: Session, limit: int) -> list[OrderRow]:
    """Orders of open rounds that nobody else in their firm may approve, those of the first cut-off first."""
    orders = """
        SELECT m.* FROM member_orders m JOIN rounds open ON open.id = m.round_id AND open.status = :open
        WHERE m.status = :awaiting AND NOT EXISTS (
            SELECT FROM people p WHERE p.company_id = m.company_id AND p.active AND :approver = ANY(p.roles)
                AND p.id <> m.person_id
        ) ORDER BY open.closes_at, m.id LIMIT :limit
    """
    parameters = {
        "open": RoundStatus.OPEN,
        "awaiting": OrderStatus.AWAITING_APPROVAL,
        "approver": Role.APPROVER,
        "limit": limit,
    }
    return rows_as(OrderRow, session.execute(text(_ORDER_ROWS.format(orders=orders)), parameters))


class OrderLineRow(NamedTuple):
    """A line of an order, and where the group stands on its offer; amounts in euros before VAT."""

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
    accepts_equivalents: bool
    pack_size: int
    min_quantity: int
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    group_quantity: int
    content: Decimal | None
    content_unit: str | None

    @property
    def measure(self) -> Measure | None:
        """What one sales unit holds, where that says more than the price itself."""
        return telling(self.content, self.content_unit)

    @property
    def progress(self) -> Progress:
        """Where the group stands on the line's offer."""
        tiers = tuple(map(PriceTier, self.tier_quantities, self.tier_prices))
        return progress_on(Terms(self.pack_size, self.min_quantity, tiers), self.group_quantity)


_ORDER_LINES = """
    SELECT l.id, l.offer_id, f.product_id, s.name AS supplier, f.sku, f.name, p.unit, l.quantity, l.tolerance,
        l.ceiling_price, l.if_unfilled, l.accepts_equivalents, f.pack_size, f.min_quantity, f.tier_quantities,
        f.tier_prices, coalesce(d.quantity, 0) AS group_quantity, f.content, f.content_unit
    FROM order_lines l
    JOIN member_orders o ON o.id = l.order_id
    JOIN offers f ON f.id = l.offer_id
    JOIN products p ON p.id = f.product_id
    JOIN suppliers s ON s.id = f.supplier_id
    LEFT JOIN round_demand d ON d.round_id = o.round_id AND d.offer_id = l.offer_id
    WHERE l.order_id = :order_id {after}
    ORDER BY l.id LIMIT :limit
"""


def list_order_lines(session: Session, order_id: int, cursor: str | None, limit: int) -> Page[OrderLineRow]:
    """The lines of an order."""
    after = decode_cursor(cursor, int)
    parameters = {"order_id": order_id, "limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_ORDER_LINES.format(after="AND l.id > :after" if after else "")), parameters)
    return page_of(rows_as(OrderLineRow, rows), limit, lambda row: (row.id,))


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
            SELECT a.step, a.because, asked.name AS approver, decider.name AS decided_by,
                a.decided_at, a.approved, a.comment
            FROM order_approvals a
            LEFT JOIN people asked ON asked.id = a.approver_id
            LEFT JOIN people decider ON decider.id = a.decided_by_id
            WHERE a.order_id = :order_id ORDER BY a.step
        """),
        {"order_id": order_id},
    )
    return rows_as(ApprovalRow, rows)


class CommentRow(NamedTuple):
    """What somebody said about an order."""

    name: str
    said_at: datetime
    words: str


def comments_on(session: Session, order_id: int) -> list[CommentRow]:
    """The comments on an order, the oldest first."""
    rows = session.execute(
        text("""
            SELECT p.name, c.said_at, c.words FROM order_comments c JOIN people p ON p.id = c.person_id
            WHERE c.order_id = :order_id ORDER BY c.id LIMIT 200
        """),
        {"order_id": order_id},
    )
    return rows_as(CommentRow, rows)


def get_order_row(session: Session, order_id: int) -> OrderRow:
    """One order as lists show it."""
    orders = "SELECT * FROM member_orders WHERE id = :order_id"
    row = session.execute(text(_ORDER_ROWS.format(orders=orders)), {"order_id": order_id}).one()
    return row_as(OrderRow, row)


def cart_id_of(session: Session, person_id: int, round_id: int) -> int | None:
    """The person's cart in a round, if they have one."""
    found: int | None = session.scalar(
        text("SELECT id FROM member_orders WHERE person_id = :person_id AND round_id = :round_id AND status = :cart"),
        {"person_id": person_id, "round_id": round_id, "cart": OrderStatus.CART},
    )
    return found


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
            SELECT b.id, b.cost_centre_id, c.name AS cost_centre, b.month, b.amount, b.committed
            FROM budgets b LEFT JOIN cost_centres c ON c.id = b.cost_centre_id
            WHERE b.company_id = :company_id ORDER BY b.month DESC, c.name NULLS FIRST LIMIT 200
        """),
        {"company_id": company_id},
    )
    return rows_as(BudgetRow, rows)


def count_orders_of_companies(session: Session, company_ids: Sequence[int]) -> dict[int, int]:
    """How many orders each of these companies placed; those without any are left out."""
    placed = (
        select(MemberOrder.company_id, func.count().label("orders"))
        .where(col(MemberOrder.company_id).in_(company_ids), col(MemberOrder.status) != OrderStatus.CART)
        .group_by(col(MemberOrder.company_id))
    )
    return {row.company_id: row.orders for row in session.execute(placed)}
