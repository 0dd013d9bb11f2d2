"""Orders carried over: what one round could not serve is placed again in another, as successors of the old orders.

A successor is reserved, limited and approved like a new order; what cannot be granted at once waits.
"""

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text, update
from sqlmodel import Session, col, select

from app.core import jobs
from app.core.database import rows_as
from app.orders.ordering import budgets
from app.orders.ordering.approval_rules import OVER_BUDGET, OrderFacts, RequiredStep, required_steps
from app.orders.ordering.approval_settings import step_rule
from app.orders.ordering.demand import recount_demand
from app.orders.ordering.models.company import ApprovalRule, OrderApproval
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus
from app.orders.ordering.states import ORDER_LIFE, OrderEvent
from app.orders.outbox import ASK_APPROVERS


class _Carried(NamedTuple):
    """An order of which lines are carried: the most that they may cost, and what rules look at."""

    order_id: int
    company_id: int
    cost_centre_id: int | None
    waited: bool
    amount: Decimal
    sku_count: int
    category_ids: list[int]
    order_limit: Decimal | None

    @property
    def facts(self) -> OrderFacts:
        over_limit = self.order_limit is not None and self.amount > self.order_limit
        return OrderFacts(self.amount, self.sku_count, frozenset(self.category_ids), over_limit)


# What is carried: made by the caller as the temporary table `carried`.
_FACTS = """
    SELECT o.id AS order_id, o.company_id, o.cost_centre_id, bool_or(c.waited) AS waited,
        sum(round((c.quantity + c.tolerance) * l.ceiling_price, 2)) AS amount, count(*) AS sku_count,
        array_agg(DISTINCT p.category_id) AS category_ids, w.order_limit
    FROM carried c
    JOIN order_lines l ON l.id = c.line_id
    JOIN member_orders o ON o.id = c.order_id
    JOIN people w ON w.id = o.person_id
    JOIN offers f ON f.id = l.offer_id
    JOIN products p ON p.id = f.product_id
    GROUP BY o.id, w.id ORDER BY o.id
"""
# An order may have several successors in a round, as suppliers answer one after the other: they are numbered.
_ORDERS = """
    INSERT INTO member_orders (reference, round_id, company_id, person_id, park_id, status, placed_at,
        company_reference, cost_centre_id, rolled_over_from_id, version)
    SELECT split_part(o.reference, '>', 1) || '>' || :code || '-' || o.id
            || CASE WHEN before.count > 0 THEN '.' || before.count + 1 ELSE '' END,
        :target, o.company_id, o.person_id, o.park_id, n.status, o.placed_at, o.company_reference, o.cost_centre_id,
        o.id, 1
    FROM unnest(CAST(:orders AS int[]), CAST(:statuses AS text[])) AS n (order_id, status)
    JOIN member_orders o ON o.id = n.order_id
    CROSS JOIN LATERAL (
        SELECT count(*) FROM member_orders s WHERE s.rolled_over_from_id = o.id AND s.round_id = :target
    ) before
    ORDER BY o.id
    RETURNING id, rolled_over_from_id
"""
_LINES = """
    INSERT INTO order_lines (order_id, offer_id, quantity, tolerance, ceiling_price, if_unfilled,
        accepts_equivalents, rolled_over_from_id)
    SELECT n.successor_id, l.offer_id, c.quantity, c.tolerance, l.ceiling_price, l.if_unfilled,
        l.accepts_equivalents, l.id
    FROM carried c
    JOIN order_lines l ON l.id = c.line_id
    JOIN unnest(CAST(:orders AS int[]), CAST(:successors AS int[])) AS n (order_id, successor_id)
        ON n.order_id = c.order_id
    ORDER BY l.id
    RETURNING 1
"""
_STEPS = """
    INSERT INTO order_approvals (order_id, step, approver_id, because, comment)
    SELECT order_id, step, approver_id, because, ''
    FROM unnest(CAST(:orders AS int[]), CAST(:steps AS int[]), CAST(:approvers AS int[]), CAST(:reasons AS text[]))
        AS n (order_id, step, approver_id, because)
"""


