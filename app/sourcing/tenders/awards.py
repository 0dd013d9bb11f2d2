"""The award: each lot to its best bid, or to another one with a reason; the lines become offers with dates."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.catalog.dated_offers import AgreedTerms, sell_until
from app.catalog.models import Supplier
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.shelf import refresh_listing
from app.catalog.supplier_letters import Said, write_to_suppliers
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput
from app.core.i18n import format_number
from app.core.i18n import gettext as _
from app.notify.letters import Action
from app.sourcing.tenders.bid_opening import LotComparison, compare, unmarked_bids
from app.sourcing.tenders.models import Tender, TenderAward
from app.sourcing.tenders.preparation import get_tender, tender_key
from app.sourcing.tenders.ranking import Ranked
from app.sourcing.tenders.states import TENDER_LIFE, TenderEvent


class LotChoice(NamedTuple):
    """What the association decides about a lot: a supplier (None: nobody), and why where it is not the best."""

    supplier_id: int | None
    reason: str = ""


class _Decided(NamedTuple):
    lot: LotComparison
    winner: Ranked | None
    reason: str


def award(session: Session, actor: Actor, reference: str, choices: Mapping[str, LotChoice]) -> Tender:
    """Award every lot: to its best bid where `choices` says nothing; winners and losers are told.

    Raises `Conflict` before the opening or with bids that wait for their mark, `InvalidInput` for a choice beside the
    best without its reason.
    """
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference, lock=True)
    if not TENDER_LIFE.allows(TenderEvent.AWARD, tender.status):
        raise Conflict("A tender is awarded once its bids are open.", code="not_open")
    if unmarked_bids(session, tender):
        raise Conflict("Every bid needs its mark for service first.", code="marks_missing")
    lots = compare(session, tender)
    unknown = set(choices) - {lot.key for lot in lots}
    if unknown:
        raise InvalidInput("There is no lot {lot}.", field="lots", lot=min(unknown))
    decided = [_decide(lot, choices.get(lot.key)) for lot in lots]
    for one in decided:
        if one.winner is not None:
            session.add_all(
                TenderAward(
                    line_id=line.id or 0, tender_id=tender_key(tender), bid_id=one.lot.bid_ids[one.winner.bid.supplier],
                    points=one.winner.total, reason=one.reason,
                )
                for line in one.lot.lines
            )  # fmt: skip
    tender.status = TENDER_LIFE.after(TenderEvent.AWARD, tender.status)
    tender.awarded_at = clock.now()
    tender.version += 1
    session.flush()
    audit.record(session, actor.label, "tender.awarded", tender, lots=[_as_record(one) for one in decided])
    _tell(session, tender, decided)
    start_awarded_offers(session, actor)
    return tender


def _decide(lot: LotComparison, choice: LotChoice | None) -> _Decided:
    best = lot.ranked[0] if lot.ranked else None
    if choice is None or (best is not None and choice.supplier_id == best.bid.supplier):
        return _Decided(lot, best, choice.reason.strip() if choice else "")
    if not choice.reason.strip():
        raise InvalidInput("Say why a lot does not go to its best bid.", field="reason")
    if choice.supplier_id is None:
        return _Decided(lot, None, choice.reason.strip()[:500])
    chosen = next((one for one in lot.ranked if one.bid.supplier == choice.supplier_id), None)
    if chosen is None:
        raise InvalidInput("This supplier did not bid on lot {lot}.", field="lots", lot=lot.key)
    return _Decided(lot, chosen, choice.reason.strip()[:500])


def _as_record(one: _Decided) -> dict[str, object]:
    """What the audit keeps of a lot: every bid with its points, who won, why."""
    return {
        "lot": one.lot.key,
        "winner": one.winner.bid.supplier if one.winner else None,
        "reason": one.reason,
        "bids": [
            {
                "supplier_id": ranked.bid.supplier,
                "amount": str(ranked.bid.amount),
                "points": {measure.value: str(points) for measure, points in ranked.points.items()},
                "total": str(ranked.total),
            }
            for ranked in one.lot.ranked
        ],
    }


def _tell(session: Session, tender: Tender, decided: Sequence[_Decided]) -> None:
    """Tell every bidder lot by lot: its points, and the winner's with its name."""
    suppliers = {supplier for one in decided for supplier in one.lot.bid_ids}
    names = dict(session.execute(select(Supplier.id, Supplier.name).where(col(Supplier.id).in_(suppliers))).all())
    titles = lot_titles(session, tender)

    def say(supplier_id: int, _locale: str) -> Said:
        paragraphs = []
        won = False
        for one in decided:
            own = next((ranked for ranked in one.lot.ranked if ranked.bid.supplier == supplier_id), None)
            if own is None:
                continue
            title, points = titles[one.lot.key], format_number(own.total)
            if one.winner is own:
                won = True
                paragraphs.append(_("{lot}: awarded to you, with {points} points.").format(lot=title, points=points))
            elif one.winner is None:
                paragraphs.append(_("{lot}: awarded to nobody. {why}").format(lot=title, why=one.reason))
            else:
                words = _("{lot}: awarded to {winner}, with {best} points; your bid has {points}.")
                best, winner = format_number(one.winner.total), names[one.winner.bid.supplier]
                paragraphs.append(words.format(lot=title, winner=winner, best=best, points=points))
        subject = _("Awarded to you: {title}") if won else _("The outcome of the tender: {title}")
        link = Action(_("Look at the outcome"), f"/supplier/tenders/{tender.reference}")
        return Said(subject.format(title=tender.title), paragraphs, link)

    write_to_suppliers(session, suppliers, say)


def lot_titles(session: Session, tender: Tender) -> dict[str, str]:
    """What lots are called: their name, or their product's where lines stand alone."""
    rows = session.execute(
        text("""
            SELECT l.id, l.lot, p.name FROM tender_lines l JOIN products p ON p.id = l.product_id
            WHERE l.tender_id = :id
        """),
        {"id": tender.id},
    ).all()
    return {str(row.id): row.name for row in rows} | {row.lot: row.lot for row in rows if row.lot}


def start_awarded_offers(session: Session, actor: Actor = SYSTEM) -> int:
    """Put the awarded lines on sale whose first day has come, each once; how many."""
    due = session.execute(
        text("""
            SELECT a.line_id, t.offers_until, b.supplier_id, l.product_id, o.sku, o.name, o.unit_price, o.pack_size,
                o.min_quantity, o.lead_time_days, o.vat_rate, o.origin_country
            FROM tender_awards a
            JOIN tenders t ON t.id = a.tender_id
            JOIN tender_lines l ON l.id = a.line_id
            JOIN tender_bids b ON b.id = a.bid_id
            JOIN tender_bid_lines o ON o.bid_id = a.bid_id AND o.line_id = a.line_id
            WHERE a.offer_id IS NULL AND :today BETWEEN t.offers_from AND t.offers_until
            ORDER BY a.line_id FOR UPDATE OF a
        """),
        {"today": clock.today()},
    ).all()
    for line_id, until, *terms in due:
        offer = sell_until(session, actor.label, AgreedTerms(*terms), until)
        session.get_one(TenderAward, line_id).offer_id = offer.id
    if due:
        session.flush()
        refresh_listing(session)
        for supplier_id in {row.supplier_id for row in due}:
            tell_of_changed_offers(session, supplier_id)
    return len(due)
