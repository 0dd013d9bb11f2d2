"""The park's public figures: they agree with the rounds, tell how near the money went, and name nobody's order."""

from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core.settings import get_settings
from app.impact import queries
from app.orders.consolidation.round_approval import approve_round
from tests.factories import CUT_OFF, World
from tests.site import Site


def play(world: World, code: str, *orders: tuple, closes_at=CUT_OFF) -> None:
    purchasing_round = world.an_open_round(code, closes_at=closes_at)
    for company, *lines in orders:
        world.an_order(purchasing_round, *lines, buyer=world.a_buyer(company))
    world.play(code, until=approve_round)


@pytest.fixture
def two_rounds(world: World) -> None:
    world.park.postal_code, world.park.city = "68200", "Mulhouse"
    near = world.a_supplier("NEAR", postal_code="68100", city="Mulhouse", country="FR")
    region = world.a_supplier("REGION", postal_code="67000", city="Strasbourg", country="FR")
    far = world.a_supplier("FAR", postal_code="69007", city="Lyon", country="FR")
    abroad = world.a_supplier("ABROAD", city="Freiburg", country="DE")
    goods = [world.an_offer(s, ((1, "10.00"), (4, "9.00"))) for s in (near, region, far, abroad)]
    one, two = world.a_company(), world.a_company()
    play(world, "R1", (one, (goods[0], 2), (goods[1], 1)), (two, (goods[0], 2), (goods[2], 1)))
    play(world, "R2", (one, (goods[0], 1), (goods[3], 1)), closes_at=CUT_OFF + timedelta(days=30))


def test_the_totals_agree_with_supplier_orders_and_count_trips(two_rounds: None, session: Session) -> None:
    found = queries.totals(session)
    assert (found.amount, found.saved) == session.execute(
        text("SELECT sum(amount), sum(list_amount - amount) FROM supplier_orders")
    ).one()
    assert found.saved == Decimal("4.00")
    assert (found.round_count, found.order_count, found.member_count, found.supplier_count) == (2, 3, 2, 4)
    assert (found.firm_deliveries, found.drop_count, found.trips_avoided) == (6, 5, 1)
    assert found.saved_percent == Decimal("5.0")


def test_the_money_is_told_by_nearness(two_rounds: None, session: Session) -> None:
    nearness = queries.sourcing(session).nearness
    assert (nearness.area, nearness.region, nearness.farther, nearness.unknown) == (46, 10, 20, 0)
    assert nearness.percent(nearness.area) == Decimal("60.5")


def test_months_come_in_order(two_rounds: None, session: Session) -> None:
    assert [(m.month.month, m.amount) for m in queries.by_month(session)] == [(3, Decimal(56)), (4, Decimal(20))]


def test_anyone_reads_the_page_and_no_name_of_a_firm(
    two_rounds: None, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = site.get("/impact").text
    assert "€4.00" in page
    assert "Firme" not in page
    assert "CO2e" not in page
    monkeypatch.setattr(get_settings(), "km_per_trip_avoided", Decimal(20))
    monkeypatch.setattr(get_settings(), "co2e_kg_per_km", Decimal("0.25"))
    assert "5 kg" in site.get("/impact").text


def test_before_the_first_round_there_are_words_rather_than_noughts(world: World, site: Site) -> None:
    assert "The first round is still to come" in site.get("/impact").text
    landing = site.get("/").text
    assert "How it works" in landing
    assert "Deliveries avoided" not in landing


def test_the_landing_page_is_for_strangers_and_home_for_those_who_signed_in(
    two_rounds: None, site: Site, world: World
) -> None:
    assert "Saved against list prices" in site.get("/").text
    assert "My last orders" in site.get("/", world.a_buyer()).text
