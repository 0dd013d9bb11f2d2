"""Budgets of a company and of its cost centres, by month: what placed orders may cost at most."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission, Role
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput
from app.core.money import ZERO
from app.orders.ordering.approval_rules import OVER_BUDGET
from app.orders.ordering.models.company import Budget, BudgetReservation, CostCentre
from app.orders.ordering.models.member_orders import PLACED_ORDERS, MemberOrder, OrderStatus


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


_CARRIED = """
    carried AS (
        SELECT o.id, o.company_id, o.cost_centre_id, sum(round((l.quantity + l.tolerance) * l.ceiling_price, 2)) AS cost
        FROM member_orders o JOIN order_lines l ON l.order_id = o.id
        WHERE o.id = ANY(:order_ids) AND o.status = ANY(:placed)
        GROUP BY o.id
    ), asked AS (
        SELECT c.id AS order_id, b.id AS budget_id, c.cost,
            sum(c.cost) OVER (PARTITION BY b.id ORDER BY c.id) <= b.amount - b.committed AS fits
        FROM carried c
        JOIN budgets b ON b.company_id = c.company_id AND b.month = :month
            AND (b.cost_centre_id IS NULL OR b.cost_centre_id = c.cost_centre_id)
    )
"""


def reserve_carried(session: Session, order_ids: list[int]) -> None:
    """Hold the budgets of this month for orders carried over into a round, in their order, as far as they reach.

    An order that does not fit waits for an approver of its firm, who may let it pass all the same.
    """
    month = clock.today().replace(day=1)
    session.execute(
        text("""
            SELECT b.id FROM budgets b
            WHERE b.month = :month
                AND b.company_id IN (SELECT company_id FROM member_orders WHERE id = ANY(:order_ids))
            ORDER BY b.id FOR UPDATE
        """),
        {"order_ids": order_ids, "month": month},
    )
    session.execute(
        text(f"""
            WITH {_CARRIED}, fitting AS (
                SELECT * FROM asked a
                WHERE NOT EXISTS (SELECT FROM asked other WHERE other.order_id = a.order_id AND NOT other.fits)
            ), held AS (
                INSERT INTO budget_reservations (order_id, budget_id, amount)
                SELECT order_id, budget_id, cost FROM fitting ON CONFLICT DO NOTHING
                RETURNING budget_id, amount
            )
            UPDATE budgets SET committed = committed + h.amount
            FROM (SELECT budget_id, sum(amount) AS amount FROM held GROUP BY budget_id) h
            WHERE budgets.id = h.budget_id
        """),
        {"order_ids": order_ids, "month": month, "placed": list(PLACED_ORDERS)},
    )
    session.execute(
        text("""
            WITH over AS (
                UPDATE member_orders o SET status = :waiting, version = version + 1
                WHERE o.id = ANY(:order_ids) AND o.status = :approved
                    AND EXISTS (
                        SELECT FROM budgets b WHERE b.company_id = o.company_id AND b.month = :month
                            AND (b.cost_centre_id IS NULL OR b.cost_centre_id = o.cost_centre_id))
                    AND NOT EXISTS (SELECT FROM budget_reservations r WHERE r.order_id = o.id)
                    AND EXISTS (
                        SELECT FROM people p WHERE p.company_id = o.company_id AND p.active
                            AND :approver = ANY(p.roles) AND p.id <> o.person_id)
                RETURNING o.id
            )
            INSERT INTO order_approvals (order_id, step, because, comment)
            SELECT id, 1, :because, '' FROM over ON CONFLICT DO NOTHING
        """),
        {
            "order_ids": order_ids,
            "month": month,
            "because": OVER_BUDGET,
            "waiting": OrderStatus.AWAITING_APPROVAL,
            "approved": OrderStatus.APPROVED,
            "approver": Role.APPROVER,
        },
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
