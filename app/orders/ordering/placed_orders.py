"""What holds for every member order: who may see it, its round, its part in the group's demand, what it may cost."""

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import func
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import clock
from app.core.errors import Conflict, NotFound
from app.core.money import round_amount
from app.orders.ordering import budgets
from app.orders.ordering.demand import check_completing, count_demand
from app.orders.ordering.models.member_orders import MemberOrder, OrderLine
from app.orders.ordering.queries.deputies import principals_of
from app.orders.rounds.models import Round, RoundStatus


def order_key(order: MemberOrder) -> int:
    """The stored order's number."""
    assert order.id is not None
    return order.id


def get_own_order(session: Session, actor: Actor, order_id: int, *, lock: bool = False) -> MemberOrder:
    """An order that the actor may see: their own, their company's as approver or deputy, any for the association.

    Raises `NotFound` for others, so that numbers tell nothing.
    """
    order = session.get(MemberOrder, order_id, with_for_update=lock, populate_existing=lock)
    if order is not None:
        if order.person_id == actor.person_id or actor.may(Permission.MANAGE_ROUNDS):
            return order
        if order.company_id == actor.company_id and principals_of(session, actor):
            return order
    raise NotFound("There is no such order.")


def open_round_with(session: Session, round_id: int) -> Round:
    """The round, if orders may enter it now."""
    found = session.get(Round, round_id)
    if found is None:
        raise NotFound("There is no such round.", field="round_id")
    require_open(found)
    return found


def require_open(purchasing_round: Round) -> None:
    open_now = purchasing_round.opens_at <= clock.now() < purchasing_round.closes_at
    if purchasing_round.status is not RoundStatus.OPEN or not open_now:
        raise Conflict("Round {round} takes no orders now.", code="round_not_open", round=purchasing_round.code)


def lock_with_round(session: Session, order_id: int) -> tuple[MemberOrder, Round]:
    """An order, locked, and its round, held against the cut-off: the round first, as the cut-off itself locks."""
    round_id = session.scalar(select(MemberOrder.round_id).where(MemberOrder.id == order_id))
    if round_id is None:
        raise NotFound("There is no such order.")
    purchasing_round = session.get_one(Round, round_id, with_for_update={"read": True}, populate_existing=True)
    return session.get_one(MemberOrder, order_id, with_for_update=True, populate_existing=True), purchasing_round


def take_out(session: Session, order: MemberOrder, purchasing_round: Round) -> None:
    """Take a placed order out of its open round: demand and budget go back."""
    require_open(purchasing_round)
    count_demand(session, order, -1)
    if purchasing_round.completing_from and clock.now() >= purchasing_round.completing_from:
        check_completing(session, order, sign=-1)
    budgets.release(session, order_key(order))


def cost_at_most(session: Session, order_id: int) -> Decimal:
    """What an order costs if every tolerance is taken at its ceiling, in euros before VAT."""
    most = func.round((col(OrderLine.quantity) + OrderLine.tolerance) * OrderLine.ceiling_price, 2)
    total = session.scalar(sa.select(func.coalesce(func.sum(most), 0)).where(col(OrderLine.order_id) == order_id))
    return round_amount(Decimal(total or 0))