def place_successors(session: Session, round_id: int, round_code: str) -> int:
    """Place the lines of the temporary table `carried` (line_id, order_id, quantity, tolerance, waited) in a round.

    They keep their ceilings, hold their budgets and count in the demand; orders that the firm's rules, a limit or a
    budget stop wait, and those who decide are told. Returns the number of lines.
    """
    carried = rows_as(_Carried, session.execute(text(_FACTS)))
    if not carried:
        return 0
    claims = [budgets.Claim(one.order_id, one.company_id, one.cost_centre_id, one.amount) for one in carried]
    held, beyond = budgets.fitting(session, claims)
    steps = _steps_of(session, carried, beyond)
    waiting = [order_id for order_id, asked in steps.items() if asked]
    placed = session.execute(
        text(_ORDERS),
        {
            "target": round_id,
            "code": round_code,
            "orders": list(steps),
            "statuses": [OrderStatus.AWAITING_APPROVAL if asked else OrderStatus.APPROVED for asked in steps.values()],
        },
    )
    successors = {row.rolled_over_from_id: row.id for row in placed}
    columns = {"orders": list(successors), "successors": list(successors.values())}
    lines = len(session.execute(text(_LINES), columns).all())
    asked_of = [(successors[order_id], step) for order_id, asked in steps.items() for step in asked]
    if asked_of:
        session.execute(
            text(_STEPS),
            {
                "orders": [successor for successor, _step in asked_of],
                "steps": [step.step for _successor, step in asked_of],
                "approvers": [step.approver_id for _successor, step in asked_of],
                "reasons": [step.because for _successor, step in asked_of],
            },
        )
    budgets.hold(session, [one._replace(order_id=successors[one.order_id]) for one in held])
    recount_demand(session, round_id)
    jobs.defer_many(session, ASK_APPROVERS, [{"order_id": successors[order_id]} for order_id in waiting])
    return lines


def _steps_of(
    session: Session, carried: Sequence[_Carried], beyond_budget: Collection[int]
) -> Mapping[int, list[RequiredStep]]:
    """The steps of each successor: those still open of an order that waited, else those of a new order; and one more
    where a budget of the firm does not reach."""
    rules: dict[int, list[ApprovalRule]] = {}
    companies = {one.company_id for one in carried}
    for rule in session.exec(select(ApprovalRule).where(col(ApprovalRule.company_id).in_(companies))):
        rules.setdefault(rule.company_id, []).append(rule)
    still_open: dict[int, list[RequiredStep]] = {}
    undecided = (
        select(OrderApproval)
        .where(
            col(OrderApproval.order_id).in_([one.order_id for one in carried if one.waited]),
            col(OrderApproval.decided_at).is_(None),
        )
        .order_by(col(OrderApproval.order_id), col(OrderApproval.step))
    )
    for step in session.exec(undecided):
        still_open.setdefault(step.order_id, []).append(RequiredStep(step.step, step.approver_id, step.because))
    found: dict[int, list[RequiredStep]] = {}
    for one in carried:
        steps = still_open.get(one.order_id) or required_steps(
            one.facts, [step_rule(rule) for rule in rules.get(one.company_id, ())]
        )
        if one.order_id in beyond_budget:
            steps = [*steps, RequiredStep(max((step.step for step in steps), default=0) + 1, None, OVER_BUDGET)]
        found[one.order_id] = steps
    return found


def roll_over_orders(session: Session, round_id: int, *statuses: OrderStatus) -> None:
    """Let the placed orders of a round (those in some states, if named) wait for a next one; their budgets are free."""
    change_orders(session, round_id, OrderEvent.ROLL_OVER, statuses)
    budgets.release_rolled_over_budgets(session, round_id)


def change_orders(session: Session, round_id: int, event: OrderEvent, statuses: Collection[OrderStatus] = ()) -> None:
    """Let an event happen to the orders of a round that are in a state for it (among some states, if named)."""
    [after] = {reached for row in ORDER_LIFE.transitions if row.event is event for reached in row.after}
    before = [status for status in ORDER_LIFE.before(event) if status in (statuses or OrderStatus)]
    session.execute(
        update(MemberOrder)
        .where(col(MemberOrder.round_id) == round_id, col(MemberOrder.status).in_(before))
        .values(status=after, version=MemberOrder.version + 1)
    )
