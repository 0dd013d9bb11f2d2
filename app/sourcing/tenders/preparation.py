"""Preparing a tender: its dates and weights, the need line by line, who is invited; then it goes out, sealed."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.supplier_letters import Said, write_to_suppliers
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import format_instant
from app.core.i18n import gettext as _
from app.notify.letters import Action
from app.sourcing.tenders.models import AwardBy, Tender, TenderInvitation, TenderLine, TenderStatus
from app.sourcing.tenders.ranking import Measure
from app.sourcing.tenders.seal import new_seal
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent

MOST_LINES = 1000
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")


@dataclass(frozen=True)
class TenderTerms:
    """What a tender says of itself; weights in percent, 100 together."""

    title: str
    description: str
    award_by: AwardBy
    weights: Mapping[Measure, int]
    questions_until: datetime
    deadline: datetime
    offers_from: date
    offers_until: date


class Need(NamedTuple):
    """Units needed of a product, by its reference, in a lot."""

    product_ref: str
    quantity: int
    lot: str = ""
    words: str = ""


def get_tender(session: Session, reference: str, *, lock: bool = False) -> Tender:
    """A tender by its reference. Raises `NotFound`."""
    query = select(Tender).where(Tender.reference == reference)
    found = session.exec(query.with_for_update() if lock else query).one_or_none()
    if found is None:
        raise NotFound("There is no such tender.")
    return found


def tender_key(tender: Tender) -> int:
    """The number of a stored tender."""
    assert tender.id is not None
    return tender.id


def weights_of(tender: Tender) -> dict[Measure, int]:
    """What each measure weighs, in percent."""
    return {measure: getattr(tender, f"weight_{measure.value}") for measure in Measure}


def create_tender(session: Session, actor: Actor, reference: str, terms: TenderTerms) -> Tender:
    """Begin a tender as a draft. Raises `InvalidInput` for terms that do not fit, `Conflict` for a reference in use."""
    actor.require(Permission.MANAGE_SOURCING)
    if not _REFERENCE.fullmatch(reference):
        raise InvalidInput("A reference has letters, figures, dots and dashes, at most 40.", field="reference")
    if session.exec(select(Tender.id).where(Tender.reference == reference)).one_or_none() is not None:
        raise Conflict("There is a tender {reference} already.", field="reference", reference=reference)
    tender = Tender(
        reference=reference, title="", questions_until=terms.questions_until, deadline=terms.deadline,
        offers_from=terms.offers_from, offers_until=terms.offers_until,
    )  # fmt: skip
    _take(tender, terms)
    session.add(tender)
    session.flush()
    audit.record(session, actor.label, "tender.created", tender, reference=reference)
    return tender


def change_tender(
    session: Session, actor: Actor, reference: str, terms: TenderTerms, expected_version: int | None = None
) -> Tender:
    """Change a draft."""
    tender = _draft(session, actor, reference, expected_version)
    _take(tender, terms)
    tender.version += 1
    session.flush()
    audit.record(session, actor.label, "tender.changed", tender)
    return tender


def _take(tender: Tender, terms: TenderTerms) -> None:
    if not terms.title.strip():
        raise InvalidInput("A tender has a title.", field="title")
    if sum(terms.weights.values()) != 100 or min(terms.weights.values()) < 0:
        raise InvalidInput("The weights of the criteria make 100 % together.", field="weights")
    if not clock.now() < terms.questions_until <= terms.deadline:
        raise InvalidInput("Questions end before the deadline, and both lie ahead.", field="deadline")
    if not terms.deadline.astimezone(clock.PARIS).date() <= terms.offers_from <= terms.offers_until:
        raise InvalidInput("The offers begin after the deadline and end after they begin.", field="offers_from")
    tender.title, tender.description = terms.title.strip()[:200], terms.description.strip()[:5000]
    tender.award_by = terms.award_by
    tender.questions_until, tender.deadline = terms.questions_until, terms.deadline
    tender.offers_from, tender.offers_until = terms.offers_from, terms.offers_until
    for measure, weight in terms.weights.items():
        setattr(tender, f"weight_{measure.value}", weight)


def add_needs(session: Session, actor: Actor, reference: str, needs: Sequence[Need]) -> None:
    """Put needs into a draft; of a product that is in it already the new quantity counts.

    Raises `InvalidInput` naming a product that is not known.
    """
    tender = _draft(session, actor, reference)
    wanted = {need.product_ref: need for need in needs}
    rows = session.execute(text("SELECT ref, id FROM products WHERE ref = ANY(:refs)"), {"refs": list(wanted)})
    products = {row.ref: row.id for row in rows}
    for ref, need in wanted.items():
        if ref not in products:
            raise InvalidInput("There is no product {ref}.", field="product_ref", ref=ref)
        if not 1 <= need.quantity <= 10**8:
            raise InvalidInput("{ref}: a quantity is a whole number from 1 on.", field="quantity", ref=ref)
    session.execute(
        text("""
            INSERT INTO tender_lines (tender_id, lot, product_id, quantity, words)
            SELECT :tender, n.* FROM unnest(CAST(:lots AS text[]), CAST(:products AS int[]), CAST(:quantities AS int[]),
                CAST(:words AS text[])) AS n
            ON CONFLICT (tender_id, product_id) DO UPDATE
            SET lot = EXCLUDED.lot, quantity = EXCLUDED.quantity, words = EXCLUDED.words
        """),
        {
            "tender": tender_key(tender),
            "lots": [need.lot.strip()[:60] for need in wanted.values()],
            "products": [products[ref] for ref in wanted],
            "quantities": [need.quantity for need in wanted.values()],
            "words": [need.words.strip()[:500] for need in wanted.values()],
        },
    )
    session.expire_all()
    if len(_line_ids(session, tender)) > MOST_LINES:
        raise InvalidInput("A tender has at most {most} lines.", field="lines", most=MOST_LINES)
    audit.record(session, actor.label, "tender.needs_added", tender, needs=[list(need) for need in wanted.values()])


def remove_line(session: Session, actor: Actor, reference: str, line_id: int) -> None:
    """Take a need out of a draft."""
    tender = _draft(session, actor, reference)
    line = session.get(TenderLine, line_id)
    if line is None or line.tender_id != tender.id:
        raise NotFound("There is no such line.")
    session.delete(line)
    audit.record(session, actor.label, "tender.line_removed", tender, product_id=line.product_id)
    session.flush()


def _line_ids(session: Session, tender: Tender) -> list[int]:
    return [id_ for id_ in session.exec(select(TenderLine.id).where(TenderLine.tender_id == tender.id)) if id_]


def invite(session: Session, actor: Actor, reference: str, supplier_codes: Sequence[str]) -> None:
    """Say who is asked to bid: these suppliers, and nobody else. Raises `InvalidInput` for an unknown one."""
    tender = _draft(session, actor, reference)
    rows = session.execute(
        text("SELECT code, id FROM suppliers WHERE active AND code = ANY(:codes)"), {"codes": list(supplier_codes)}
    )
    found = {row.code: row.id for row in rows}
    for code in supplier_codes:
        if code not in found:
            raise InvalidInput("There is no supplier {supplier}.", field="suppliers", supplier=code)
    session.execute(text("DELETE FROM tender_invitations WHERE tender_id = :id"), {"id": tender.id})
    session.add_all(TenderInvitation(tender_id=tender_key(tender), supplier_id=key) for key in found.values())
    session.flush()
    audit.record(session, actor.label, "tender.invited", tender, suppliers=sorted(found))


def publish(session: Session, actor: Actor, reference: str, expected_version: int | None = None) -> list[str]:
    """Send a draft out and make its seal; the three opening codes are given back here, and kept nowhere.

    Raises `Conflict` without lines or invited suppliers, with a line outside any lot, or past its own dates.
    """
    tender = _draft(session, actor, reference, expected_version)
    lines = session.exec(select(TenderLine).where(TenderLine.tender_id == tender.id)).all()
    invited = _invited(session, tender)
    if not lines or not invited:
        raise Conflict("A tender goes out with a need and with invited suppliers.", code="tender_not_whole")
    if tender.award_by is AwardBy.LOT and not all(line.lot for line in lines):
        raise Conflict("Awarded by lot, every line belongs to one.", code="tender_not_whole")
    if tender.questions_until <= clock.now():
        raise Conflict("The dates of this tender have passed: change them first.", code="tender_too_late")
    seal = new_seal()
    tender.public_key, tender.boxes = seal.public_key, seal.boxes
    tender.status = TENDER_LIFE.after(TenderEvent.PUBLISH, tender.status)
    tender.published_at = clock.now()
    tender.version += 1
    session.flush()
    audit.record(session, actor.label, "tender.published", tender, public_key=seal.public_key.hex())

    def say(_supplier_id: int, _locale: str) -> Said:
        until = _("Sealed bids are taken until {deadline}.").format(deadline=format_instant(tender.deadline))
        link = Action(_("Look at the tender"), f"/supplier/tenders/{reference}")
        return Said(_("You are invited to bid: {title}").format(title=tender.title), [tender.description, until], link)

    write_to_suppliers(session, invited, say)
    return seal.codes


def cancel_tender(session: Session, actor: Actor, reference: str, because: str) -> Tender:
    """Call a tender off, with a reason that the invited suppliers are told."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference, lock=True)
    if not TENDER_LIFE.allows(TenderEvent.CANCEL, tender.status):
        raise Conflict("This tender has ended.", code="tender_ended")
    if not because.strip():
        raise InvalidInput("Say why: the invited suppliers are told.", field="because")
    was_out = tender.status is not TenderStatus.DRAFT
    tender.status = TENDER_LIFE.after(TenderEvent.CANCEL, tender.status)
    tender.version += 1
    session.flush()
    audit.record(session, actor.label, "tender.cancelled", tender, because=because.strip()[:500])
    if was_out:

        def say(_supplier_id: int, _locale: str) -> Said:
            link = Action(_("Look at the tender"), f"/supplier/tenders/{reference}")
            return Said(_("Called off: {title}").format(title=tender.title), [because.strip()[:500]], link)

        write_to_suppliers(session, _invited(session, tender), say)
    return tender


def _invited(session: Session, tender: Tender) -> list[int]:
    query = select(TenderInvitation.supplier_id).where(TenderInvitation.tender_id == tender.id)
    return list(session.exec(query))


def _draft(session: Session, actor: Actor, reference: str, expected_version: int | None = None) -> Tender:
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference, lock=True)
    check_version(tender.version, expected_version)
    if not TENDER_LIFE.allows(TenderEvent.CHANGE, tender.status):
        raise Conflict("This tender is out: it does not change any more.", code="tender_out")
    return tender
