"""Evidence for the charter: what suppliers show, how far it is believed."""

import hashlib
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.service import check_siret
from app.catalog.models import Offer
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.database import row_as
from app.core.errors import InvalidInput, NotFound
from app.core.pagination import Page, decode_cursor, page_of
from app.sourcing.charter.models import Evidence, EvidenceStatus
from app.sourcing.charter.version import CharterVersion, Words
from app.sourcing.charter.versions import current_charter

MADE_IN = "made_in"  # not a criterion that gives points of its own: it proves where a thing is made
MADE_IN_WORDS = Words("lieu de fabrication", "where it is made")
FILE_LIMIT_BYTES = 10_000_000
_SIGNATURES = {b"%PDF-": ".pdf", b"\x89PNG": ".png", b"\xff\xd8\xff": ".jpg"}


class MakingPlace(NamedTuple):
    """Where a thing is made, as its supplier says: country (ISO 3166-1 alpha-2), place, the maker's SIRET."""

    country: str = ""
    postal_code: str = ""
    city: str = ""
    siret: str = ""


def trust_of(status: str, has_file: bool, expires_on: date | None, today: date) -> str:
    """How far a piece of evidence is believed, by the names of CHARTER.md; a refused one counts as expired."""
    if status == EvidenceStatus.REFUSED or (expires_on is not None and expires_on < today):
        return "expired"
    if status == EvidenceStatus.VERIFIED:
        return "verified"
    return "documented" if has_file else "declared"


def words_of_criteria(version: CharterVersion) -> dict[str, Words]:
    """What evidence can be for, by key: the criteria of a version, and where a thing is made."""
    return {MADE_IN: MADE_IN_WORDS} | {one.key: one.words for one in version.criteria}


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
    place: MakingPlace | None = None,
) -> Evidence:
    """Show something for a criterion: of the supplier itself, or of one of its offers where the criterion is of those.

    For `made_in` it names the `place`, of one offer or, without a SKU, of all. Raises `InvalidInput` for an unknown
    criterion, a day that has passed, a file that is no PDF, PNG or JPEG, a place of making without its country.
    """
    supplier_id = require_supplier(session, actor)
    if expires_on is not None and expires_on < clock.today():
        raise InvalidInput("What expired shows nothing any more.", field="expires_on")
    evidence = Evidence(
        supplier_id=supplier_id,
        offer_id=_offer_of(session, supplier_id, criterion, sku),
        criterion=criterion,
        words=words.strip()[:500],
        expires_on=expires_on,
        sent_at=clock.now(),
        sent_by=actor.label,
    )
    if criterion == MADE_IN:
        evidence.country, evidence.postal_code, evidence.city, evidence.siret = _checked(place)
    if content:
        evidence.file_name, evidence.content = _file_name(file_name, content), content
        evidence.sha256 = hashlib.sha256(content).hexdigest()
    session.add(evidence)
    session.flush()
    audit.record(session, actor.label, "evidence.submitted", evidence, criterion=criterion, sku=sku)
    tell_of_changed_offers(session, supplier_id)
    return evidence


def _checked(place: MakingPlace | None) -> MakingPlace:
    """Where a thing is made, fit to be kept. Raises `InvalidInput`."""
    country = (place.country if place else "").strip().upper()
    if place is None or len(country) != 2 or not country.isalpha() or not country.isascii():
        raise InvalidInput("Say in which country it is made, by its code of two letters: FR, DE, PT.", field="country")
    return MakingPlace(
        country, place.postal_code.strip()[:10], place.city.strip()[:100], check_siret(place.siret) or ""
    )


def _offer_of(session: Session, supplier_id: int, key: str, sku: str) -> int | None:
    criterion = next((one for one in current_charter(session).criteria if one.key == key), None)
    if criterion is None and key != MADE_IN:
        raise InvalidInput("The charter has no criterion {criterion}.", field="criterion", criterion=key)
    if criterion is not None and criterion.of_supplier and sku:
        raise InvalidInput("This criterion is about you, not about an article: leave the SKU out.", field="sku")
    if criterion is not None and not criterion.of_supplier and not sku:
        raise InvalidInput("This criterion is about an article: say which, by its SKU.", field="sku")
    if not sku:
        return None
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
    tell_of_changed_offers(session, evidence.supplier_id)
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
    decided_words: str
    country: str
    place: str
    trust: str


def list_own_evidence(session: Session, supplier_id: int, cursor: str | None, limit: int) -> Page[EvidenceRow]:
    """What a supplier shows, the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT e.id, e.criterion, o.sku, o.name AS article, e.words, e.expires_on, e.file_name, e.status, e.sent_at,
                e.decided_words, e.country, btrim(e.postal_code || ' ' || e.city) AS place
            FROM evidence e LEFT JOIN offers o ON o.id = e.offer_id
            WHERE e.supplier_id = :supplier_id AND e.withdrawn_at IS NULL AND e.id < :after
            ORDER BY e.id DESC LIMIT :limit
        """),
        {"supplier_id": supplier_id, "after": after[0] if after else 2**31 - 1, "limit": limit + 1},
    )
    today = clock.today()
    found = [
        row_as(EvidenceRow, row, trust=trust_of(row.status, bool(row.file_name), row.expires_on, today)) for row in rows
    ]
    return page_of(found, limit, lambda row: (row.id,))
