"""The score card: what was due in a quarter, how much of it came in time and in full, at which prices."""

from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import text

from app.accounts.actor import COMMAND_LINE
from app.catalog.models import Offer, Supplier
from app.core import clock
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.sending import send_round
from app.orders.fulfilment.receipts import receive_drop
from app.supplying.score_card import Quarter, quarters_of
from tests.factories import World
from tests.site import Site

D = Decimal


def deliver(
    world: World, code: str, at: datetime, *orders: tuple[Offer, int], came: dict[str, int] | None = None
) -> None:
    """A round of these orders that closes five days before it is due, received at an instant."""
    closes = at.replace(hour=11)
    with clock.frozen(closes.replace(day=closes.day - 6)):
        opened = world.an_open_round(code, closes_at=closes.replace(day=closes.day - 5))
        for offer, quantity in orders:
            world.an_order(opened, (offer, quantity))
    with clock.frozen(closes.replace(day=closes.day - 4)):
        world.play(code, until=send_round)
    with clock.frozen(at):
        arrivals = [Arrival(sku, units) for sku, units in (came or {}).items()]
        number = world.session.scalars(
            text("SELECT number FROM supplier_orders WHERE number LIKE :c"), {"c": f"{code}-%"}
        )
        receive_drop(world.session, COMMAND_LINE, number.one(), "nord", arrivals)


def card(world: World, supplier: Supplier, at: datetime) -> list[Quarter]:
    with clock.frozen(at):
        return quarters_of(world.session, supplier.id or 0)


def test_quarters_tell_punctuality_filling_and_prices(world: World) -> None:
    supplier = world.a_supplier("S")
    offer = world.an_offer(supplier, ((1, "10.00"),))
    deliver(world, "A", datetime(2026, 2, 10, 9, tzinfo=UTC), (offer, 10))
    deliver(world, "B", datetime(2026, 3, 20, 9, tzinfo=UTC), (offer, 10), came={offer.sku: 6})
    offer.tier_prices = [D("11.00")]
    world.session.flush()
    deliver(world, "C", datetime(2026, 5, 12, 9, tzinfo=UTC), (offer, 4))
    second, first = card(world, supplier, datetime(2026, 6, 1, tzinfo=UTC))
    assert (first.name, first.drops, first.filled, first.price_change) == ("2026-Q1", 2, D("80.0"), None)
    assert (second.name, second.drops, second.filled, second.price_change) == ("2026-Q2", 1, D("100.0"), D("10.0"))
    assert (first.on_time, second.on_time) == (D("100.0"), D("100.0"))
    assert (first.amount, second.amount) == (D("160.00"), D("44.00"))


def test_what_has_not_come_by_its_day_is_late_and_unfilled(world: World) -> None:
    supplier = world.a_supplier("S")
    offer = world.an_offer(supplier)
    opened = world.an_open_round("R")
    world.an_order(opened, (offer, 5))
    world.play("R", until=send_round)
    due = world.session.scalars(text("SELECT delivery_on FROM drops")).one()
    assert card(world, supplier, datetime.combine(due, datetime.min.time(), UTC)) == []
    (late,) = card(world, supplier, datetime(due.year, due.month, due.day + 1, 9, tzinfo=UTC))
    assert (late.drops, late.on_time, late.filled) == (1, D("0.0"), D("0.0"))


def test_the_association_sees_every_supplier_and_a_supplier_itself(world: World, site: Site) -> None:
    supplier = world.a_supplier("S", country="FR", city="Thann")
    offer = world.an_offer(supplier)
    deliver(world, "A", datetime(2026, 2, 10, 9, tzinfo=UTC), (offer, 10))
    page = site.get("/suppliers/S", world.a_manager())
    assert ("2026-Q1" in page.text, "Thann" in page.text) == (True, True)
    assert site.get("/suppliers/S", world.a_buyer()).status_code == 403
    assert site.get("/suppliers/NOBODY", world.a_manager()).status_code == 404
    answer = site.get("/api/v1/suppliers/S/score-card", world.a_manager()).json()
    assert [(one["name"], one["filled"]) for one in answer] == [("2026-Q1", "100.0")]
