"""The cart tells what an order costs, who would have to approve it and what is left; however many lines it has."""

from decimal import Decimal

import pytest
from sqlmodel import Session

from app.accounts.permissions import Role
from app.core import clock
from app.orders.ordering.approval_rules import StepRule
from app.orders.ordering.approval_settings import create_approval_rule
from app.orders.ordering.baskets import Wish, fill_cart
from app.orders.ordering.budgets import set_budget
from app.orders.ordering.member_orders import set_cart_line
from app.orders.ordering.queries import carts as cart_queries
from tests.factories import World
from tests.site import Site


def test_limit_budget_and_the_steps_to_come_are_in_sight(world: World, session: Session, site: Site) -> None:
    company = world.a_company()
    approver = world.an_actor(Role.APPROVER, company=company)
    buyer = world.a_buyer(company, order_limit="50")
    create_approval_rule(session, approver, StepRule(2, above_amount=Decimal(90), approver_id=approver.person_id))
    set_budget(session, approver, month=clock.today(), amount=Decimal(500))
    purchasing_round, offer = world.an_open_round(), world.an_offer()
    put = {"round_id": purchasing_round.id, "offer_id": offer.id}
    site.post("/cart/lines", buyer, data=put | {"quantity": 4})
    page = site.get("/cart", buyer).text
    assert "Nobody: it passes at once." in page
    assert "€50.00" in page
    assert "€500.00" in page
    site.post("/cart/lines", buyer, data=put | {"quantity": 9, "tolerance": 1})
    page = site.get("/cart", buyer).text
    assert approver.name in page
    assert "above the amount that your company lets pass" in page
    assert "€100.00" in page
    site.post("/cart/lines", buyer, data=put | {"quantity": 9, "take_out": "true"})
    assert "Your cart is empty." in site.get("/cart", buyer).text


def test_the_only_approver_of_a_firm_asks_the_association(world: World, session: Session, site: Site) -> None:
    approver = world.an_actor(Role.APPROVER, Role.EMPLOYEE, company=world.a_company())
    create_approval_rule(session, approver, StepRule(1))
    purchasing_round, offer = world.an_open_round(), world.an_offer()
    set_cart_line(session, approver, round_id=purchasing_round.id or 0, offer_id=offer.id or 0, quantity=1)
    assert "the association: nobody else in your firm may approve" in site.get("/cart", approver).text


def test_sums_are_of_all_lines_and_a_long_cart_is_paged(world: World, session: Session, site: Site) -> None:
    buyer, purchasing_round = world.a_buyer(), world.an_open_round()
    supplier, category = world.a_supplier(), world.a_category()
    offers = [world.an_offer(supplier, ((1, "2.00"), (5, "1.50")), category=category) for _n in range(105)]
    world.an_order(purchasing_round, (offers[0], 3))
    fill_cart(session, buyer, purchasing_round.id or 0, [Wish(offer.id or 0, 2, 1) for offer in offers])
    (cart,) = cart_queries.list_carts(session, buyer)
    assert (cart.line_count, cart.at_most) == (105, Decimal(105 * 6))
    assert cart.projected == Decimal(104 * 4 + 3)  # the group has five of the first with these two
    first = site.get("/cart", buyer).text
    assert "105 lines in all" in first
    assert first.count('name="quantity"') == 100
    following = first.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
    assert site.get(following, buyer).text.count('name="quantity"') == 5


@pytest.mark.parametrize(("asked", "found"), [("5", 1), ("5,50", 2), ("nonsense", 2)])
def test_the_catalogue_is_narrowed_down_by_price(world: World, site: Site, asked: str, found: int) -> None:
    world.an_offer(tiers=((1, "4.00"),))
    world.an_offer(tiers=((1, "5.50"),))
    page = site.get(f"/catalogue?max_price={asked}", world.a_buyer()).text
    assert page.count("<article") == found
    assert f'value="{asked}"' in page
