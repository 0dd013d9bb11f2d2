"""Evidence for the charter: what suppliers show, how far it is believed."""

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.catalog.models import Offer
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.errors import InvalidInput, NotFound
from app.core.pagination import Page, decode_cursor, page_of
from app.sourcing.charter import FIRST_VERSION, Criterion
from app.sourcing.models import Evidence, EvidenceStatus

FILE_LIMIT_BYTES = 10_000_000
_SIGNATURES = {b"%PDF-": ".pdf", b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg"}


def trust_of(status: str, has_file: bool, expires_on: date | None, today: date) -> str:
    """How far a piece of evidence is believed, by the names of CHARTER.md; a refused one counts as expired."""
    if status == EvidenceStatus.REFUSED or (expires_on is not None and expires_on < today):
        return "expired"
    if status == EvidenceStatus.VERIFIED:
        return "verified"
    return "documented" if has_file else "declared"


def submit_evidence(
    session: Session,
    actor: Actor,
    criterion: str,
    *,
    sku: str = "",
    words: str = "",
    expires_on: date | None = None,
    file_name: str = "",
    content: bytes | None = None,
) -> Evidence:
    """Show something for a criterion: of the supplier itself, or of one of its offers where the criterion is of those.

    Raises `InvalidInput` for an unknown criterion, a day that has passed, a file that is no PDF, PNG or JPEG.
    """
    supplier_id = require_supplier(session, actor)
    known = {one.key: one for one in FIRST_VERSION.criteria}
    if criterion not in known:
        raise InvalidInput("The charter has no criterion {criterion}.", field="criterion", criterion=criterion)
    if expires_on is not None and expires_on < clock.today():
        raise InvalidInput("What expired shows nothing any more.", field="expires_on")
    evidence = Evidence(
        supplier_id=supplier_id,
        offer_id=_offer_of(session, supplier_id, known[criterion], sku),
        criterion=criterion,
        words=words.strip()[:500],
        expires_on=expires_on,
        sent_at=clock.now(),
        sent_by=actor.label,
    )
    if content:
        evidence.file_name, evidence.content = _file_name(file_name, content), content
        evidence.sha256 = hashlib.sha256(content).hexdigest()
    session.add(evidence)
    session.flush()
    audit.record(session, actor.label, "evidence.submitted", evidence, criterion=criterion, sku=sku)
    return evidence


def _offer_of(session: Session, supplier_id: int, criterion: Criterion, sku: str) -> int | None:
    if criterion.of_supplier:
        if sku:
            raise InvalidInput("This criterion is about you, not about an article: leave the SKU out.", field="sku")
        return None
    if not sku:
        raise InvalidInput("This criterion is about an article: say which, by its SKU.", field="sku")
    offer_id = session.scalar(select(Offer.id).where(Offer.supplier_id == supplier_id, Offer.sku == sku))
    if offer_id is None:
        raise InvalidInput("You offer no {sku}.", code="unknown_sku", field="sku", sku=sku)
    return offer_id


def _file_name(name: str, content: bytes) -> str:
    ending = next((ending for start, ending in _SIGNATURES.items() if content.startswith(start)), None)
    if ending is None or len(content) > FILE_LIMIT_BYTES:
        raise InvalidInput(
            "A file is a PDF, PNG or JPEG of at most {limit} MB.", field="file", limit=FILE_LIMIT_BYTES // 10**6
        )
    return (Path(name).stem[:90] or "evidence") + ending


def file_of(evidence: Evidence) -> tuple[str, bytes]:
    """The file of a piece of evidence. Raises `NotFound` where there is none."""
    if evidence.content is None:
        raise NotFound("This evidence has no file.")
    return evidence.file_name, evidence.content


def withdraw_evidence(session: Session, actor: Actor, evidence_id: int) -> None:
    """Take back what was shown."""
    evidence = get_own_evidence(session, actor, evidence_id)
    evidence.withdrawn_at = clock.now()
    audit.record(session, actor.label, "evidence.withdrawn", evidence)


def get_own_evidence(session: Session, actor: Actor, evidence_id: int) -> Evidence:
    """A piece of evidence of the actor's supplier. Raises `NotFound`."""
    supplier_id = require_supplier(session, actor)
    found = session.get(Evidence, evidence_id)
    if found is None or found.supplier_id != supplier_id or found.withdrawn_at is not None:
        raise NotFound("There is no such evidence.")
    return found


class EvidenceRow(NamedTuple):
    """A piece of evidence in a list; `trust` as CHARTER.md names it."""

    id: int
    criterion: str
    sku: str | None
    article: str | None
    words: str
    expires_on: date | None
    file_name: str
    status: str
    sent_at: datetime
    trust: str


def list_own_evidence(session: Session, supplier_id: int, cursor: str | None, limit: int) -> Page[EvidenceRow]:
    """What a supplier shows, the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT e.id, e.criterion, o.sku, o.name, e.words, e.expires_on, e.file_name, e.status, e.sent_at
            FROM evidence e LEFT JOIN offers o ON o.id = e.offer_id
            WHERE e.supplier_id = :supplier_id AND e.withdrawn_at IS NULL AND e.id < :after
            ORDER BY e.id DESC LIMIT :limit
        """),
        {"supplier_id": supplier_id, "after": after[0] if after else 2**31 - 1, "limit": limit + 1},
    )
    today = clock.today()
    found = [
        EvidenceRow._make((*row, trust_of(row.status, bool(row.file_name), row.expires_on, today))) for row in rows
    ]
    return page_of(found, limit, lambda row: (row.id,))
