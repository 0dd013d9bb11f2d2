"""The demo's tenders: one whose bids are open and wait for the award, one that takes sealed bids."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Role
from app.catalog.suppliers import supplier_id_of
from app.core import clock
from app.sourcing.tenders import preparation
from app.sourcing.tenders.bid_opening import mark_service, open_bids
from app.sourcing.tenders.bids import OfferedLine, submit_bid
from app.sourcing.tenders.models import AwardBy
from app.sourcing.tenders.preparation import Need, TenderTerms
from app.sourcing.tenders.queries import bids_of, needs_of
from app.sourcing.tenders.questions import answer_question, ask_question
from app.sourcing.tenders.ranking import Measure

_WEIGHTS = {Measure.PRICE: 50, Measure.CHARTER: 30, Measure.LEAD_TIME: 10, Measure.SERVICE: 10}
_CENT = Decimal("0.01")


class _Bidder(NamedTuple):
    code: str
    percent: int  # of the list price
    days: int
    words: str
    mark: int
    why: str


_BIDDERS = (
    _Bidder("VOSGES", 84, 6, "Reprise des tailles invendues pendant un an.", 85, "Reprise des invendus"),
    _Bidder("RHINSECU", 81, 9, "Livraison groupée sans frais.", 60, "Livraison sans frais, pas de reprise"),
    _Bidder("THUR", 93, 4, "Confection à Thann, retouches comprises.", 95, "Retouches comprises, atelier visitable"),
)


def hold_tenders(session: Session, manager: Actor) -> None:
    """Play one tender up to its comparison in the past, and send another one out today."""
    begin = clock.now() - timedelta(days=25)
    with clock.frozen(begin):
        codes = _send_out(session, manager, "AO-GANTS", "Gants et vêtements de travail 2027", "Protection individuelle")
        question = ask_question(session, _speaker(session, "VOSGES"), "AO-GANTS", "Une seule livraison par parc ?")
        answer_question(session, manager, "AO-GANTS", question.id or 0, "Oui, une par parc et par tournée.")
        for bidder in _BIDDERS:
            _bid(session, bidder, "AO-GANTS")
    with clock.frozen(begin + timedelta(days=20)):
        open_bids(session, manager, "AO-GANTS", codes[:2])
        tender = preparation.get_tender(session, "AO-GANTS")
        marks = {supplier_id_of(session, bidder.code): bidder for bidder in _BIDDERS}
        for bid in bids_of(session, tender):
            bidder = marks[bid.supplier_id]
            mark_service(session, manager, "AO-GANTS", bid.id, bidder.mark, bidder.why)
    _send_out(session, manager, "AO-PAPIER", "Papier et fournitures 2027", "Bureau")


def _send_out(session: Session, manager: Actor, reference: str, title: str, category: str) -> list[str]:
    now = clock.now()
    deadline = now + timedelta(days=15)
    terms = TenderTerms(
        title, "Besoin annuel des trois parcs, livré par tournée groupée.", AwardBy.LINE, _WEIGHTS,
        now + timedelta(days=8), deadline, (deadline + timedelta(days=30)).date(), (now + timedelta(days=420)).date(),
    )  # fmt: skip
    preparation.create_tender(session, manager, reference, terms)
    preparation.add_needs(session, manager, reference, _needs(session, category))
    preparation.invite(session, manager, reference, [one.code for one in _BIDDERS] + ["ALSABURO", "LAUCH"])
    return preparation.publish(session, manager, reference)


def _needs(session: Session, category: str) -> Sequence[Need]:
    """A few articles that several sell, a year's worth of each."""
    rows = session.execute(
        text("""
            SELECT p.ref, p.name FROM products p JOIN categories c ON c.id = p.category_id AND c.name = :category
            JOIN offers o ON o.product_id = p.id GROUP BY p.id
            ORDER BY count(*) DESC, p.ref LIMIT 6
        """),
        {"category": category},
    )
    return [Need(row.ref, 120 + 40 * at, category) for at, row in enumerate(rows)]


def _bid(session: Session, bidder: _Bidder, reference: str) -> None:
    tender = preparation.get_tender(session, reference)
    rows = session.execute(
        text("SELECT ref, lowest_price FROM products WHERE ref = ANY(:refs)"),
        {"refs": [need.product_ref for need in needs_of(session, tender)]},
    )
    prices = {row.ref: row.lowest_price for row in rows}
    lines = [
        OfferedLine(
            need.id, f"{bidder.code[:3]}-AO-{at:02d}", need.product,
            (Decimal(prices[need.product_ref]) * (bidder.percent + at) / 100).quantize(_CENT),
            lead_time_days=bidder.days, origin_country="FR" if bidder.code == "THUR" else "",
        )
        for at, need in enumerate(needs_of(session, tender))
    ]  # fmt: skip
    submit_bid(session, _speaker(session, bidder.code), reference, lines, bidder.words)


def _speaker(session: Session, code: str) -> Actor:
    return Actor(code, frozenset({Role.SUPPLIER}), code, supplier_id=supplier_id_of(session, code))
