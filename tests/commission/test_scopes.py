"""A commission rule is for what it names, and for nothing else; the most specific one wins."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounts.actor import COMMAND_LINE
from app.commission.service import create_rule, tariff_on
from app.commission.tariff import NO_COMMISSION, Rate, Rule, Scope, Tariff
from app.core import clock
from tests.factories import World

D = Decimal
OFFER, SUPPLIER, CATEGORY = 1, 10, 100  # those of the rules; every other number is a stranger
SCOPES = {
    "offer": Scope(offer_id=OFFER),
    "supplier in category": Scope(supplier_id=SUPPLIER, category_id=CATEGORY),
    "supplier": Scope(supplier_id=SUPPLIER),
    "category": Scope(category_id=CATEGORY),
    "everyone": Scope(),
}
RATES = {name: Rate(D(percent)) for percent, name in enumerate(SCOPES, start=1)}


def _tariff(*names: str) -> Tariff:
    return Tariff((Rule(n, SCOPES[name], RATES[name]) for n, name in enumerate(names)), clock.today())


@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("offer", [(2, SUPPLIER, CATEGORY)]),
        ("supplier in category", [(OFFER, 11, CATEGORY), (OFFER, SUPPLIER, 101), (OFFER, SUPPLIER, None)]),
        ("supplier", [(OFFER, 11, CATEGORY)]),
        ("category", [(OFFER, SUPPLIER, 101), (OFFER, SUPPLIER, None)]),
    ],
)
def test_a_rule_reaches_nothing_that_it_does_not_name(name: str, others: list[tuple[int, int, int | None]]) -> None:
    alone = _tariff(name)
    assert alone.rate_for(OFFER, SUPPLIER, CATEGORY) == RATES[name]
    assert [alone.rate_for(*other) for other in others] == [NO_COMMISSION] * len(others)


@given(
    st.permutations(list(SCOPES)), st.integers(1, 5), st.sampled_from([OFFER, 2]), st.sampled_from([SUPPLIER, 11]),
    st.sampled_from([CATEGORY, 101, None]),
)  # fmt: skip
def test_the_most_specific_rule_wins_in_whatever_order_they_stand(
    names: list[str], count: int, offer: int, supplier: int, category: int | None
) -> None:
    chosen = names[:count]
    reaching = {
        "offer": offer == OFFER,
        "supplier in category": (supplier, category) == (SUPPLIER, CATEGORY),
        "supplier": supplier == SUPPLIER,
        "category": category == CATEGORY,
        "everyone": True,
    }
    expected = next((RATES[name] for name in SCOPES if name in chosen and reaching[name]), NO_COMMISSION)
    assert _tariff(*chosen).rate_for(offer, supplier, category) == expected


def test_rules_kept_in_the_database_reach_what_they_name(world: World) -> None:
    first, second = world.a_supplier("S1"), world.a_supplier("S2")
    offers = [world.an_offer(first), world.an_offer(first), world.an_offer(second)]
    world.session.flush()
    for percent, scope in (
        (D("1.00"), {}),
        (D("2.00"), {"supplier_id": first.id}),
        (D("3.00"), {"offer_id": offers[0].id}),
    ):
        create_rule(world.session, COMMAND_LINE, percent=percent, **scope)
    tariff = tariff_on(world.session, clock.today())
    found = [tariff.rate_for(offer.id or 0, offer.supplier_id, None).percent for offer in offers]
    assert found == [D("3.00"), D("2.00"), D("1.00")]
