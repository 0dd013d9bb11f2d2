"""Every event of a tender in every state by every role: what its table says is what the use cases do."""

from collections.abc import Callable

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Role, permissions_of
from app.core.errors import DomainError, NotAllowed, NotFound
from app.sourcing.tenders import awards, bid_opening, bids, preparation, questions
from app.sourcing.tenders.models import TenderStatus
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent
from tests.factories import World
from tests.sourcing.tenders.test_tenders import Call

STATE_CODES = {
    TenderEvent.CHANGE: "tender_out",
    TenderEvent.PUBLISH: "tender_out",
    TenderEvent.ASK: "questions_closed",
    TenderEvent.ANSWER: "deadline_passed",
    TenderEvent.BID: "deadline_passed",
    TenderEvent.OPEN: "nothing_sealed",
    TenderEvent.AWARD: "not_open",
    TenderEvent.CANCEL: "tender_ended",
}


def steps(call: Call, question_id: int) -> dict[TenderEvent, Callable[[Session, Actor], object]]:
    name = call.reference
    return {
        TenderEvent.CHANGE: lambda session, actor: preparation.invite(session, actor, name, ["A"]),
        TenderEvent.PUBLISH: lambda session, actor: preparation.publish(session, actor, name),
        TenderEvent.ASK: lambda session, actor: questions.ask_question(session, actor, name, "How many?"),
        TenderEvent.ANSWER: lambda session, actor: questions.answer_question(session, actor, name, question_id, "Ten."),
        TenderEvent.BID: lambda session, actor: bids.decline(session, actor, name),
        TenderEvent.OPEN: lambda session, actor: bid_opening.open_bids(session, actor, name, call.codes[:2]),
        TenderEvent.AWARD: lambda session, actor: awards.award(session, actor, name, {}),
        TenderEvent.CANCEL: lambda session, actor: preparation.cancel_tender(session, actor, name, "no need"),
    }


def attempt(session: Session, step: Callable[[Session, Actor], object], actor: Actor) -> DomainError | None:
    nested = session.begin_nested()
    try:
        step(session, actor)
        session.flush()
    except DomainError as refusal:
        return refusal
    else:
        return None
    finally:
        nested.rollback()
        session.expire_all()


@pytest.mark.parametrize("state", TenderStatus)
def test_a_tender_obeys_its_table(world: World, state: TenderStatus) -> None:
    session, call = world.session, Call.of(world)
    question_id = questions.ask_question(session, call.speakers[0], call.reference, "How long?").id or 0
    company = world.a_company()
    everybody = [
        world.an_actor(role, company=company if role in {Role.EMPLOYEE, Role.APPROVER} else None)
        for role in Role
        if role is not Role.SUPPLIER
    ]
    session.execute(text("SET LOCAL session_replication_role = replica"))
    sealed = ", public_key = NULL" if state is TenderStatus.DRAFT else ""
    session.execute(text(f"UPDATE tenders SET status = :state{sealed}"), {"state": state})
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.expire_all()
    for event, step in steps(call, question_id).items():
        granted = {who for row in TENDER_LIFE.transitions if row.event is event for who in row.who}
        for actor in (*everybody, call.speakers[0], call.speakers[2]):
            refusal = attempt(session, step, actor)
            may = bool(granted & {permission.value for permission in permissions_of(actor.roles)})
            if not may or (actor is call.speakers[2] and event in {TenderEvent.ASK, TenderEvent.BID}):
                assert isinstance(refusal, NotAllowed | NotFound), (event, state, actor.roles, refusal)
            elif TENDER_LIFE.allows(event, state):
                assert refusal is None or refusal.code != STATE_CODES[event], (event, state, actor.roles, refusal)
            else:
                assert refusal is not None, (event, state, actor.roles)
                assert refusal.code == STATE_CODES[event], (event, state, actor.roles, refusal)
