"""The best consolidation of a round: plans are asked for, worked out in the background, compared, and one is applied.

A plan may move a line to another supplier's offer of the same product where its member accepts equivalents, chooses
the packs of each offer, and never makes anybody pay above the ceiling. Applying one writes its moves and packs down as
decisions and consolidates again, so that the round's own rules come to the plan's very figures.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import audit, clock, jobs
from app.core.bulk_copy import copy_rows
from app.core.database import transaction
from app.core.errors import Conflict, DomainError, InvalidInput, NotFound
from app.core.i18n import say
from app.core.money import round_amount
from app.orders import outbox
from app.orders.consolidation.book_optimisation import Optimised, optimise_book
from app.orders.consolidation.draft import consolidate_round
from app.orders.consolidation.models.plans import PlanStatus, RoundPlan
from app.orders.consolidation.round_book import RoundBook, read_round_book
from app.orders.rounds.models import Round
from app.orders.rounds.service import get_round, require_event, round_key
from app.orders.rounds.states import RoundEvent

FRONT = tuple(map(Decimal, ("0", "0.05", "0.1", "0.2", "0.4", "0.7", "1")))
MOST_PREMIUM = Decimal(5)
MOST_SECONDS = 600


def ask_for_plans(
    session: Session, actor: Actor, code: str, premiums: Sequence[Decimal] = FRONT, seconds: int = 60
) -> list[RoundPlan]:
    """Have plans worked out for a consolidated round, one a premium (0: price only; 1: charter first).

    A plan of the same premium is worked out anew. Raises `InvalidInput` for premiums and times out of range.
    """
    planned = _decidable(session, actor, code)
    if not premiums or not all(0 <= premium <= MOST_PREMIUM for premium in premiums):
        raise InvalidInput("A premium lies between 0 and {most}.", field="premium", most=MOST_PREMIUM)
    if not 1 <= seconds <= MOST_SECONDS:
        raise InvalidInput("A plan is given from 1 to {most} seconds.", field="seconds", most=MOST_SECONDS)
    round_id, asked = round_key(planned), []
    for premium in sorted(set(premiums)):
        plan = _plan_at(session, round_id, premium) or RoundPlan(round_id=round_id, premium=premium)
        if plan.status is PlanStatus.RUNNING:
            raise Conflict("This plan is being worked out. Wait for it.", code="plan_running")
        if plan.applied_at is not None:
            raise Conflict("A plan that is applied stays as it is. Take it back first.", code="plan_applied")
        plan.status, plan.seconds_allowed, plan.error = PlanStatus.QUEUED, seconds, ""
        plan.asked_at, plan.asked_by, plan.started_at, plan.finished_at = clock.now(), actor.label, None, None
        session.add(plan)
        asked.append(plan)
    session.flush()
    audit.record(session, actor.label, "round.plans_asked", planned, premiums=[str(p) for p in premiums])
    jobs.defer(session, outbox.WORK_OUT_PLANS, round_id=round_id)
    return asked


def _plan_at(session: Session, round_id: int, premium: Decimal) -> RoundPlan | None:
    query = select(RoundPlan).where(RoundPlan.round_id == round_id, RoundPlan.premium == premium)
    return session.exec(query.with_for_update()).one_or_none()


def list_plans(session: Session, code: str) -> list[RoundPlan]:
    """The plans of a round, by premium."""
    round_id = round_key(get_round(session, code))
    return list(session.exec(select(RoundPlan).where(RoundPlan.round_id == round_id).order_by(col(RoundPlan.premium))))


def get_plan(session: Session, code: str, plan_id: int) -> RoundPlan:
    """A plan of a round. Raises `NotFound`."""
    plan = session.get(RoundPlan, plan_id, with_for_update=True)
    if plan is None or plan.round_id != round_key(get_round(session, code)):
        raise NotFound("This round has no such plan.")
    return plan


def work_out_plans(round_id: int) -> None:
    """Work out the queued plans of a round, each in transactions of its own; none is held while the solver runs.

    Repeated after a crash, those that were under way begin anew.
    """
    while True:
        with transaction() as session:
            plan = session.exec(
                select(RoundPlan)
                .where(
                    RoundPlan.round_id == round_id, col(RoundPlan.status).in_((PlanStatus.QUEUED, PlanStatus.RUNNING))
                )
                .order_by(col(RoundPlan.premium))
                .limit(1)
                .with_for_update()
            ).one_or_none()
            if plan is None:
                return
            plan.status, plan.started_at = PlanStatus.RUNNING, clock.now()
            book = read_round_book(session, session.get_one(Round, round_id))
            plan_id, premium, seconds = plan.id or 0, plan.premium, plan.seconds_allowed
        _work_out(plan_id, book, premium, seconds)


def _work_out(plan_id: int, book: RoundBook, premium: Decimal, seconds: int) -> None:
    try:
        found = optimise_book(book.book, book.policy, premium=premium, scores=book.scores, seconds=float(seconds))
    except DomainError as refusal:
        with transaction() as session:
            plan = session.get_one(RoundPlan, plan_id, with_for_update=True)
            plan.status, plan.error, plan.finished_at = PlanStatus.FAILED, say(refusal), clock.now()
        return
    with transaction() as session:
        keep_plan(session.get_one(RoundPlan, plan_id, with_for_update=True), book, found)


def keep_plan(plan: RoundPlan, book: RoundBook, found: Optimised) -> None:
    """Write down what was found, with the choice by offers and lines of the database."""
    costs, plain, beside = found.costs, found.plain, found.comparison
    plan.status, plan.finished_at, plan.book_digest = PlanStatus.DONE, clock.now(), digest_of(book)
    plan.cost, plan.objective = costs.total, round_amount(costs.objective)
    plan.bound, plan.least_unfilled = min(round_amount(found.bound), plan.objective), found.least_unfilled
    plan.delivery_fees, plan.score, plan.deliveries = costs.fees, _shown(costs.score), costs.deliveries
    plan.unfilled, plan.unfilled_amount = costs.unfilled, costs.unfilled_amount
    plan.saved = beside.saved
    plan.more_units, plan.more_amount = beside.more_units, beside.more_amount
    plan.fewer_units, plan.fewer_amount = beside.fewer_units, beside.fewer_amount
    plan.plain_cost, plan.plain_objective = plain.total, round_amount(plain.objective)
    plan.plain_score, plan.plain_deliveries = _shown(plain.score), plain.deliveries
    plan.plain_unfilled, plan.plain_unfilled_amount = plain.unfilled, plain.unfilled_amount
    plan.unserved, plan.under_minimum = dict(found.unserved), list(costs.under_minimum)
    plan.plain_under_minimum = list(plain.under_minimum)
    choice = _choice(book, found)
    plan.packs, plan.moves = choice.packs, choice.moves
    plan.moved_lines = sum(1 for offer in choice.moves.values() if offer is not None)


def _shown(score: Decimal) -> Decimal:
    return score.quantize(Decimal("0.1"))


@dataclass(frozen=True)
class _Choice:
    packs: dict[str, int]
    moves: dict[str, int | None]


def _choice(book: RoundBook, found: Optimised) -> _Choice:
    """Packs by offer, and the lines that are not served by the offer that they chose."""
    packs: dict[str, int] = {}
    moves: dict[str, int | None] = {}
    for result in found.results:
        offer_id = book.offer_ids[result.offer_key]
        if result.outcome.quantity:
            packs[str(offer_id)] = result.outcome.quantity // result.terms.pack_size
        for position in result.positions:
            if not result.outcome.quantity:
                moves[str(book.line_ids[position])] = None
            elif book.book.rows[position].offer_key != result.offer_key:
                moves[str(book.line_ids[position])] = offer_id
    return _Choice(packs, moves)


def digest_of(book: RoundBook) -> str:
    """What a plan was made from, in short: another digest means that lines, terms or decisions changed since."""
    content = hashlib.sha256()
    for key, terms in sorted(book.book.terms.items()):
        content.update(repr((key, terms, book.book.products[key], book.book.suppliers[key[0]])).encode())
    for line_id, row in sorted(zip(book.line_ids, book.book.rows, strict=True)):
        content.update(repr((line_id, row, line_id in book.fixed_line_ids)).encode())
    return content.hexdigest()


def apply_plan(session: Session, actor: Actor, code: str, plan_id: int) -> Round:
    """Make a plan's choice the round's, in place of pack counts decided before, and consolidate again.

    Raises `Conflict` where the round changed since the plan was worked out.
    """
    planned = _decidable(session, actor, code)
    plan = get_plan(session, code, plan_id)
    if plan.status is not PlanStatus.DONE:
        raise Conflict("This plan is not worked out.", code="plan_not_done")
    if digest_of(read_round_book(session, planned)) != plan.book_digest:
        raise Conflict(
            "Lines, terms or decisions changed since this plan was worked out. Compare anew.", code="plan_outdated"
        )
    round_id = round_key(planned)
    _forget_choice(session, round_id)
    moves = [(int(line_id), round_id, offer_id) for line_id, offer_id in plan.moves.items()]
    copy_rows(session, "COPY line_moves (order_line_id, round_id, offer_id) FROM STDIN", moves)
    packs = [(round_id, int(offer_id), count) for offer_id, count in plan.packs.items()]
    copy_rows(session, "COPY pack_decisions (round_id, offer_id, packs) FROM STDIN", packs)
    plan.applied_at = clock.now()
    audit.record(
        session, actor.label, "round.plan_applied", planned, premium=str(plan.premium), moved_lines=plan.moved_lines
    )
    return consolidate_round(session, actor, code)


def take_plan_back(session: Session, actor: Actor, code: str) -> Round:
    """Undo an applied plan: plain consolidation again, without decisions about packs."""
    planned = _decidable(session, actor, code)
    _forget_choice(session, round_key(planned))
    audit.record(session, actor.label, "round.plan_taken_back", planned)
    return consolidate_round(session, actor, code)


def _forget_choice(session: Session, round_id: int) -> None:
    session.flush()
    for statement in (
        "DELETE FROM line_moves WHERE round_id = :round_id",
        "DELETE FROM pack_decisions WHERE round_id = :round_id",
        "UPDATE round_plans SET applied_at = NULL WHERE round_id = :round_id",
    ):
        session.execute(text(statement), {"round_id": round_id})
    session.expire_all()


def _decidable(session: Session, actor: Actor, code: str) -> Round:
    actor.require(Permission.MANAGE_ROUNDS)
    planned = get_round(session, code, lock=True)
    require_event(planned, RoundEvent.DECIDE)
    return planned
