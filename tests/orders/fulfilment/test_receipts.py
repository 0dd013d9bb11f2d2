"""What arrives: short, damaged, late, park by park; shares, amounts, commission and the round follow."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlmodel import select

from app.accounts.actor import COMMAND_LINE, actor_for
from app.accounts.models import Person
from app.catalog.models import Offer
from app.catalog.suppliers import add_supplier_user
from app.commission.service import create_rule
from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order
from app.orders.fulfilment.despatch import Despatch, advise_despatch, find_drop
from app.orders.fulfilment.receipts import expected_at, receive_drop
from app.orders.fulfilment.supplier_links import make_driver_link, make_order_link
from app.orders.ordering.models.member_orders import IfUnfilled
from app.orders.rounds.models import Round
from tests.factories import CUT_OFF, NOW, World
from tests.site import Site


class Dock:
    """12 gloves for two firms of one park (6 + 3) and one of another (3), 4 reams for the first; order sent."""

    def __init__(self, world: World) -> None:
        self.world, self.session = world, world.session
        create_rule(world.session, COMMAND_LINE, percent=Decimal("5.00"))
        supplier = world.a_supplier("S1")
        self.gloves: Offer = world.an_offer(supplier, ((1, "10.00"),), pack=6, name="Gants")
        self.paper: Offer = world.an_offer(supplier, ((1, "4.00"),), name="Papier")
        south = world.a_park("sud")
        purchasing_round = world.an_open_round("R1")
        self.orders = [
            world.an_order(purchasing_round, (self.gloves, 6), (self.paper, 4)),
            world.an_order(purchasing_round, (self.gloves, 3), if_unfilled=IfUnfilled.CANCEL),
            world.an_order(purchasing_round, (self.gloves, 3), buyer=world.a_buyer(world.a_company("SUD", south))),
        ]
        world.play("R1")
        world.session.execute(text("DELETE FROM procrastinate_jobs"))

    def receive(self, *arrivals: Arrival, park: str | None = None, rest_came: bool = True) -> SupplierOrder:
        park_code = park or self.world.park.code
        order = receive_drop(self.session, COMMAND_LINE, "R1-S1", park_code, arrivals, rest_came=rest_came)
        self.session.flush()
        self.session.expire_all()
        return order

    def round_status(self) -> str:
        return self.session.scalar(text("SELECT status FROM rounds WHERE code = 'R1'")) or ""


def letters(dock: Dock) -> list[tuple[str, str]]:
    """Whom letters that wait were written to, and about what; they are then as good as sent."""
    dock.session.flush()
    rows = dock.session.execute(
        text("SELECT args->>'to', args->>'subject' FROM procrastinate_jobs WHERE task_name LIKE '%mail%' ORDER BY id")
    ).all()
    dock.session.execute(text("DELETE FROM procrastinate_jobs"))
    return [(to, subject) for to, subject in rows]


@pytest.fixture
def dock(world: World) -> Dock:
    return Dock(world)


def test_what_comes_whole_changes_nothing_and_the_round_ends_delivered(
    dock: Dock, check_constraints: Callable[[], None]
) -> None:
    first = dock.receive()
    assert (first.status, first.amount, dock.round_status()) == ("partially_received", Decimal("136.00"), "sent")
    last = dock.receive(park="sud")
    assert (last.status, last.amount, last.commission) == ("received", Decimal("136.00"), Decimal("6.80"))
    assert last.received_at is not None
    assert dock.world.booked_commission() == Decimal("6.80")
    assert dock.round_status() == "delivered"
    assert set(dock.session.scalars(text("SELECT status FROM member_orders WHERE placed_at IS NOT NULL"))) == {
        "fulfilled"
    }
    assert {subject for _to, subject in letters(dock)} == {
        "Your order is here: Parc Nord",
        "Your order is here: Parc sud",
    }
    check_constraints()


def test_what_is_short_or_damaged_is_shared_within_its_park(dock: Dock, check_constraints: Callable[[], None]) -> None:
    dock.world.an_open_round("R2", closes_at=CUT_OFF + timedelta(days=7))
    order = dock.receive(Arrival(dock.gloves.sku, 6, damaged=2, note="crushed"))
    assert dock.world.served(dock.gloves) == [4, 2, 3]
    assert dock.world.served(dock.paper) == [4]
    assert order.amount == Decimal("106.00")  # 9 gloves and the paper
    assert dock.world.booked_commission() == order.commission == Decimal("5.30")
    lines = dock.session.execute(
        text("SELECT received_quantity, damaged_quantity, note FROM drop_lines WHERE offer_id = :o ORDER BY quantity"),
        {"o": dock.gloves.id},
    ).all()
    assert [tuple(line) for line in lines] == [(None, None, ""), (6, 2, "crushed")]
    assert [subject for _to, subject in letters(dock)] == ["Your order changed: R1-S1"] * 2 + [
        "Your order is here: Parc Nord"
    ] * 2
    rolled = dock.session.scalars(text("SELECT quantity FROM order_lines WHERE rolled_over_from_id IS NOT NULL"))
    assert list(rolled) == [2]  # the second firm asked to cancel
    check_constraints()


def test_a_line_of_the_order_knows_what_came_once_every_park_does(dock: Dock) -> None:
    dock.receive(Arrival(dock.gloves.sku, 8))
    quantity = text("SELECT received_quantity, served FROM supplier_order_lines WHERE offer_id = :o")
    assert tuple(dock.session.execute(quantity, {"o": dock.gloves.id}).one()) == (None, 12)
    dock.receive(Arrival(dock.gloves.sku, 0), park="sud")
    assert tuple(dock.session.execute(quantity, {"o": dock.gloves.id}).one()) == (8, 8)


def test_what_comes_later_is_awaited(dock: Dock, check_constraints: Callable[[], None]) -> None:
    later = Answer(dock.paper.sku, promised_on=date(2999, 1, 1), back_ordered=True)
    acknowledge_order(dock.session, COMMAND_LINE, "R1-S1", [later])
    dock.receive(park="sud")
    order = dock.receive()
    assert order.status == "partially_received"
    drop = find_drop(dock.session, order, dock.world.park.code)
    assert [(line.sku, line.units, line.comes_later) for line in expected_at(dock.session, drop)] == [
        (dock.paper.sku, 4, True)
    ]
    with pytest.raises(Conflict):
        dock.receive()
    assert dock.receive(Arrival(dock.paper.sku, 4)).status == "received"
    assert dock.round_status() == "delivered"
    check_constraints()


def test_what_is_not_counted_yet_stays_to_come(dock: Dock) -> None:
    order = dock.receive(Arrival(dock.gloves.sku, 9), rest_came=False)
    assert find_drop(dock.session, order, dock.world.park.code).received_at is None
    order = dock.receive(Arrival(dock.paper.sku, 1), rest_came=False)
    assert find_drop(dock.session, order, dock.world.park.code).received_at is not None
    assert dock.world.served(dock.paper) == [1]


def test_what_was_recorded_is_recorded_once(dock: Dock) -> None:
    dock.receive()
    with pytest.raises(Conflict, match="recorded"):
        dock.receive()
    with pytest.raises(InvalidInput):
        dock.receive(Arrival(dock.gloves.sku, 1))


@pytest.mark.parametrize(("good", "damaged"), [(10, 0), (-1, 0), (1, -1), (1, 2_000_000_000)])
def test_more_than_was_to_come_or_less_than_nothing_is_refused(dock: Dock, good: int, damaged: int) -> None:
    with pytest.raises(InvalidInput):
        dock.receive(Arrival(dock.gloves.sku, good, damaged))
    assert dock.world.served(dock.gloves) == [6, 3, 3]


def test_an_article_counted_twice_or_unknown_is_refused(dock: Dock) -> None:
    for arrivals in ((Arrival("x", 1),), (Arrival(dock.gloves.sku, 1), Arrival(dock.gloves.sku, 2))):
        with pytest.raises(InvalidInput):
            dock.receive(*arrivals)
    with pytest.raises(NotFound):
        dock.receive(park="nowhere")


def test_only_the_association_records_what_came(dock: Dock) -> None:
    speaker = actor_for(add_supplier_user(dock.session, COMMAND_LINE, "S1", email="s@s.example", name="S"))
    for actor in (speaker, dock.world.a_buyer()):
        with pytest.raises(NotAllowed):
            receive_drop(dock.session, actor, "R1-S1", dock.world.park.code)


def test_what_came_leaves_no_more(dock: Dock) -> None:
    dock.receive()
    with pytest.raises(Conflict, match="on its way already"):
        advise_despatch(dock.session, COMMAND_LINE, "R1-S1", Despatch("BL-1", dock.world.park.code, date(2026, 5, 1)))
    advise_despatch(dock.session, COMMAND_LINE, "R1-S1", Despatch("BL-1", "sud", date(2026, 5, 1)))
    assert dock.session.scalar(text("SELECT status FROM supplier_orders")) == "partially_received"


def test_a_refused_order_brings_nothing(dock: Dock) -> None:
    nothing = [Answer(offer.sku, 0) for offer in (dock.gloves, dock.paper)]
    acknowledge_order(dock.session, COMMAND_LINE, "R1-S1", nothing)
    with pytest.raises(Conflict):
        dock.receive()


def test_goods_are_counted_on_a_page(site: Site, dock: Dock) -> None:
    manager, park = dock.world.a_manager(), dock.world.park.code
    page = f"/supplier-orders/R1-S1/receipt/{park}"
    listed = site.get("/rounds/R1/deliveries", manager).text
    assert page in listed
    assert page in site.get("/supplier-orders/R1-S1", manager).text
    assert "Record what came" in site.get(page, manager).text
    form = {
        "sku": [dock.gloves.sku, dock.paper.sku],
        "good": ["7", ""],
        "damaged": ["1", "0"],
        "note": ["one box", ""],
    }
    for wrong in ({"good": ["10", ""]}, {"good": ["x", ""]}, {"good": ["", ""]}):
        assert site.post(page, manager, data=form | wrong).status_code == 422
    assert site.post(page, manager, data=form).status_code == 303
    seen = site.get(page, manager).text
    assert "one box" in seen
    assert "7,1,one box" in site.get(f"{page}?form=csv", manager).text
    assert "Record what came" in seen
    rest = {"sku": [dock.paper.sku], "good": ["4"], "damaged": [""], "note": [""]}
    assert site.post(page, manager, data=rest).status_code == 303
    assert "Record what came" not in site.get(page, manager).text
    assert site.get(page, dock.world.a_buyer()).status_code == 403
    assert site.get("/supplier-orders/R1-S1/receipt/nowhere", manager).status_code == 404
    assert dock.world.served(dock.gloves) == [5, 2, 3]


def test_goods_are_counted_and_prices_decided_by_api(site: Site, dock: Dock) -> None:
    manager = dock.world.a_manager()
    acknowledge_order(dock.session, COMMAND_LINE, "R1-S1", [Answer(dock.paper.sku, unit_price=Decimal(9))])
    path = "/api/v1/supplier-orders/R1-S1"
    decided = site.post(f"{path}/asked-prices/{dock.paper.id}", manager, json={"accept": True})
    assert (decided.status_code, decided.json()["amount"]) == (200, "120.00")
    tag = site.get(path, manager).headers["etag"]
    came = {"lines": [{"sku": dock.gloves.sku, "good": 8}]}
    received = site.post(f"{path}/drops/sud/receipt", manager, json={}, headers={"If-Match": tag})
    assert received.json()["status"] == "partially_received"
    stale = site.post(f"{path}/drops/{dock.world.park.code}/receipt", manager, json=came, headers={"If-Match": tag})
    assert stale.status_code == 412
    received = site.post(f"{path}/drops/{dock.world.park.code}/receipt", manager, json=came)
    assert (received.json()["status"], received.json()["amount"]) == ("received", "110.00")
    assert dock.session.get_one(Round, dock.orders[0].round_id).status == "delivered"


def test_buyers_hear_once_all_of_their_order_that_was_expected_has_come(dock: Dock) -> None:
    first, second, _south = (dock.session.get_one(Person, order.person_id).email for order in dock.orders)
    dock.receive(Arrival(dock.gloves.sku, 9), rest_came=False)
    assert letters(dock) == [(second, "Your order is here: Parc Nord")], "the first one's paper is still to come"
    dock.receive(Arrival(dock.paper.sku, 4))
    assert letters(dock) == [(first, "Your order is here: Parc Nord")]


def test_what_was_promised_for_later_keeps_nobody_waiting(dock: Dock) -> None:
    first = dock.session.get_one(Person, dock.orders[0].person_id).email
    later = Answer(dock.paper.sku, promised_on=CUT_OFF.date() + timedelta(days=30), back_ordered=True)
    acknowledge_order(dock.session, COMMAND_LINE, "R1-S1", [later])
    letters(dock)
    dock.receive()
    assert first in [to for to, _subject in letters(dock)]
    dock.receive(Arrival(dock.paper.sku, 4))
    assert letters(dock) == [(first, "Your order is here: Parc Nord")]


def test_nobody_hears_of_nothing(dock: Dock) -> None:
    dock.receive(Arrival(dock.gloves.sku, 0), Arrival(dock.paper.sku, 0))
    assert {subject for _to, subject in letters(dock)} == {"Your order changed: R1-S1"}


def test_a_driver_counts_by_a_link_for_one_park(site: Site, dock: Dock) -> None:
    speaker = actor_for(
        add_supplier_user(dock.session, COMMAND_LINE, "S1", email="s@s.example", name="Sam", locale="en")
    )
    page = site.post("/supplier/orders/R1-S1/driver-links/nord", speaker)
    path = "/" + re.search(r'value="[^"]*/(supplier/receipt/[\w-]+)"', page.text).group(1)  # type: ignore[union-attr]
    shown = site.get(path)
    assert shown.status_code == 200
    assert "R1-S1" in shown.text
    assert "/supplier-orders/" not in shown.text, "the association's own pages are not for drivers"
    counted = {"sku": [dock.gloves.sku, dock.paper.sku], "good": ["8", "4"], "damaged": ["1", "0"], "note": ["", ""]}
    assert site.post(path, data=counted).status_code == 303
    drop = find_drop(dock.session, dock.session.exec(select(SupplierOrder)).one(), "nord")
    assert drop.received_by == "S1 (driver)"
    assert site.post(path, data=counted).status_code == 422, "it was counted already"
    assert site.get(path, params={"form": "csv"}).status_code == 200
    assert site.post("/supplier/orders/R1-S1/driver-links/nord", speaker).status_code == 422
    assert site.post("/supplier/orders/R1-S1/driver-links/sud", speaker).status_code == 200


def test_links_open_what_they_are_for_and_nothing_else(site: Site, dock: Dock) -> None:
    order = dock.session.exec(select(SupplierOrder)).one()
    by_mail = make_order_link(dock.session, order).rsplit("/", 1)[1]
    driver = make_driver_link(dock.session, COMMAND_LINE, "R1-S1", "sud").rsplit("/", 1)[1]
    dock.session.commit()
    assert site.get(f"/supplier/by-mail/{by_mail}").status_code == 200
    assert site.get(f"/supplier/by-mail/{driver}").status_code == 404
    assert site.get(f"/supplier/receipt/{driver}").status_code == 200
    assert site.get(f"/supplier/receipt/{by_mail}").status_code == 404
    assert site.get("/supplier/receipt/guess").status_code == 404
    with clock.frozen(NOW + timedelta(days=61)):
        assert site.get(f"/supplier/receipt/{driver}").status_code == 404
