"""The association looks at evidence: verified, refused with a reason; suppliers are reminded before it expires."""

from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, func, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.supplier_letters import Said, write_to_suppliers
from app.core import audit, clock
from app.core.database import row_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import format_day
from app.core.i18n import gettext as _
from app.core.pagination import Page, decode_cursor, page_of
from app.notify.letters import Action
from app.sourcing.charter.evidence import trust_of, words_of_criteria
from app.sourcing.charter.models import Evidence, EvidenceStatus
from app.sourcing.charter.versions import current_charter

REMINDED_BEFORE = timedelta(days=30)


class EvidenceToLookAt(NamedTuple):
    """A piece of evidence in the association's list; `place`: where a thing is made, if it is about that."""

    id: int
    supplier: str
    criterion: str
    sku: str | None
    article: str | None
    words: str
    place: str
    country: str
    siret: str
    expires_on: date | None
    file_name: str
    status: str
    sent_at: datetime
    decided_by: str
    decided_words: str
    trust: str


def list_evidence(
    session: Session, actor: Actor, cursor: str | None, limit: int, *, only_new: bool = True
) -> Page[EvidenceToLookAt]:
    """Evidence to look at, the oldest first; or all of it, the newest first."""
    actor.require(Permission.MANAGE_SOURCING)
    after = decode_cursor(cursor, int)
    order, beyond = ("ASC", ">") if only_new else ("DESC", "<")
    rows = session.execute(
        text(f"""
            SELECT e.id, s.name AS supplier, e.criterion, o.sku, o.name AS article, e.words,
                btrim(e.postal_code || ' ' || e.city) AS place, e.country, e.siret, e.expires_on, e.file_name,
                e.status, e.sent_at, e.decided_by, e.decided_words
            FROM evidence e JOIN suppliers s ON s.id = e.supplier_id LEFT JOIN offers o ON o.id = e.offer_id
            WHERE e.withdrawn_at IS NULL AND (NOT :only_new OR e.status = :submitted)
                AND (CAST(:after AS int) IS NULL OR e.id {beyond} :after)
            ORDER BY e.id {order} LIMIT :limit
        """),
        {"only_new": only_new, "after": after[0] if after else None, "limit": limit + 1}
        | {"submitted": EvidenceStatus.SUBMITTED},
    )
    today = clock.today()
    found = [
        row_as(EvidenceToLookAt, row, trust=trust_of(row.status, bool(row.file_name), row.expires_on, today))
        for row in rows
    ]
    return page_of(found, limit, lambda row: (row.id,))


def count_new_evidence(session: Session) -> int:
    """How many pieces of evidence nobody of the association has looked at."""
    waiting = select(func.count()).where(
        Evidence.status == EvidenceStatus.SUBMITTED, col(Evidence.withdrawn_at).is_(None)
    )
    return session.scalar(waiting) or 0


def get_evidence(session: Session, actor: Actor, evidence_id: int) -> Evidence:
    """Any supplier's evidence, for the association. Raises `NotFound`."""
    actor.require(Permission.MANAGE_SOURCING)
    found = session.get(Evidence, evidence_id, with_for_update=True)
    if found is None or found.withdrawn_at is not None:
        raise NotFound("There is no such evidence.")
    return found


def verify_evidence(session: Session, actor: Actor, evidence_id: int, words: str = "") -> Evidence:
    """Say that a piece of evidence was checked; `words`: how, for instance in which register."""
    return _decide(session, actor, evidence_id, EvidenceStatus.VERIFIED, words)


def refuse_evidence(session: Session, actor: Actor, evidence_id: int, words: str) -> Evidence:
    """Say that a piece of evidence shows nothing, and why; its supplier is told by mail."""
    if not words.strip():
        raise InvalidInput("Say why, so that the supplier can show something better.", field="words")
    return _decide(session, actor, evidence_id, EvidenceStatus.REFUSED, words)


def _decide(session: Session, actor: Actor, evidence_id: int, status: EvidenceStatus, words: str) -> Evidence:
    evidence = get_evidence(session, actor, evidence_id)
    if evidence.status == status:
        raise Conflict("This was decided already.", code="already_decided")
    evidence.status, evidence.decided_words = status, words.strip()[:500]
    evidence.decided_at, evidence.decided_by = clock.now(), actor.label
    session.flush()
    audit.record(session, actor.label, f"evidence.{status}", evidence, words=evidence.decided_words)
    tell_of_changed_offers(session, evidence.supplier_id)
    if status is EvidenceStatus.REFUSED:
        _write_to_supplier(session, evidence, refused=True)
    return evidence


def remind_of_expiring(session: Session) -> int:
    """Write to suppliers whose evidence expires within 30 days, once for each; how many pieces that were."""
    until = clock.today() + REMINDED_BEFORE
    expiring = session.exec(
        select(Evidence)
        .where(
            col(Evidence.withdrawn_at).is_(None),
            col(Evidence.reminded_at).is_(None),
            col(Evidence.status) != EvidenceStatus.REFUSED,
            col(Evidence.expires_on).between(clock.today(), until),
        )
        .with_for_update(skip_locked=True)
    ).all()
    for evidence in expiring:
        evidence.reminded_at = clock.now()
        _write_to_supplier(session, evidence, refused=False)
    session.flush()
    return len(expiring)


def _write_to_supplier(session: Session, evidence: Evidence, *, refused: bool) -> None:
    what = words_of_criteria(current_charter(session)).get(evidence.criterion)

    def say(_supplier_id: int, locale: str) -> Said:
        shown = " – ".join(filter(None, [what.said_in(locale) if what else "", evidence.words]))
        action = Action(_("Show something"), "/supplier/charter")
        if refused:
            subject = _("What you show for the charter was not accepted")
            return Said(subject, [shown, evidence.decided_words], action)
        valid = _("It is valid until {day}. Show a newer one, so that it still counts.")
        until = valid.format(day=format_day(evidence.expires_on))
        return Said(_("What you show for the charter expires soon"), [shown, until], action)

    write_to_suppliers(session, [evidence.supplier_id], say)
