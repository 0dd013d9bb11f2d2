"""A plan beside plain consolidation at equal service, to the cent."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as some

from app.catalog.terms import PriceTier, SupplierTerms, Terms
from app.core.money import round_amount
from app.orders.consolidation.order_book import OfferResult
from app.orders.consolidation.plan_comparison import Comparison, compare
from app.orders.consolidation.rules import OfferOutcome, Share

D = Decimal
SUPPLIERS = {"A": SupplierTerms(None, D(50), D(6)), "B": SupplierTerms(None, D(20), D(4))}


def result(supplier: str, price: str, allocated: dict[int, int]) -> OfferResult:
    terms = Terms(1, 1, (PriceTier(1, D(price)),))
    shares = [Share(units, None) for units in allocated.values()]
    return OfferResult((supplier, "K"), terms, list(allocated), OfferOutcome(sum(allocated.values()), D(price), shares))


def test_demand_that_is_dropped_is_no_saving() -> None:
    plain, plan = result("A", "10", {0: 5, 1: 5}), result("A", "10", {0: 5})
    assert compare(SUPPLIERS, [plan], [plain]) == Comparison(D(0), 0, D(0), 5, D(50))


def test_units_served_besides_are_no_loss() -> None:
    plain, plan = result("A", "10", {0: 6}), [result("A", "9", {0: 6}), result("B", "5", {1: 4})]
    assert compare(SUPPLIERS, plan, [plain]) == Comparison(D(6), 4, D(20), 0, D(0))


def test_a_fee_goes_with_the_goods_that_it_was_paid_for() -> None:
    """Plainly 8 for two lines and a fee of 4: of the line that both serve 4 and half the fee."""
    plain, plan = result("B", "2", {0: 2, 1: 2}), result("B", "2", {0: 2})
    assert compare(SUPPLIERS, [plan], [plain]) == Comparison(D(-2), 0, D(0), 2, D(6))


AMOUNTS = some.dictionaries(some.integers(0, 5), some.integers(0, 9), max_size=6)


@given(AMOUNTS, AMOUNTS, some.sampled_from(["1.3333", "2.05", "7"]), some.sampled_from(["1.1111", "3"]))
def test_no_cent_and_no_unit_is_lost(plain: dict[int, int], plan: dict[int, int], dear: str, cheap: str) -> None:
    def total(supplier: str, price: str, units: dict[int, int]) -> Decimal:
        amount = sum((round_amount(count * D(price)) for count in units.values()), D(0))
        return amount + SUPPLIERS[supplier].fee_on(amount)

    found = compare(SUPPLIERS, [result("B", cheap, plan)], [result("A", dear, plain)])
    assert total("A", dear, plain) - total("B", cheap, plan) == found.saved + found.fewer_amount - found.more_amount
    assert sum(plan.values()) - sum(plain.values()) == found.more_units - found.fewer_units
    if plain == plan:
        assert (found.more_units, found.more_amount, found.fewer_units, found.fewer_amount) == (0, 0, 0, 0)
