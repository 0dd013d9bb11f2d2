"""Questions about a tender: asked by an invited supplier, answered before all of them, without saying who asked."""

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.supplier_letters import Said, write_to_suppliers
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.notify.letters import Action
from app.sourcing.tenders.bids import get_invited
from app.sourcing.tenders.models import TenderQuestion
from app.sourcing.tenders.preparation import get_tender, tender_key
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent


def ask_question(session: Session, actor: Actor, reference: str, words: str) -> TenderQuestion:
    """Ask something about a tender. Raises `Conflict` once the time for questions is over."""
    tender, supplier_id = get_invited(session, actor, reference)
    if not TENDER_LIFE.allows(TenderEvent.ASK, tender.status) or clock.now() > tender.questions_until:
        raise Conflict("The time for questions is over.", code="questions_closed")
    if not words.strip():
        raise InvalidInput("Write the question.", field="words")
    question = TenderQuestion(
        tender_id=tender_key(tender), supplier_id=supplier_id, words=words.strip()[:2000], asked_at=clock.now()
    )
    session.add(question)
    session.flush()
    audit.record(session, actor.label, "tender.question_asked", tender, question_id=question.id)
    return question


def answer_question(session: Session, actor: Actor, reference: str, question_id: int, answer: str) -> TenderQuestion:
    """Answer a question before every invited supplier, until the deadline; an answer may be mended."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    question = session.get(TenderQuestion, question_id, with_for_update=True)
    if question is None or question.tender_id != tender.id:
        raise NotFound("There is no such question.")
    if not TENDER_LIFE.allows(TenderEvent.ANSWER, tender.status) or clock.now() >= tender.deadline:
        raise Conflict("After the deadline nothing is answered any more.", code="deadline_passed")
    if not answer.strip():
        raise InvalidInput("Write the answer.", field="answer")
    question.answer, question.answered_at = answer.strip()[:5000], clock.now()
    session.flush()
    audit.record(
        session, actor.label, "tender.question_answered", tender, question_id=question.id, answer=question.answer
    )
    invited = session.scalars(
        text("SELECT supplier_id FROM tender_invitations WHERE tender_id = :id AND declined_at IS NULL"),
        {"id": tender.id},
    ).all()

    def say(_supplier_id: int, _locale: str) -> Said:
        link = Action(_("Look at the tender"), f"/supplier/tenders/{reference}")
        subject = _("A question was answered: {title}").format(title=tender.title)
        return Said(subject, [question.words, question.answer], link)

    write_to_suppliers(session, invited, say)
    return question
