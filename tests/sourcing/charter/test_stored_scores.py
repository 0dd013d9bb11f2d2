"""Scores in the database: from evidence and places to grades, kept, explained, tried out by another version."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor, actor_for
from app.catalog.models import Offer, Supplier
from app.catalog.suppliers import add_supplier_user
from app.core import clock
from app.core.errors import InvalidInput
from app.core.places import find_place
from app.sourcing.charter.distances import Site, band_of
from app.sourcing.charter.evidence import MakingPlace, submit_evidence, withdraw_evidence
from app.sourcing.charter.stored_scores import explain, score_offers
from app.sourcing.charter.supplier_grades import list_own_scores, own_grades
from app.sourcing.charter.verification import refuse_evidence, verify_evidence
from app.sourcing.charter.version import FIRST_VERSION, Axis
from tests.factories import World

PNG = b"\x89PNG the label"


@pytest.fixture
def near(world: World) -> World:
    """A world whose park is at Mulhouse."""
    world.park.postal_code, world.park.city = "68200", "Mulhouse"
    world.session.flush()
    return world


def speaker_of(world: World, supplier: Supplier) -> Actor:
    number = next(world.numbers)
    email = f"s{number}@s.example"
    return actor_for(add_supplier_user(world.session, COMMAND_LINE, supplier.code, email=email, name="S", locale="en"))


def scores_of(session: Session, offer_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Score and grade of some offers, as they are kept; offers without one are left out."""
    rows = session.execute(
        text("SELECT offer_id, score, grade FROM offer_scores WHERE offer_id = ANY(:ids)"), {"ids": list(offer_ids)}
    )
    return {row.offer_id: (row.score, row.grade) for row in rows}


def score_now(session: Session, offer: Offer) -> tuple[int, str]:
    score_offers(session)
    return scores_of(session, [offer.id or 0])[offer.id or 0]


@pytest.mark.parametrize(
    ("site", "band"),
    [
        (Site("FR", "68100", "Mulhouse", True), "member"),
        (Site("FR", "68000", "Colmar"), "region"),
        (Site("FR", "68700", "Cernay"), "area"),
        (Site("", "68700", "Cernay"), "area"),
        (Site("France", "88000", "Épinal"), "region"),
        (Site("FR", "51100", "Reims"), "region"),
        (Site("FR", "75001", "Paris"), "france"),
        (Site("FR"), "france"),
        (Site("RE", "97400", "Saint-Denis"), "france"),
        (Site("Germany", "79098", "Freiburg"), "eu"),
        (Site("NO"), "eu"),
        (Site("CH"), "world"),
        (Site("CN"), "world"),
        (Site("Atlantis", "68100"), None),
        (Site(), None),
    ],
)
def test_an_address_falls_into_the_nearest_band(near: World, site: Site, band: str | None) -> None:
    park = find_place("68200", "Mulhouse")
    assert park
    assert band_of(site, [park], FIRST_VERSION) == band


def test_the_gloves_of_the_charters_table(near: World) -> None:
    company = near.a_company()
    company.siret = "73282932000074"
    supplier = near.a_supplier(country="FR", postal_code="68200", city="Mulhouse", siret="73282932000074")
    offer, speaker, manager = near.an_offer(supplier), speaker_of(near, supplier), near.a_manager()
    session = near.session
    place = MakingPlace("FR", "68200", "Mulhouse", "732 829 320 00074")
    made = submit_evidence(session, speaker, "made_in", sku=offer.sku, place=place)
    inclusion = submit_evidence(session, speaker, "inclusion")
    submit_evidence(session, speaker, "code_of_conduct", file_name="code.png", content=PNG)
    submit_evidence(session, speaker, "recycled", sku=offer.sku, file_name="r.png", content=PNG)
    for one in (made, inclusion):
        verify_evidence(session, manager, one.id or 0)
    assert score_now(session, offer) == (68, "B")
    why = explain(session, [offer])[offer.id or 0]
    assert [why.points_of(axis) for axis in Axis] == [Decimal(100), Decimal(65), Decimal(20)]
    stored = session.execute(text("SELECT charter_number, origin, social, environment FROM offer_scores")).one()
    assert tuple(stored) == (1, 100, 65, 20)


def test_a_country_at_risk_limits_the_social_points_until_the_audit_is_verified(near: World) -> None:
    supplier = near.a_supplier(country="FR", postal_code="68700", city="Cernay")
    offer, speaker, session = near.an_offer(supplier), speaker_of(near, supplier), near.session
    submit_evidence(session, speaker, "made_in", place=MakingPlace("BD"), file_name="m.png", content=PNG)
    audit = submit_evidence(session, speaker, "social_audit")
    submit_evidence(session, speaker, "code_of_conduct", file_name="c.png", content=PNG)
    assert score_now(session, offer) == (18, "E")
    assert explain(session, [offer])[offer.id or 0].is_limited_by_risk
    submit_evidence(session, speaker, "fair_trade", sku=offer.sku, file_name="f.png", content=PNG)
    verify_evidence(session, near.a_manager(), audit.id or 0)
    assert score_now(session, offer) == (40, "C")


