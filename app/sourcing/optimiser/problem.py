"""What there is to choose from, and what a choice costs. Exact: prices are Decimals, quantities whole sales units.

A line is served from one offer, all of it. Tiers count the whole group's quantity of an offer. A supplier's delivery
fee is due where its amount is above 0 and below its free-delivery amount. Plans are compared by `Rank`: people first.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from app.catalog.terms import SupplierTerms

ZERO = Decimal(0)
_SCORE_STEP = Decimal("1e-9")  # a mean of whole scores has no end; less than this is none


@dataclass(frozen=True)
class OfferTerms:
    """An offer: tiers as (from quantity, unit price), rising; `score` by the charter, 0 to 100.

    `reference_price`: that of its product, by which a low score is weighed: the lowest first-tier price of its offers.
    """

    supplier: int
    product: Hashable
    pack_size: int
    min_quantity: int
    tiers: tuple[tuple[int, Decimal], ...]
    score: int = 0
    reference_price: Decimal = ZERO

    def price_at(self, quantity: int) -> Decimal | None:
        """The unit price of the highest tier that a quantity reaches; None under the first."""
        return next((price for start, price in reversed(self.tiers) if start <= quantity), None)


@dataclass(frozen=True)
class Want:
    """A member line: units of an offer wanted, and tolerated beyond; the highest unit price that it takes.

    `may_move`: another supplier's offer of the same product serves as well.
    """

    offer: int
    quantity: int
    tolerance: int
    ceiling: Decimal
    may_move: bool = True


@dataclass(frozen=True)
class Problem:
    """Suppliers, offers and wants by their position.

    `score_floor`: the mean score of the units bought that a plan keeps to where people are served as well.
    """

    suppliers: Sequence[SupplierTerms]
    offers: Sequence[OfferTerms]
    wants: Sequence[Want]
    score_floor: Decimal | None = None

    def merit_of(self, offer: OfferTerms) -> Decimal:
        """What a unit of an offer scores above the floor."""
        return offer.score - (self.score_floor or ZERO)

    def choices_of(self, want: Want) -> list[int]:
        """The offers that may serve a line."""
        if not want.may_move:
            return [want.offer]
        return self.offers_of_product[self.offers[want.offer].product]

    @cached_property
    def offers_of_product(self) -> dict[Hashable, list[int]]:
        """The offers of each product."""
        found: defaultdict[Hashable, list[int]] = defaultdict(list)
        for at, offer in enumerate(self.offers):
            found[offer.product].append(at)
        return found


@dataclass(frozen=True)
class Plan:
    """A choice: the offer that serves each want (None: it stays unfilled), and the packs of each offer."""

    offer_of: tuple[int | None, ...]
    packs: tuple[int, ...]


@dataclass(frozen=True)
class PlanCost:
    """What a plan costs in euros: goods, delivery fees, and what the charter weighs low scores with."""

    goods: Decimal
    fees: Decimal
    penalty: Decimal

    @property
    def total(self) -> Decimal:
        """What is paid."""
        return self.goods + self.fees

    @property
    def objective(self) -> Decimal:
        """What is made least."""
        return self.total + self.penalty

    def gap_to(self, bound: Decimal) -> Decimal:
        """How far the objective can be from the lowest possible, as a part of it, where nothing is under `bound`."""
        return max(ZERO, (self.objective - bound) / self.objective) if self.objective else ZERO


def amounts_of(problem: Problem, plan: Plan) -> list[Decimal]:
    """The amount of goods of each supplier, in euros, not rounded."""
    amounts = [ZERO] * len(problem.suppliers)
    for offer, packs in zip(problem.offers, plan.packs, strict=True):
        quantity = packs * offer.pack_size
        amounts[offer.supplier] += quantity * (offer.price_at(quantity) or ZERO)
    return amounts


def cost_of(problem: Problem, plan: Plan, premium: Decimal) -> PlanCost:
    """What a plan costs, with a premium for the charter."""
    amounts = amounts_of(problem, plan)
    fees = [terms.fee_on(amount) for terms, amount in zip(problem.suppliers, amounts, strict=True)]
    return PlanCost(sum(amounts, ZERO), sum(fees, ZERO), penalty_of(problem, plan.packs, premium))


def penalty_of(problem: Problem, packs: Sequence[int], premium: Decimal) -> Decimal:
    """`premium x sum(quantity x reference price x (100 - score) / 100)`, in euros."""
    weighed = (
        count * offer.pack_size * offer.reference_price * (100 - offer.score)
        for offer, count in zip(problem.offers, packs, strict=True)
    )
    return premium * sum(weighed, ZERO) / 100


def unfilled_by_product(problem: Problem, plan: Plan) -> dict[Hashable, int]:
    """The units of each product that a plan leaves unfilled."""
    wanted: defaultdict[int, int] = defaultdict(int)
    unfilled: defaultdict[Hashable, int] = defaultdict(int)
    for want, offer in zip(problem.wants, plan.offer_of, strict=True):
        if offer is None:
            unfilled[problem.offers[want.offer].product] += want.quantity
        else:
            wanted[offer] += want.quantity
    for at, units in wanted.items():
        offer_terms = problem.offers[at]
        unfilled[offer_terms.product] += max(units - plan.packs[at] * offer_terms.pack_size, 0)
    return {product: units for product, units in unfilled.items() if units}


class Rank(NamedTuple):
    """How good a plan is: the lower is the better, what stands first counts first.

    Units unfilled; what the units score under the floor, in all; suppliers ordered under their minimum; cost and
    penalty in euros.
    """

    unfilled: int
    score_missing: Decimal
    under_minimum: int
    objective: Decimal


def rank_of(problem: Problem, plan: Plan, premium: Decimal) -> Rank:
    """The rank of a plan, with a premium for the charter."""
    pairs = zip(problem.suppliers, amounts_of(problem, plan), strict=True)
    under = sum(1 for terms, amount in pairs if amount and terms.is_below_minimum(amount))
    merits = (
        packs * offer.pack_size * problem.merit_of(offer)
        for offer, packs in zip(problem.offers, plan.packs, strict=True)
    )
    missing = ZERO if problem.score_floor is None else score_missing(merits)
    unfilled = sum(unfilled_by_product(problem, plan).values())
    return Rank(unfilled, missing, under, cost_of(problem, plan, premium).objective)


def score_missing(merits: Iterable[Decimal]) -> Decimal:
    """What units score under the floor in all, given what they score above it."""
    return max(-sum(merits, ZERO), ZERO).quantize(_SCORE_STEP)


def faults_of(problem: Problem, plan: Plan) -> list[str]:
    """What a plan may not do and does; empty for one that keeps every rule."""
    faults = []
    limits: defaultdict[int, int] = defaultdict(int)
    for at, (want, offer) in enumerate(zip(problem.wants, plan.offer_of, strict=True)):
        if offer is None:
            continue
        limits[offer] += want.quantity + want.tolerance
        price = problem.offers[offer].price_at(plan.packs[offer] * problem.offers[offer].pack_size)
        if offer not in problem.choices_of(want):
            faults.append(f"line {at} moved to offer {offer}, which does not serve it")
        if plan.packs[offer] and (price is None or price > want.ceiling):
            faults.append(f"line {at} pays {price}, above its ceiling {want.ceiling}")
    for at, (terms, packs) in enumerate(zip(problem.offers, plan.packs, strict=True)):
        quantity = packs * terms.pack_size
        if quantity and (quantity < terms.min_quantity or terms.price_at(quantity) is None):
            faults.append(f"offer {at} is ordered below its minimum")
        if quantity > limits[at]:
            faults.append(f"offer {at} is ordered beyond what is wanted and tolerated")
    return faults
