"""Budgets of a company and of its cost centres, by month: what placed orders may cost at most."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput
from app.core.money import ZERO
from app.orders.ordering.models.company import Budget, BudgetReservation, CostCentre
from app.orders.ordering.models.member_orders import MemberOrder, OrderStatus


class BudgetExceeded(Conflict):
    """An order would cost more than what is left of a budget."""

    default_code = "budget_exceeded"


def set_budget(
    session: Session, actor: Actor, *, month: date, amount: Decimal, cost_centre_id: int | None = None
) -> Budget:
    """Set what the actor's company (or one of its cost centres) may order in a month, in euros before VAT.

    Raises `BudgetExceeded` where placed orders hold more already.
    """
    actor.require(Permission.MANAGE_COMPANY)
    company_id = actor.require_company()
    if amount < 0:
        raise InvalidInput("A budget is not negative.", field="amount")
    if cost_centre_id is not None:
        centre = session.get(CostCentre, cost_centre_id)
        if centre is None or centre.company_id != company_id:
            raise InvalidInput("Your company has no such cost centre.", field="cost_centre_id")
    first = month.replace(day=1)
    budget = session.exec(
        select(Budget)
        .where(
            Budget.company_id == company_id,
            col(Budget.cost_centre_id).is_not_distinct_from(cost_centre_id),
            Budget.month == first,
        )
        .with_for_update()
    ).one_or_none()
    if budget is None:
        budget = Budget(company_id=company_id, cost_centre_id=cost_centre_id, month=first, amount=amount)
        session.add(budget)
    elif budget.committed > amount:
        raise BudgetExceeded(
            "Orders of {committed} € are placed in this month already; a budget is not set below them.",
            field="amount",
            committed=budget.committed,
        )
    budget.amount = amount
    session.flush()
    audit.record(session, actor.label, "budget.set", budget, month=str(first), amount=str(amount))
    return budget


def reserve(session: Session, order: MemberOrder, cost: Decimal) -> None:
    """Hold `cost` (euros before VAT) of every budget that the order falls under, in its month.

    The row locks make concurrent orders wait for each other; the check constraint is the last word.
    Raises `BudgetExceeded`.
    """
    assert order.id is not None
    month = clock.today().replace(day=1)
    budgets = session.exec(
        select(Budget)
        .where(
            Budget.company_id == order.company_id,
            Budget.month == month,
            col(Budget.cost_centre_id).is_(None) | (col(Budget.cost_centre_id) == order.cost_centre_id),
        )
        .order_by(col(Budget.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    for budget in budgets:
        left = budget.amount - budget.committed
        if cost > left:
            raise BudgetExceeded(
                "This order may cost up to {cost} €, and {left} € are left of the budget of {month}."
                " Order less, or ask your approver for a larger budget.",
                cost=cost,
                left=left,
                month=f"{month:%m/%Y}",
            )
        assert budget.id is not None
        budget.committed += cost
        session.add(BudgetReservation(order_id=order.id, budget_id=budget.id, amount=cost))
    session.flush()


class Claim(NamedTuple):
    """What an order would hold of the budgets that it falls under, in euros before VAT."""

    order_id: int
    company_id: int
    cost_centre_id: int | None
    amount: Decimal


class Hold(NamedTuple):
    """The part of a budget that an order holds."""

    order_id: int
    budget_id: int
    amount: Decimal


def fitting(session: Session, claims: Sequence[Claim]) -> tuple[list[Hold], frozenset[int]]:
    """What many orders can hold of this month's budgets, one after the other; and those for which one is too small.

    The budgets are locked until the transaction ends.
    """
    rows = session.exec(
        select(Budget)
        .where(
            col(Budget.company_id).in_({claim.company_id for claim in claims}),
            Budget.month == clock.today().replace(day=1),
        )
        .order_by(col(Budget.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    left = {row.id or 0: row.amount - row.committed for row in rows}
    of_company: dict[int, list[Budget]] = {}
    for row in rows:
        of_company.setdefault(row.company_id, []).append(row)
    holds: list[Hold] = []
    beyond: set[int] = set()
    for claim in claims:
        under = [
            budget.id or 0
            for budget in of_company.get(claim.company_id, ())
            if budget.cost_centre_id in {None, claim.cost_centre_id}
        ]
        if any(claim.amount > left[budget_id] for budget_id in under):
            beyond.add(claim.order_id)
            continue
        for budget_id in under:
            left[budget_id] -= claim.amount
            holds.append(Hold(claim.order_id, budget_id, claim.amount))
    return holds, frozenset(beyond)


def hold(session: Session, holds: Sequence[Hold]) -> None:
    """Write down what orders hold of budgets that `fitting` found large enough."""
    if not holds:
        return
    session.execute(
        text("""
            WITH held AS (
                INSERT INTO budget_reservations (order_id, budget_id, amount)
                SELECT * FROM unnest(CAST(:orders AS int[]), CAST(:budgets AS int[]), CAST(:amounts AS numeric[]))
                RETURNING budget_id, amount
            )
            UPDATE budgets SET committed = committed + h.amount
            FROM (SELECT budget_id, sum(amount) AS amount FROM held GROUP BY budget_id) h
            WHERE budgets.id = h.budget_id
        """),
        dict(zip(("orders", "budgets", "amounts"), map(list, zip(*holds, strict=True)), strict=True)),
    )


def release(session: Session, order_id: int) -> None:
    """Give back what an order holds of its budgets."""
    settle(session, {order_id: ZERO})


def settle(session: Session, costs: Mapping[int, Decimal]) -> None:
    """Bring what orders hold of their budgets down to what they cost now, in euros before VAT, by order."""
    session.execute(
        text("""
            WITH settled AS (
                SELECT r.order_id, r.budget_id, r.amount - least(r.amount, n.cost) AS freed
                FROM budget_reservations r
                JOIN unnest(CAST(:orders AS int[]), CAST(:costs AS numeric[])) AS n (order_id, cost)
                    ON n.order_id = r.order_id
            ), reduced AS (
                UPDATE budget_reservations r SET amount = r.amount - s.freed
                FROM settled s WHERE r.order_id = s.order_id AND r.budget_id = s.budget_id
            )
            UPDATE budgets SET committed = committed - f.freed
            FROM (SELECT budget_id, sum(freed) AS freed FROM settled GROUP BY budget_id) f
            WHERE budgets.id = f.budget_id
        """),
        {"orders": list(costs), "costs": list(costs.values())},
    )


def release_rolled_over_budgets(session: Session, round_id: int) -> None:
    """Give back what rolled-over orders of a round held of their budgets; their successors hold their own."""
    session.execute(
        text("""
            WITH freed AS (
                DELETE FROM budget_reservations r USING member_orders o
                WHERE o.id = r.order_id AND o.round_id = :round_id AND o.status = :rolled_over
                RETURNING r.budget_id, r.amount
            )
            UPDATE budgets SET committed = committed - f.amount
            FROM (SELECT budget_id, sum(amount) AS amount FROM freed GROUP BY budget_id) f
            WHERE budgets.id = f.budget_id
        """),
        {"round_id": round_id, "rolled_over": OrderStatus.ROLLED_OVER},
    )
