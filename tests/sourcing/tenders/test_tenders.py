"""Tenders from the need to the offers: sealed until the deadline, compared by what was announced, awarded, recorded."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.accounts.actor import Actor
from app.catalog.dated_offers import withdraw_ended_offers
from app.catalog.models import Offer, Product, Supplier
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.sourcing.charter.evidence import submit_evidence
from app.sourcing.tenders import awards, bid_opening, preparation, queries, questions
from app.sourcing.tenders import bids as tenders_bids
from app.sourcing.tenders.bids import OfferedLine
from app.sourcing.tenders.models import AwardBy, Tender, TenderStatus
from app.sourcing.tenders.preparation import Need, TenderTerms
from app.sourcing.tenders.ranking import Measure
from app.sourcing.tenders.seal import WrongCodes
from tests.factories import World
from tests.site import Site
from tests.sourcing.charter.test_stored_scores import speaker_of
from tests.sourcing.charter.test_verification import letters

D = Decimal
SECRET_PRICE, SECRET_WORDS = "73.1234", "remise exceptionnelle de fin de série"


@dataclass
class Call:
    """A tender for two products, three suppliers invited; `codes` open it."""

    world: World
    manager: Actor
    products: list[Product]
    suppliers: list[Supplier]
    speakers: list[Actor]
    codes: list[str] = field(default_factory=list)
    reference: str = "AO-1"

    @classmethod
    def of(cls, world: World, *, award_by: AwardBy = AwardBy.LINE, publish: bool = True, **weights: int) -> "Call":
        session, manager = world.session, world.a_manager()
        products = [session.get_one(Product, world.an_offer().product_id) for _one in range(2)]
        suppliers = [world.a_supplier(code) for code in ("A", "B", "C")]
        call = cls(world, manager, products, suppliers, [speaker_of(world, one) for one in suppliers])
        preparation.create_tender(session, manager, call.reference, call.terms(award_by, **weights))
        needs = [Need(product.ref, 100 * (at + 1), "Lot 1") for at, product in enumerate(products)]
        preparation.add_needs(session, manager, call.reference, needs)
        preparation.invite(session, manager, call.reference, ["A", "B"])
        if publish:
            call.codes = preparation.publish(session, manager, call.reference)
        return call

    def terms(self, award_by: AwardBy = AwardBy.LINE, **weights: int) -> TenderTerms:
        now = clock.now()
        weighed = weights or {"price": 60, "charter": 30, "lead_time": 10, "service": 0}
        return TenderTerms(
            "Gants 2027", "Un an de gants", award_by, {measure: weighed[measure.value] for measure in Measure},
            now + timedelta(days=5), now + timedelta(days=10), date(2026, 4, 1), date(2026, 12, 31),
        )  # fmt: skip

    @property
    def tender(self) -> Tender:
        return preparation.get_tender(self.world.session, self.reference)

    def lines(self, *prices: str, days: int = 5, mark: str = "") -> list[OfferedLine]:
        needs = queries.needs_of(self.world.session, self.tender)
        return [
            OfferedLine(need.id, f"T{mark}{at}", f"Gants {at}", D(price), lead_time_days=days)
            for at, (need, price) in enumerate(zip(needs, prices, strict=False))
            if price
        ]

    def bid(self, who: int, *prices: str, days: int = 5, words: str = "") -> tenders_bids.Receipt:
        return tenders_bids.submit_bid(
            self.world.session, self.speakers[who], self.reference, self.lines(*prices, days=days), words
        )

    def after_the_deadline(self) -> object:
        return clock.frozen(self.tender.deadline + timedelta(seconds=1))

    def open(self) -> None:
        bid_opening.open_bids(self.world.session, self.manager, self.reference, self.codes[1:])

    def award(self, **choices: awards.LotChoice) -> None:
        awards.award(self.world.session, self.manager, self.reference, choices)


def test_bids_cannot_be_opened_before_the_deadline_by_anybody(world: World) -> None:
    call = Call.of(world)
    call.bid(0, SECRET_PRICE, SECRET_PRICE, words=SECRET_WORDS)
    with pytest.raises(Conflict, match="after the deadline"):
        call.open()
    with clock.frozen(call.tender.deadline - timedelta(seconds=1)), pytest.raises(Conflict):
        call.open()
    assert call.tender.status is TenderStatus.PUBLISHED


def test_nothing_in_the_database_tells_what_was_bid_or_opens_it(world: World) -> None:
    call = Call.of(world)
    call.bid(0, SECRET_PRICE, SECRET_PRICE, words=SECRET_WORDS)
    dump = everything_in(world.session)
    assert "AO-1" in dump
    for secret in (SECRET_PRICE, SECRET_WORDS, SECRET_PRICE.encode().hex(), SECRET_WORDS.encode().hex(), *call.codes,
                   *(code.replace("-", "") for code in call.codes)):  # fmt: skip
        assert secret not in dump
    with call.after_the_deadline():
        call.open()
    assert SECRET_WORDS in everything_in(world.session)


def everything_in(session: Session) -> str:
    """Every row of every table as text, the queue of letters included."""
    session.flush()
    tables = session.scalars(
        text("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    ).all()
    rows = (session.scalars(text(f'SELECT t::text FROM "{table}" t')).all() for table in tables)
    return "\n".join(row for found in rows for row in found)


def test_two_codes_are_needed_even_after_the_deadline(world: World) -> None:
    call = Call.of(world)
    call.bid(0, "5", "5")
    with call.after_the_deadline():
        for codes in (call.codes[:1], [call.codes[0], "AAAA"], []):
            with pytest.raises(WrongCodes):
                bid_opening.open_bids(world.session, call.manager, call.reference, codes)
        call.open()
        with pytest.raises(Conflict):
            call.open()


def test_no_bid_is_taken_from_the_deadline_on(world: World) -> None:
    call = Call.of(world)
    with clock.frozen(call.tender.deadline), pytest.raises(Conflict, match="deadline"):
        call.bid(0, "5", "5")
    with clock.frozen(call.tender.deadline - timedelta(seconds=1)):
        assert call.bid(0, "5", "5").digest


def test_a_new_bid_takes_the_place_of_the_old_one_and_only_it_is_opened(world: World) -> None:
    call = Call.of(world)
    first, second = call.bid(0, "9", "9"), call.bid(0, "8", "8")
    assert first.digest != second.digest
    assert tenders_bids.receipt_of(world.session, call.tender, call.suppliers[0].id or 0) == second
    call.bid(1, "7", "")
    tenders_bids.withdraw_bid(world.session, call.speakers[1], call.reference)
    with call.after_the_deadline():
        call.open()
    (lot, _other) = bid_opening.compare(world.session, call.tender)
    assert [one.bid.amount for one in lot.ranked] == [D(800)]


def test_what_was_received_never_changes_and_a_touched_bid_is_set_aside(world: World) -> None:
    call = Call.of(world)
    call.bid(0, "9", "9")
    for statement in ("UPDATE tender_bids SET sealed = 'x'", "DELETE FROM tender_bids"):
        with pytest.raises(IntegrityError, match="never changes"), world.session.begin_nested():
            world.session.execute(text(statement))
    world.session.execute(text("ALTER TABLE tender_bids DISABLE TRIGGER tender_bids_stay_as_received"))
    world.session.execute(text("UPDATE tender_bids SET sealed = sealed || '\\x00'"))
    world.session.execute(text("ALTER TABLE tender_bids ENABLE TRIGGER tender_bids_stay_as_received"))
    call.bid(1, "9", "9")
    with call.after_the_deadline():
        call.open()
    rows = queries.bids_of(world.session, call.tender)
    assert [bool(row.fault) for row in rows] == [True, False]


def test_who_is_not_invited_sees_and_does_nothing(world: World) -> None:
    call = Call.of(world, publish=False)
    with pytest.raises(NotFound):
        tenders_bids.get_invited(world.session, call.speakers[0], call.reference)  # not out yet
    call.codes = preparation.publish(world.session, call.manager, call.reference)
    for step in (
        lambda: call.bid(2, "5", "5"),
        lambda: questions.ask_question(world.session, call.speakers[2], call.reference, "?"),
        lambda: tenders_bids.decline(world.session, call.speakers[2], call.reference),
    ):
        with pytest.raises(NotFound):
            step()
    with pytest.raises(NotAllowed):
        preparation.publish(world.session, call.speakers[0], call.reference)
    with pytest.raises(NotAllowed):
        bid_opening.open_bids(world.session, call.speakers[0], call.reference, call.codes[:2])


def test_questions_are_answered_before_all_and_nobody_learns_who_asked(world: World) -> None:
    call = Call.of(world)
    session = world.session
    question = questions.ask_question(session, call.speakers[0], call.reference, "Livrés en une fois ?")
    before = letters(session)
    questions.answer_question(session, call.manager, call.reference, question.id or 0, "Oui, par parc.")
    assert sorted(letters(session)[len(before) :]) == sorted(one.identity for one in call.speakers[:2])
    rows = queries.questions_of(session, call.tender)
    assert [(row.words, row.answer) for row in rows] == [("Livrés en une fois ?", "Oui, par parc.")]
    with clock.frozen(call.tender.questions_until + timedelta(seconds=1)), pytest.raises(Conflict):
        questions.ask_question(session, call.speakers[0], call.reference, "Trop tard ?")


def test_lines_go_to_their_best_bids_and_become_offers_with_dates(world: World) -> None:
    call = Call.of(world)
    session = world.session
    call.bid(0, "8.00", "12.00", days=5)
    call.bid(1, "10.00", "9.50", days=4)
    with call.after_the_deadline():
        call.open()
        before = letters(session)
        call.award()
        assert sorted(letters(session)[len(before) :]) == sorted(one.identity for one in call.speakers[:2])
        won = [(row.supplier, row.unit_price, row.offer_id) for row in queries.awards_of(session, call.tender)]
        names = [supplier.name for supplier in call.suppliers]
        assert won == [(names[0], D(8), None), (names[1], D("9.5"), None)]
        assert awards.start_awarded_offers(session) == 0
    with clock.frozen(clock.now().replace(year=2026, month=4, day=1)):
        assert awards.start_awarded_offers(session) == 2
        assert awards.start_awarded_offers(session) == 0
        assert withdraw_ended_offers(session) == 0
    offers = [session.get_one(Offer, row.offer_id) for row in queries.awards_of(session, call.tender)]
    assert [(o.supplier_id, o.product_id, o.tier_prices, o.ends_on, o.withdrawn_at) for o in offers] == [
        (call.suppliers[at].id, call.products[at].id, [price], date(2026, 12, 31), None)
        for at, price in enumerate((D(8), D("9.5")))
    ]
    with clock.frozen(clock.now().replace(year=2027, month=1, day=1)):
        assert withdraw_ended_offers(session) == 2
        assert withdraw_ended_offers(session) == 0


def test_a_lot_is_priced_whole_and_goes_as_a_whole(world: World) -> None:
    call = Call.of(world, award_by=AwardBy.LOT)
    with pytest.raises(InvalidInput, match="as a whole"):
        call.bid(0, "5", "")
    call.bid(0, "10", "10")
    call.bid(1, "12", "8")
    with call.after_the_deadline():
        call.open()
        call.award()
    assert {row.supplier for row in queries.awards_of(world.session, call.tender)} == {call.suppliers[1].name}


def test_another_bid_than_the_best_needs_a_reason_and_so_does_nobody(world: World) -> None:
    call = Call.of(world)
    call.bid(0, "8", "8")
    call.bid(1, "9", "9")
    first, second = (str(need.id) for need in queries.needs_of(world.session, call.tender))
    dearer = call.suppliers[1].id
    with call.after_the_deadline():
        call.open()
        for choice in (awards.LotChoice(dearer), awards.LotChoice(None)):
            with pytest.raises(InvalidInput, match="why"):
                awards.award(world.session, call.manager, call.reference, {first: choice})
        with pytest.raises(InvalidInput):
            awards.award(world.session, call.manager, call.reference, {"nowhere": awards.LotChoice(None, "x")})
        chosen = {
            first: awards.LotChoice(dearer, "échantillon défectueux"),
            second: awards.LotChoice(None, "trop cher"),
        }
        awards.award(world.session, call.manager, call.reference, chosen)
    rows = queries.awards_of(world.session, call.tender)
    assert [(row.supplier, row.reason) for row in rows] == [(call.suppliers[1].name, "échantillon défectueux")]


def test_service_is_marked_with_reasons_before_the_award(world: World) -> None:
    call = Call.of(world, price=50, charter=0, lead_time=0, service=50)
    call.bid(0, "8", "8")
    call.bid(1, "9", "9")
    with call.after_the_deadline():
        call.open()
        bids = queries.bids_of(world.session, call.tender)
        with pytest.raises(Conflict, match="mark"):
            call.award()
        with pytest.raises(InvalidInput):
            bid_opening.mark_service(world.session, call.manager, call.reference, bids[0].id, 101, "trop")
        for bid, mark in zip(bids, (40, 90), strict=True):
            bid_opening.mark_service(world.session, call.manager, call.reference, bid.id, mark, "reprise des invendus")
        call.award()
    assert {row.supplier for row in queries.awards_of(world.session, call.tender)} == {call.suppliers[1].name}


def test_the_charter_score_of_a_bid_is_that_of_the_suppliers_evidence(world: World) -> None:
    call = Call.of(world)
    submit_evidence(world.session, call.speakers[0], "inclusion")
    call.bid(0, "8", "8")
    call.bid(1, "8", "8")
    with call.after_the_deadline():
        call.open()
    (lot, _other) = bid_opening.compare(world.session, call.tender)
    points = {one.bid.supplier: one.points[Measure.CHARTER] for one in lot.ranked}
    assert points == {call.suppliers[0].id: D(8), call.suppliers[1].id: D(0)}


def test_a_tender_that_is_out_does_not_change_and_can_be_called_off_with_a_reason(world: World) -> None:
    call = Call.of(world)
    session = world.session
    for step in (
        lambda: preparation.change_tender(session, call.manager, call.reference, call.terms()),
        lambda: preparation.add_needs(session, call.manager, call.reference, [Need(call.products[0].ref, 1)]),
        lambda: preparation.invite(session, call.manager, call.reference, ["C"]),
        lambda: preparation.publish(session, call.manager, call.reference),
    ):
        with pytest.raises(Conflict):
            step()
    with pytest.raises(InvalidInput):
        preparation.cancel_tender(session, call.manager, call.reference, " ")
    before = letters(session)
    preparation.cancel_tender(session, call.manager, call.reference, "budget refusé")
    assert len(letters(session)) == len(before) + 2
    with pytest.raises(Conflict):
        call.bid(0, "1", "1")


@pytest.mark.parametrize(
    "line",
    [
        {"sku": ""},
        {"name": " "},
        {"unit_price": D("-1")},
        {"unit_price": D("1.23456")},
        {"lead_time_days": 0},
        {"pack_size": 0},
        {"vat_rate": D(101)},
        {"origin_country": "France"},
        {"line_id": 999_999},
    ],
)
def test_a_bid_is_checked_before_it_is_sealed(world: World, line: dict[str, object]) -> None:
    call = Call.of(world)
    (good, *_rest) = call.lines("5", "5")
    broken = OfferedLine(**{**good.__dict__, **line})  # type: ignore[arg-type]
    with pytest.raises(InvalidInput):
        tenders_bids.submit_bid(world.session, call.speakers[0], call.reference, [broken])
    assert tenders_bids.receipt_of(world.session, call.tender, call.suppliers[0].id or 0) is None


def test_the_record_tells_everything_from_the_draft_to_the_award(world: World, site: Site) -> None:
    call = Call.of(world)
    call.bid(0, "8", "8")
    with call.after_the_deadline():
        call.open()
        call.award()
        page = site.get("/tenders/AO-1/record", call.manager).text
        whole = site.get("/tenders/AO-1/record.json", call.manager).json()
    for action in ("created", "needs_added", "invited", "published", "bid_received", "opened", "awarded"):
        assert f"tender.{action}" in page
    assert whole["bids"][0]["digest"] in str(whole["events"])
    assert [one["unit_price"] for one in whole["awards"]] == ["8.0000", "8.0000"]


def test_the_pages_lead_from_the_draft_to_the_award(world: World, site: Site) -> None:
    session, manager = world.session, world.a_manager()
    product = session.get_one(Product, world.an_offer(name="Gants nitrile").product_id)
    supplier = world.a_supplier("A")
    speaker = speaker_of(world, supplier)
    fields = {"reference": "AO-9", "title": "Gants", "weight": ["60", "30", "10", "0"],
              "questions_until": "2026-03-05T12:00", "deadline": "2026-03-06T12:00", "offers_from": "2026-03-06",
              "offers_until": "2026-12-31"}  # fmt: skip
    refused = site.post("/tenders", manager, data=fields | {"weight": ["60", "60", "0", "0"]})
    assert (refused.status_code, "100 %" in refused.text) == (422, True)
    assert site.post("/tenders", manager, data=fields).status_code == 303
    assert "Line 1" in site.post("/tenders/AO-9/needs", manager, data={"needs": "P1"}).text
    assert site.post("/tenders/AO-9/needs", manager, data={"needs": f"{product.ref}; 50; Gants"}).status_code == 303
    assert site.post("/tenders/AO-9/invitations", manager, data={"supplier": ["A"]}).status_code == 303
    shown = site.post("/tenders/AO-9/publish", manager)
    codes = [line.split("<strong>")[1].split("<")[0] for line in shown.text.split('class="mono"')[1:]]
    assert (len(codes), shown.headers["cache-control"]) == (3, "no-store")
    assert not any(code in site.get("/tenders/AO-9", manager).text for code in codes)
    need = queries.needs_of(session, preparation.get_tender(session, "AO-9"))[0]
    row = {"line_id": need.id, "sku": "G1", "name": "Gants", "price": "x", "pack_size": "1", "min_quantity": "1",
           "lead_time_days": "3", "vat_rate": "20", "origin_country": "FR"}  # fmt: skip
    wrong = site.post("/supplier/tenders/AO-9/bid", speaker, data=row)
    assert (wrong.status_code, 'value="G1"' in wrong.text) == (422, True)
    assert site.post("/supplier/tenders/AO-9/bid", speaker, data=row | {"price": "4,25"}).status_code == 303
    own = site.get("/supplier/tenders/AO-9", speaker).text
    assert "sealed" in own
    assert "4.25" not in own
    with clock.frozen(clock.now() + timedelta(days=10)):
        assert site.post("/tenders/AO-9/opening", manager, data={"code": [codes[0], codes[0]]}).status_code == 422
        assert site.post("/tenders/AO-9/opening", manager, data={"code": codes[:2]}).status_code == 303
        assert "€212.50" in site.get("/tenders/AO-9", manager).text
        assert site.post("/tenders/AO-9/award", manager, data={}).status_code == 303
        assert "Awarded to you" in site.get("/supplier/tenders/AO-9", speaker).text
    offer = session.scalars(text("SELECT tier_prices FROM offers WHERE sku = 'G1'")).one()
    assert offer == [D("4.2500")]


def test_past_demand_becomes_a_need_with_a_forecast(world: World, site: Site) -> None:
    offer = world.an_offer()
    world.an_order(world.an_open_round("R"), (offer, 10))
    world.play("R")
    call = Call.of(world, publish=False)
    with clock.frozen(clock.now() + timedelta(days=4)):
        days = {"first": "2026-01-01", "last": "2026-03-31", "growth": "25", "most": "5"}
        assert site.post("/tenders/AO-1/past-needs", call.manager, data=days).status_code == 303
    needs = queries.needs_of(world.session, call.tender)
    assert [need.quantity for need in needs if need.product == offer.name] == [13]
