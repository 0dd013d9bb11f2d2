"""Opening, cut-off and cancelling of rounds, with what they do to orders, demand, budgets and the next round."""

from typing import Any

from sqlalchemy import exists
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.core import clock, jobs
from app.orders.consolidation.agreed_terms import freeze_terms
from app.orders.consolidation.draft import clear_draft
from app.orders.consolidation.models.supplier_orders import NOTHING_TO_COME, SupplierOrder
from app.orders.consolidation.rollover import carry_over_into, next_round
from app.orders.ordering.demand import recount_demand
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.ordering.states import OrderEvent
from app.orders.ordering.successors import change_orders, roll_over_orders
from app.orders.outbox import PLACE_STANDING_ORDERS
from app.orders.rounds import series
from app.orders.rounds.models import Round, RoundSeries, RoundStatus
from app.orders.rounds.service import get_round, move_on, require_event, round_key
from app.orders.rounds.states import ROUND_LIFE, RoundEvent


def open_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Open a planned round to orders, and carry over into it what earlier ones left waiting."""
    actor.require(Permission.MANAGE_ROUNDS)
    opened = get_round(session, code, lock=True)
    check_version(opened.version, expected_version)
    require_event(opened, RoundEvent.OPEN)
    move_on(session, actor, opened, RoundEvent.OPEN)
    carry_over_into(session, actor, opened)
    if opened.only_supplier_id is None:
        jobs.defer(session, PLACE_STANDING_ORDERS, round_id=round_key(opened))
    return opened


def close_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Cut off: approved orders are locked, orders still waiting roll over, carts are emptied into nothing.

    Waits for checkouts under way, which hold a share of the round's row.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    closed = get_round(session, code, lock=True)
    check_version(closed.version, expected_version)
    require_event(closed, RoundEvent.CLOSE)
    round_id = round_key(closed)
    change_orders(session, round_id, OrderEvent.LOCK)
    roll_over_orders(session, round_id, OrderStatus.AWAITING_APPROVAL)
    freeze_terms(session, round_id)
    closed.closed_at = clock.now()
    move_on(session, actor, closed, RoundEvent.CLOSE)
    recount_demand(session, round_id)
    following = next_round(session, closed)
    if following is not None:
        carry_over_into(session, actor, following)
    return closed


def cancel_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Call a round off before anything of it was approved; every placed order rolls over."""
    actor.require(Permission.MANAGE_ROUNDS)
    cancelled = get_round(session, code, lock=True)
    check_version(cancelled.version, expected_version)
    require_event(cancelled, RoundEvent.CANCEL)
    roll_over_orders(session, round_key(cancelled))
    clear_draft(session, round_key(cancelled))
    move_on(session, actor, cancelled, RoundEvent.CANCEL)
    following = next_round(session, cancelled)
    if following is not None:
        carry_over_into(session, actor, following)
    return cancelled


def deliver_if_complete(session: Session, actor: Actor, round_id: int) -> None:
    """Once nothing of a sent round is to come any more, it is delivered and what its members ordered is fulfilled."""
    sent = session.get_one(Round, round_id, with_for_update=True, populate_existing=True)
    waits = session.scalar(
        select(
            exists().where(col(SupplierOrder.round_id) == round_id, col(SupplierOrder.status).not_in(NOTHING_TO_COME))
        )
    )
    if not waits and ROUND_LIFE.allows(RoundEvent.DELIVER, sent.status):
        change_orders(session, round_id, OrderEvent.FULFIL)
        move_on(session, actor, sent, RoundEvent.DELIVER)


def open_and_close_due_rounds(session: Session) -> list[str]:
    """Open the planned rounds whose opening has come, and close the open ones whose cut-off has; their codes."""
    now = clock.now()
    due = session.execute(
        select(Round.code, Round.status)
        .where(
            (col(Round.status) == RoundStatus.PLANNED) & (col(Round.opens_at) <= now)
            | (col(Round.status) == RoundStatus.OPEN) & (col(Round.closes_at) <= now)
        )
        .order_by(col(Round.closes_at), col(Round.id))
        .with_for_update(skip_locked=True)
    ).all()
    for code, status in due:
        step = open_round if status is RoundStatus.PLANNED else close_round
        step(session, SYSTEM, code)
    return [code for code, _status in due]


def start_series(session: Session, actor: Actor, **terms: Any) -> RoundSeries:
    """Let rounds recur (`terms` as `series.start_series` takes them); the first of them opens at once."""
    started = series.start_series(session, actor, **terms)
    keep_series_going(session)
    return started


def keep_series_going(session: Session) -> list[str]:
    """Plan and open the next round of every series that has none to order into; the codes of the new rounds."""
    return [open_round(session, SYSTEM, code).code for code in series.plan_next_rounds(session)]
