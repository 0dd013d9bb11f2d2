"""Categories and offers open to some only: whom they are hidden from, in every list and on every way into a cart."""

import pytest
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.accounts.permissions import Role
from app.catalog import queries
from app.catalog.assortment import NOTHING, drop_rule, hidden_from, open_to
from app.catalog.queries import CatalogFilter, Sort
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.ordering.baskets import Wish, fill_cart, read_quick_order
from app.orders.ordering.member_orders import set_cart_line, submit_order
from tests.factories import World
from tests.site import Site


def names(session: Session, actor: object, **wanted: object) -> list[str]:
    asked = CatalogFilter(hidden=hidden_from(session, actor), **wanted)  # type: ignore[arg-type]
    return [row.name for row in queries.list_products(session, asked, Sort.NAME, None, 50).items]


def test_a_category_of_one_firm_is_seen_by_its_people_and_the_association_alone(world: World, session: Session) -> None:
    cellar = world.a_category("Cave")
    world.an_offer(name="Vin", category=cellar)
    world.an_offer(name="Papier")
    mine, other = world.a_buyer(), world.a_buyer()
    rule = open_to(session, COMMAND_LINE, category_id=cellar.id, company_id=mine.company_id)
    assert names(session, mine) == ["Papier", "Vin"]
    assert names(session, other) == ["Papier"]
    assert names(session, None) == ["Papier"]
    assert names(session, world.a_manager()) == ["Papier", "Vin"]
    facets = queries.count_facets(session, CatalogFilter(hidden=hidden_from(session, other)))
    assert (facets.total, len(facets.categories), len(facets.suppliers)) == (1, 1, 1)
    assert names(session, other, query="vin") == []
    drop_rule(session, COMMAND_LINE, rule.id or 0)
    assert hidden_from(session, other) == NOTHING


def test_rules_of_a_park_and_a_role_hold_together_and_a_second_rule_opens_further(
    world: World, session: Session
) -> None:
    offer = world.an_offer(name="Harnais")
    south = world.a_park("sud")
    here, there = world.a_company(), world.a_company(park=south)
    approver = world.an_actor(Role.APPROVER, company=there)
    open_to(session, COMMAND_LINE, sku=offer.sku, park_id=south.id, role=Role.APPROVER)
    assert names(session, approver) == ["Harnais"]
    assert names(session, world.a_buyer(there)) == []
    assert names(session, world.an_actor(Role.APPROVER, company=here)) == []
    open_to(session, COMMAND_LINE, sku=offer.sku, company_id=here.id)
    assert names(session, world.a_buyer(here)) == ["Harnais"]


def test_a_product_is_seen_while_one_of_its_offers_is(world: World, session: Session) -> None:
    cheap, dear = world.an_offer(name="Gants"), world.an_offer(name="Gants")
    dear.product_id = cheap.product_id
    session.flush()
    buyer, owner = world.a_buyer(), world.a_company()
    open_to(session, COMMAND_LINE, sku=cheap.sku, company_id=owner.id)
    hidden = hidden_from(session, buyer)
    assert [offer.sku for offer in queries.get_product(session, cheap.product_id, hidden).offers] == [dear.sku]
    assert names(session, buyer, supplier_id=cheap.supplier_id) == []
    open_to(session, COMMAND_LINE, sku=dear.sku, company_id=owner.id)
    with pytest.raises(NotFound):
        queries.get_product(session, cheap.product_id, hidden_from(session, buyer))


def test_a_hidden_offer_cannot_be_ordered_on_any_way(world: World, session: Session, site: Site) -> None:
    offer, other = world.an_offer(), world.an_offer()
    purchasing_round = world.an_open_round()
    buyer = world.a_buyer()
    key, round_id = offer.id or 0, purchasing_round.id or 0
    cart = set_cart_line(session, buyer, round_id=round_id, offer_id=key, quantity=1)
    open_to(session, COMMAND_LINE, sku=offer.sku, company_id=world.a_company().id)
    with pytest.raises(Conflict, match="take it out"):
        submit_order(session, buyer, cart.id or 0)
    with pytest.raises(NotFound):
        set_cart_line(session, buyer, round_id=round_id, offer_id=key, quantity=2)
    (bad,) = read_quick_order(session, buyer, offer.sku).bad_lines
    assert bad.cure == "no offer has this SKU now"
    set_cart_line(session, buyer, round_id=round_id, offer_id=key, quantity=0)
    fill_cart(session, buyer, round_id, [Wish(key, 3), Wish(other.id or 0, 3)])
    assert [line.offer_id for line in world.lines_of(cart)] == [other.id]
    assert site.get(f"/products/{offer.product_id}", buyer).status_code == 404
    assert site.get(f"/api/v1/offers/{key}", buyer).status_code == 404
    assert site.get(f"/compare?offers={key}", buyer).text.count(offer.name) == 0


def test_a_rule_is_about_one_thing_and_for_somebody(world: World, session: Session, site: Site) -> None:
    category = world.a_category()
    for wrong in (
        {"category_id": category.id},
        {"sku": "", "company_id": 1},
        {"category_id": category.id, "role": Role.TREASURER},
    ):
        with pytest.raises(InvalidInput):
            open_to(session, COMMAND_LINE, **wrong)  # type: ignore[arg-type]
    page = site.post("/assortment", world.a_manager(), data={"sku": "NOPE", "role": "approver"})
    assert page.status_code == 422
    assert "There is no offer NOPE." in page.text
    assert 'value="NOPE"' in page.text
    assert site.post("/assortment", world.a_buyer(), data={"sku": "NOPE"}).status_code == 403
