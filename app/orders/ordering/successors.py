"""Orders carried over: what one round could not serve is placed again in another, as successors of the old lines."""

import sqlalchemy as sa
from sqlalchemy import text, update
from sqlmodel import Session, col

from app.orders.ordering import budgets
from app.orders.ordering.demand import recount_demand
from app.orders.ordering.models.member_orders import MemberOrder, OrderLine, OrderStatus

# What is carried: made by the caller as the temporary table `carried`.
_ORDERS = """
    INSERT INTO member_orders (reference, round_id, company_id, person_id, park_id, status, placed_at,
        company_reference, cost_centre_id, rolled_over_from_id, version)
    SELECT split_part(o.reference, '>', 1) || '>' || :code || '-' || o.id, :target, o.company_id,
        o.person_id, o.park_id, c.status, o.placed_at, o.company_reference, o.cost_centre_id, o.id, 1
    FROM (SELECT order_id, min(status) AS status FROM carried GROUP BY order_id) c
    JOIN member_orders o ON o.id = c.order_id
    WHERE NOT EXISTS (SELECT FROM member_orders s WHERE s.rolled_over_from_id = o.id AND s.round_id = :target)
    ORDER BY o.id
"""
_LINES = """
    INSERT INTO order_lines (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled,
        accepts_equivalents, rolled_over_from_id)
    SELECT successor.id, l.offer_id, c.quantity, c.tolerance, l.ceiling_price, l.if_unfilled,
        l.accepts_equivalents, l.id
    FROM carried c
    JOIN order_lines l ON l.id = c.line_id
    JOIN member_orders successor ON successor.rolled_over_from_id = c.order_id AND successor.round_id = :target
    ORDER BY l.id
    RETURNING order_id
"""
_APPROVALS = """
    INSERT INTO order_approvals (order_id, step, approver_id, because, comment)
    SELECT successor.id, a.step, a.approver_id, a.because, ''
    FROM order_approvals a
    JOIN member_orders successor ON successor.rolled_over_from_id = a.order_id
    WHERE successor.round_id = :target AND a.decided_at IS NULL
    ON CONFLICT DO NOTHING
"""


def place_successors(session: Session, round_id: int, round_code: str) -> int:
    """Place the lines of the temporary table `carried` (line_id, order_id, quantity, tolerance, status) in a round.

    They keep their ceilings, hold their budgets and count in the demand. Returns the number of lines.
    """
    target = {"target": round_id}
    session.execute(text(_ORDERS), target | {"code": round_code})
    orders = session.scalars(text(_LINES), target).all()
    session.execute(text(_APPROVALS), target)
    if orders:
        budgets.reserve_carried(session, sorted(set(orders)))
        recount_demand(session, round_id)
    return len(orders)


def roll_over_orders(session: Session, round_id: int, *statuses: OrderStatus) -> None:
    """Let the orders of a round that are in these states wait for a next one; their budgets are free again."""
    change_orders(session, round_id, statuses, OrderStatus.ROLLED_OVER)
    budgets.release_rolled_over_budgets(session, round_id)


def change_orders(session: Session, round_id: int, before: tuple[OrderStatus, ...], after: OrderStatus) -> None:
    """Move the orders of a round that are in some states into another."""
    session.execute(
        update(MemberOrder)
        .where(col(MemberOrder.round_id) == round_id, col(MemberOrder.status).in_(before))
        .values(status=after, version=MemberOrder.version + 1)
    )


def add_units(session: Session, units_by_line: dict[int, int]) -> None:
    """Let placed lines want more: what their predecessors lost after all. Recounts the demand of their rounds."""
    if not units_by_line:
        return
    session.execute(
        text("""
            UPDATE order_lines l SET quantity = l.quantity + n.units
            FROM unnest(CAST(:lines AS int[]), CAST(:units AS int[])) AS n (line, units) WHERE l.id = n.line
        """),
        {"lines": list(units_by_line), "units": list(units_by_line.values())},
    )
    rounds = session.scalars(
        sa.select(col(MemberOrder.round_id))
        .join(OrderLine, col(OrderLine.order_id) == MemberOrder.id)
        .where(col(OrderLine.id).in_(units_by_line))
        .distinct()
    )
    for round_id in sorted(rounds):
        recount_demand(session, round_id)
