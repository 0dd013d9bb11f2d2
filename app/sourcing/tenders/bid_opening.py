"""Opening the bids, once, after the deadline, with two of the three codes; marking service; comparing by lot."""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.models import Offer
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import marked
from app.sourcing.charter.facts import FactsReader
from app.sourcing.charter.score import score_offer
from app.sourcing.charter.versions import current_charter
from app.sourcing.tenders.bids import context_of
from app.sourcing.tenders.models import AwardBy, Tender, TenderBid, TenderBidLine, TenderLine, TenderStatus
from app.sourcing.tenders.preparation import get_tender, tender_key, weights_of
from app.sourcing.tenders.ranking import LotBid, Measure, Priced, Ranked, rank
from app.sourcing.tenders.seal import WrongCodes, digest_of, open_sealed, unlock
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent


def open_bids(session: Session, actor: Actor, reference: str, codes: Sequence[str]) -> Tender:
    """Open every bid in force. Raises `Conflict` before the deadline, `WrongCodes` without two codes of the tender.

    A bid that does not open (its ciphertext was touched) is set aside with its fault; the others are opened.
    """
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference, lock=True)
    if not TENDER_LIFE.allows(TenderEvent.OPEN, tender.status):
        raise Conflict("There are no sealed bids to open here.", code="nothing_sealed")
    if clock.now() < tender.deadline:
        raise Conflict("Bids are opened after the deadline, by nobody before.", code="before_the_deadline")
    private_key = unlock(tender.boxes, codes)
    bids = session.exec(
        select(TenderBid).where(TenderBid.tender_id == tender.id, col(TenderBid.replaced_at).is_(None))
    ).all()
    for bid in bids:
        _open(session, tender, bid, private_key)
    tender.status = TENDER_LIFE.after(TenderEvent.OPEN, tender.status)
    tender.opened_at = clock.now()
    tender.version += 1
    session.flush()
    digests = {str(bid.supplier_id): bid.digest for bid in bids}
    audit.record(session, actor.label, "tender.opened", tender, digests=digests)
    return tender


def _open(session: Session, tender: Tender, bid: TenderBid, private_key: bytes) -> None:
    try:
        if digest_of(bid.sealed) != bid.digest:
            raise WrongCodes
        content = json.loads(open_sealed(private_key, bid.sealed, context_of(tender, bid.supplier_id)))
    except WrongCodes:
        bid.fault = marked("What was received does not open: it was changed since.")
        return
    bid.content = content
    scores = _scores(session, bid.supplier_id, content["lines"])
    session.add_all(
        TenderBidLine(
            bid_id=bid.id or 0,
            **{**line, "unit_price": Decimal(line["unit_price"]), "vat_rate": Decimal(line["vat_rate"])},
            score=scores[line["line_id"]],
        )
        for line in content["lines"]
    )


def _scores(session: Session, supplier_id: int, lines: list[dict[str, Any]]) -> dict[int, int]:
    """The charter score of each line: of the supplier's offer by that SKU where it has one, else as declared."""
    charter = current_charter(session)
    offers = session.exec(
        select(Offer).where(Offer.supplier_id == supplier_id, col(Offer.sku).in_([line["sku"] for line in lines]))
    ).all()
    known = {offer.sku: offer for offer in offers}
    reader = FactsReader(session, charter, [supplier_id], [offer.id or 0 for offer in offers])
    shown = reader.some_offers(known.values())
    facts = {sku: shown[offer.id or 0] for sku, offer in known.items()}
    return {
        line["line_id"]: score_offer(
            facts.get(line["sku"]) or reader.declared(supplier_id, line["origin_country"]), charter
        ).score
        for line in lines
    }


def mark_service(session: Session, actor: Actor, reference: str, bid_id: int, mark: int, reason: str) -> TenderBid:
    """Give an opened bid its mark for service (0 to 100), with the reason; until the award."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference, lock=True)
    bid = session.get(TenderBid, bid_id)
    if bid is None or bid.tender_id != tender.id or bid.content is None:
        raise NotFound("There is no such bid.")
    if tender.status is not TenderStatus.OPENED:
        raise Conflict("Marks are given between the opening and the award.", code="not_open")
    if not 0 <= mark <= 100 or not reason.strip():
        raise InvalidInput("A mark is from 0 to 100, with its reason.", field="mark")
    bid.service_mark, bid.service_reason = mark, reason.strip()[:500]
    session.flush()
    audit.record(session, actor.label, "tender.service_marked", tender, bid_id=bid_id, mark=mark,
                 reason=bid.service_reason)  # fmt: skip
    return bid


@dataclass(frozen=True)
class LotComparison:
    """The bids on a lot, the best first; `key` names it: its name, or the line's number where lines stand alone."""

    key: str
    lines: list[TenderLine]
    ranked: list[Ranked]
    bid_ids: dict[int, int]  # by supplier


def lots_of(tender: Tender, lines: Sequence[TenderLine]) -> dict[str, list[TenderLine]]:
    """What is awarded together, by key."""
    lots: defaultdict[str, list[TenderLine]] = defaultdict(list)
    for line in lines:
        lots[line.lot if tender.award_by is AwardBy.LOT else str(line.id)].append(line)
    return dict(lots)


def compare(session: Session, tender: Tender) -> list[LotComparison]:
    """Every lot with its bids ranked; a bid without a mark has 0 for service."""
    lines = session.exec(
        select(TenderLine).where(TenderLine.tender_id == tender.id).order_by(TenderLine.lot, col(TenderLine.id))
    ).all()
    bids = {bid.id: bid for bid in session.exec(
        select(TenderBid).where(TenderBid.tender_id == tender.id, col(TenderBid.content).is_not(None))
    )}  # fmt: skip
    offered: defaultdict[int, dict[int, TenderBidLine]] = defaultdict(dict)
    for one in session.exec(select(TenderBidLine).where(col(TenderBidLine.bid_id).in_(list(bids)))):
        offered[one.bid_id][one.line_id] = one
    comparisons = []
    for key, lot in lots_of(tender, lines).items():
        whole = [bid for bid in bids.values() if all(line.id in offered[bid.id or 0] for line in lot)]
        lot_bids = [_lot_bid(bid, lot, offered[bid.id or 0]) for bid in whole]
        numbers = {bid.supplier_id: bid.id or 0 for bid in whole}
        comparisons.append(LotComparison(key, lot, rank(lot_bids, weights_of(tender)), numbers))
    return comparisons


def _lot_bid(bid: TenderBid, lot: Sequence[TenderLine], offered: dict[int, TenderBidLine]) -> LotBid:
    priced = [
        Priced(line.quantity, one.unit_price, one.lead_time_days, one.score)
        for line in lot
        for one in (offered[line.id or 0],)
    ]
    return LotBid(bid.supplier_id, priced, bid.service_mark or 0, bid.received_at)


def unmarked_bids(session: Session, tender: Tender) -> int:
    """How many opened bids wait for their mark; none where service weighs nothing."""
    if weights_of(tender)[Measure.SERVICE] == 0:
        return 0
    count = session.scalar(
        text("""
            SELECT count(*) FROM tender_bids
            WHERE tender_id = :id AND content IS NOT NULL AND service_mark IS NULL
        """),
        {"id": tender_key(tender)},
    )
    return int(count or 0)
