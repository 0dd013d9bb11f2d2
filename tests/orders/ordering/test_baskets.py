"""Quick orders, lists and ordering again: many lines into the cart at once."""

from decimal import Decimal

import openpyxl
import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE, Actor
from app.catalog.service import set_withdrawn
from app.core.errors import Conflict, NotFound
from app.orders.ordering.baskets import Wish, change_order, fill_cart, order_again, read_quick_order
from app.orders.ordering.lists import order_list, save_as_list
from app.orders.ordering.member_orders import submit_order
from app.orders.ordering.models.member_orders import IfUnfilled, OrderStatus
from tests.factories import World
from tests.site import Site


@pytest.fixture
def buyer(world: World) -> Actor:
    return world.a_buyer()


def cart_of(session: Session) -> list[tuple[int, int, int]]:
    rows = session.execute(
        text("""
            SELECT l.offer_id, l.quantity, l.tolerance FROM order_lines l JOIN member_orders o ON o.id = l.order_id
            WHERE o.status = 'cart' ORDER BY l.offer_id
        """)
    )
    return [tuple(row) for row in rows]


def test_typed_lines_are_read_however_they_are_parted(world: World, session: Session) -> None:
    one, two, three = world.an_offer(), world.an_offer(), world.an_offer()
    typed = f"{one.sku.lower()}  12  2\n\n{two.sku}\t5\r\n{three.sku};3;1\n"
    order = read_quick_order(session, world.a_buyer(), typed)
    assert order.bad_lines == []
    assert order.wishes == [Wish(one.id or 0, 12, 2), Wish(two.id or 0, 5, 0), Wish(three.id or 0, 3, 1)]


@pytest.mark.parametrize(
    ("line", "cure"),
    [
        ("NOPE 3", "no offer has this SKU now"),
        ("{sku} three", "after the SKU: a quantity"),
        ("{sku} 0", "after the SKU: a quantity"),
        ("{sku} 1 2 3", "after the SKU: a quantity"),
        ("{sku} 1\n{sku} 2", "this offer stands on an earlier line already"),
        (";;", "no offer has this SKU now"),
    ],
)
def test_a_line_that_cannot_be_taken_says_why(world: World, session: Session, line: str, cure: str) -> None:
    offer = world.an_offer()
    (bad,) = read_quick_order(session, world.a_buyer(), line.replace("{sku}", offer.sku)).bad_lines
    assert bad.cure.startswith(cure)


def test_where_two_suppliers_have_a_sku_the_line_names_one(world: World, session: Session) -> None:
    first, second = world.an_offer(world.a_supplier("S1")), world.an_offer(world.a_supplier("S2"))
    second.sku = first.sku
    session.flush()
    (bad,) = read_quick_order(session, world.a_buyer(), first.sku).bad_lines
    assert "S1, S2" in bad.cure
    assert read_quick_order(session, world.a_buyer(), f"s2:{first.sku} 4").wishes == [Wish(second.id or 0, 4, 0)]


def test_a_cart_is_filled_at_list_prices_and_withdrawn_offers_stay_out(
    world: World, session: Session, buyer: Actor
) -> None:
    offers = [world.an_offer(tiers=((1, "10.00"), (10, "9.00"))) for _ in range(3)]
    purchasing_round = world.an_open_round()
    set_withdrawn(session, COMMAND_LINE, offers[1].id or 0, True)
    fill_cart(session, buyer, purchasing_round.id or 0, [Wish(offer.id or 0, 2, 1) for offer in offers])
    assert cart_of(session) == [(offers[0].id, 2, 1), (offers[2].id, 2, 1)]
    ceilings = session.execute(text("SELECT DISTINCT ceiling_price FROM order_lines")).scalars().all()
    assert ceilings == [Decimal("10.0000")]
    with pytest.raises(Conflict, match="can be ordered any more"):
        fill_cart(session, buyer, purchasing_round.id or 0, [Wish(offers[1].id or 0, 2)])


def test_an_order_is_ordered_again_and_kept_as_a_list(world: World, session: Session, buyer: Actor) -> None:
    first, second, purchasing_round = world.an_offer(), world.an_offer(), world.an_open_round()
    order = world.an_order(purchasing_round, (first, 3, 1), (second, 2), buyer=buyer)
    kept = save_as_list(session, buyer, order.id or 0, " Chaque mois ")
    assert kept.name == "Chaque mois"
    order_again(session, buyer, order.id or 0, purchasing_round.id or 0)
    expected = [(first.id, 3, 1), (second.id, 2, 0)]
    assert cart_of(session) == expected
    order_list(session, buyer, kept.id or 0, purchasing_round.id or 0)
    assert cart_of(session) == expected
    with pytest.raises(NotFound):
        order_list(session, world.a_buyer(), kept.id or 0, purchasing_round.id or 0)
    with pytest.raises(NotFound):
        order_again(session, world.a_buyer(), order.id or 0, purchasing_round.id or 0)


def test_a_placed_order_is_taken_back_changed_and_placed_again(world: World, session: Session, buyer: Actor) -> None:
    offer, purchasing_round = world.an_offer(), world.an_open_round()
    order = world.an_order(purchasing_round, (offer, 3, 1), buyer=buyer, if_unfilled=IfUnfilled.CANCEL)
    cart = change_order(session, buyer, order.id or 0)
    assert order.status is OrderStatus.CANCELLED
    assert cart_of(session) == [(offer.id, 3, 1)]
    assert [line.if_unfilled for line in world.lines_of(cart)] == [IfUnfilled.CANCEL]
    assert session.execute(text("SELECT quantity FROM round_demand")).scalar_one() == 0
    submit_order(session, buyer, cart.id or 0)
    assert session.execute(text("SELECT quantity FROM round_demand")).scalar_one() == 3
    with pytest.raises(NotFound):
        change_order(session, world.a_buyer(), cart.id or 0)


def test_the_quick_order_page_keeps_what_was_typed_and_takes_nothing_from_a_bad_one(
    site: Site, world: World, session: Session, buyer: Actor
) -> None:
    offer, purchasing_round = world.an_offer(), world.an_open_round()
    form = {"round_id": purchasing_round.id, "typed": f"{offer.sku} 4\nNOPE 1"}
    refused = site.post("/quick-order", buyer, data=form)
    assert refused.status_code == 422
    assert "NOPE 1</textarea>" in refused.text
    assert cart_of(session) == []
    taken = site.post("/quick-order", buyer, data=form | {"skip_bad_lines": "true"})
    assert (taken.status_code, taken.headers["location"]) == (303, "/cart")
    assert cart_of(session) == [(offer.id, 4, 0)]


def test_a_sheet_is_a_quick_order_too(site: Site, world: World, session: Session, buyer: Actor, tmp_path) -> None:
    offer, purchasing_round = world.an_offer(), world.an_open_round()
    book = openpyxl.Workbook()
    book.active.append(["SKU", "quantity"])
    book.active.append([offer.sku, 6])
    book.save(tmp_path / "q.xlsx")
    files = {"file": ("q.xlsx", (tmp_path / "q.xlsx").read_bytes())}
    taken = site.post("/quick-order", buyer, data={"round_id": purchasing_round.id}, files=files)
    assert taken.status_code == 303, taken.text
    assert cart_of(session) == [(offer.id, 6, 0)]