def test_one_criterion_counts_once_by_its_best_evidence(near: World) -> None:
    supplier = near.a_supplier()
    offer, speaker, session = near.an_offer(supplier), speaker_of(near, supplier), near.session
    for _again in range(3):
        submit_evidence(session, speaker, "inclusion")
    assert explain(session, [offer])[offer.id or 0].score.social == Decimal("22.5")
    better = submit_evidence(session, speaker, "inclusion", file_name="i.png", content=PNG)
    assert explain(session, [offer])[offer.id or 0].score.social == 36
    refuse_evidence(session, near.a_manager(), better.id or 0, "not legible")
    assert explain(session, [offer])[offer.id or 0].score.social == Decimal("22.5")


def test_what_expired_counts_no_more(near: World) -> None:
    supplier = near.a_supplier()
    offer, speaker, session = near.an_offer(supplier), speaker_of(near, supplier), near.session
    submit_evidence(session, speaker, "inclusion", expires_on=clock.today() + timedelta(days=40))
    before = score_now(session, offer)
    assert before[0] > 0
    with clock.frozen(clock.now() + timedelta(days=41)):
        assert score_now(session, offer) == (0, "E")


def test_the_offers_own_place_of_making_stands_over_its_suppliers(near: World) -> None:
    supplier = near.a_supplier()
    session, speaker = near.session, speaker_of(near, supplier)
    local, foreign, declared = (near.an_offer(supplier, origin_country=code) for code in ("", "CN", "FR"))
    submit_evidence(
        session, speaker, "made_in", place=MakingPlace("FR", "68200", "Mulhouse"), file_name="a.png", content=PNG
    )
    why = explain(session, [local, foreign, declared])
    assert [(one.facts.made_in, one.facts.made_in_trust) for one in why.values()] == [
        ("area", "documented"), ("world", "declared"), ("area", "documented")]  # fmt: skip
    submit_evidence(session, speaker, "made_in", sku=declared.sku, place=MakingPlace("PT"))
    facts = explain(session, [declared])[declared.id or 0].facts
    assert (facts.made_in, facts.made_in_trust) == ("eu", "declared")


def test_saying_of_an_article_what_is_proven_of_all_takes_nothing_away(near: World) -> None:
    supplier = near.a_supplier()
    session, speaker, offer = near.session, speaker_of(near, supplier), near.an_offer(supplier)
    here = MakingPlace("FR", "68200", "Mulhouse")
    general = submit_evidence(session, speaker, "made_in", place=here)
    verify_evidence(session, near.a_manager(), general.id or 0)
    before = explain(session, [offer])[offer.id or 0]
    submit_evidence(session, speaker, "made_in", sku=offer.sku, place=MakingPlace("FR"))
    after = explain(session, [offer])[offer.id or 0]
    assert (after.facts.made_in, after.facts.made_in_trust) == ("area", "verified")
    assert after.score == before.score


def test_scores_change_only_where_something_changed_and_withdrawn_offers_lose_theirs(near: World) -> None:
    one, other = near.a_supplier(), near.a_supplier()
    first, second = near.an_offer(one), near.an_offer(other)
    session = near.session
    assert score_offers(session) == 2
    assert score_offers(session) == 0
    submitted = submit_evidence(session, speaker_of(near, one), "inclusion")
    assert score_offers(session, [other.id or 0]) == 0
    assert score_offers(session, [one.id or 0]) == 1
    withdraw_evidence(session, speaker_of(near, one), submitted.id or 0)
    second.withdrawn_at = clock.now()
    assert score_offers(session) == 1
    assert set(scores_of(session, [first.id or 0, second.id or 0])) == {first.id}
    grade = session.scalar(text("SELECT best_grade FROM products WHERE id = :id"), {"id": second.product_id})
    assert grade is None


def test_a_supplier_sees_its_grades_and_what_would_raise_them(near: World) -> None:
    supplier = near.a_supplier()
    offers = [near.an_offer(supplier) for _one in range(3)]
    near.an_offer()
    session, supplier_id = near.session, supplier.id or 0
    grades = own_grades(session, supplier_id)
    assert dict(grades.counts) == {"A": 0, "B": 0, "C": 0, "D": 0, "E": 3}
    assert grades.raises[0] == ("inclusion", 3, 48)
    page = list_own_scores(session, supplier_id, None, 2)
    assert [row.sku for row in page.items] == sorted(offer.sku for offer in offers)[:2]
    assert page.next_cursor


@pytest.mark.parametrize(("country", "siret"), [("", ""), ("France", ""), ("F1", ""), ("FR", "12345678901234")])
def test_a_place_of_making_needs_its_country_and_a_right_siret(near: World, country: str, siret: str) -> None:
    supplier = near.a_supplier()
    with pytest.raises(InvalidInput):
        submit_evidence(near.session, speaker_of(near, supplier), "made_in", place=MakingPlace(country, siret=siret))


def test_evidence_of_a_day_that_passed_is_not_taken(near: World) -> None:
    supplier = near.a_supplier()
    with pytest.raises(InvalidInput):
        submit_evidence(near.session, speaker_of(near, supplier), "inclusion", expires_on=date(2020, 1, 1))
