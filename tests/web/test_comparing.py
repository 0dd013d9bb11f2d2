"""Offers side by side: chosen one by one, four at most, with the price of one piece beside every price."""

from decimal import Decimal

from app.orders.ordering.pages.comparison import COOKIE
from tests.factories import World
from tests.site import Site


def test_offers_are_chosen_one_by_one_and_a_fifth_is_not_taken(world: World, site: Site) -> None:
    buyer = world.a_buyer()
    offers = [world.an_offer(name=f"Papier {n}") for n in range(5)]
    for offer in offers:
        answer = site.post("/compare", buyer, data={"offer_id": offer.id, "next": "/catalogue"})
    assert answer.headers["location"] == "/compare?full=true"
    assert site.client.cookies[COOKIE] == "-".join(str(offer.id) for offer in offers[:4])
    page = site.get("/compare", buyer).text
    assert [f"Papier {n}" in page for n in range(5)] == [True] * 4 + [False]
    site.post("/compare", buyer, data={"offer_id": offers[1].id, "take_out": "true"})
    page = site.get("/compare", buyer).text
    assert "Papier 1" not in page
    assert "Papier 3" in page


def test_an_address_names_the_offers_and_the_cheapest_is_marked(world: World, site: Site) -> None:
    sheet = world.an_offer(tiers=((1, "4.00"),), content=Decimal(500), content_unit="piece")
    dear = world.an_offer(tiers=((1, "5.00"),), content=Decimal("0.5"), content_unit="l")
    page = site.get(f"/compare?offers={sheet.id}-{dear.id}-99999", world.a_buyer()).text
    assert "€0.008 a piece" in page
    assert "€10.00 a litre" in page
    assert page.count("price saving") == 1


def test_one_is_never_led_to_another_site(world: World, site: Site) -> None:
    offer = world.an_offer()
    answer = site.post("/compare", world.a_buyer(), data={"offer_id": offer.id, "next": "//evil.example/"})
    assert answer.headers["location"] == "/compare"


def test_strangers_sign_in_first(site: Site, world: World) -> None:
    assert site.get("/compare").headers["location"].startswith("/sign-in")
