"""A plan beside plain consolidation at equal service: what both serve is compared, what one serves alone stands apart.

Of every line the units that it gets either way are compared at what they cost either way. A delivery fee goes with the
goods that it was paid for, in proportion to amounts. Pure.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.catalog.terms import SupplierTerms
from app.core.money import ZERO, round_amount
from app.orders.consolidation.order_book import OfferResult


@dataclass(frozen=True)
class Comparison:
    """Euros before VAT, delivery fees included. `saved`: what the units that both serve cost less by the plan.

    `more`: units that the plan alone serves, at its prices; `fewer`: those that plain consolidation alone serves, at
    its own. So `plain total - plan total = saved + fewer_amount - more_amount`.
    """

    saved: Decimal
    more_units: int
    more_amount: Decimal
    fewer_units: int
    fewer_amount: Decimal


class _Served(NamedTuple):
    supplier: str
    units: int
    price: Decimal


class _Apart(NamedTuple):
    """What a consolidation costs for the units that both serve, and for those that it alone serves."""

    common: Decimal
    units: int
    amount: Decimal


def compare(
    suppliers: Mapping[str, SupplierTerms], plan: Iterable[OfferResult], plain: Iterable[OfferResult]
) -> Comparison:
    """Compare the results of a plan with those of plain consolidation of the same lines."""
    served, plainly = _served(plan), _served(plain)
    common = {line: min(one.units, plainly[line].units) for line, one in served.items() if line in plainly}
    ours, theirs = _take_apart(suppliers, served, common), _take_apart(suppliers, plainly, common)
    return Comparison(theirs.common - ours.common, ours.units, ours.amount, theirs.units, theirs.amount)


def _served(results: Iterable[OfferResult]) -> dict[int, _Served]:
    """What each line gets, by its position."""
    found = {}
    for result in results:
        price = result.outcome.unit_price
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            if share.allocated and price is not None:
                found[position] = _Served(result.offer_key[0], share.allocated, price)
    return found


def _take_apart(
    suppliers: Mapping[str, SupplierTerms], served: Mapping[int, _Served], common: Mapping[int, int]
) -> _Apart:
    amounts: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    shared: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    units = 0
    for line, one in served.items():
        amounts[one.supplier] += round_amount(one.units * one.price)
        shared[one.supplier] += round_amount(common.get(line, 0) * one.price)
        units += one.units - common.get(line, 0)
    together = sum(shared.values(), ZERO)
    everything = sum(amounts.values(), ZERO)
    for supplier, amount in amounts.items():
        fee = suppliers[supplier].fee_on(amount)
        everything += fee
        together += round_amount(fee * shared[supplier] / amount) if fee else ZERO
    return _Apart(together, units, everything - together)
