"""Choices of single products: each product by itself is a small program, solved exactly.

Products hang together through their suppliers' minimums and delivery fees, and the mean score, alone. Without these
every product takes its own best choice, and the sum of those is a bound that no plan can be under.
"""

import math
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser.highs import run
from app.sourcing.optimiser.model import AS_IT_IS, Aim, Limits, Worth, build
from app.sourcing.optimiser.problem import (
    ZERO,
    Plan,
    Problem,
    Want,
    amounts_of,
    penalty_of,
    unfilled_by_product,
)

THREADS = 2
_SECONDS_A_PRODUCT = 5.0
_NEARLY_WHOLE = 1e-6


@dataclass(frozen=True)
class Choice:
    """A choice for one product: its part of a plan, its amount at each supplier, what it costs with the penalty.

    `merit`: what its units score above the floor, in all. `bound`: what the program could not have been under.
    """

    product: Hashable
    plan: Plan
    amounts: Mapping[int, Decimal]
    cost: Decimal
    merit: Decimal
    bound: float


@dataclass
class Part:
    """A product by itself: its offers and wants, and where they stand in the whole problem."""

    product: Hashable
    offers: list[int] = field(default_factory=list)
    wants: list[int] = field(default_factory=list)

    def problem(self, whole: Problem) -> Problem:
        """The problem of this product alone, of suppliers without terms."""
        at = {offer: number for number, offer in enumerate(self.offers)}
        return Problem(
            [SupplierTerms()] * len(whole.suppliers),
            [whole.offers[offer] for offer in self.offers],
            [_moved(whole.wants[want], at) for want in self.wants],
            score_floor=whole.score_floor,
        )

    def plan_in(self, plan: Plan) -> Plan:
        """This product's part of a plan of the whole."""
        at = {offer: number for number, offer in enumerate(self.offers)}
        offer_of = (plan.offer_of[want] for want in self.wants)
        return Plan(
            tuple(None if offer is None else at[offer] for offer in offer_of),
            tuple(plan.packs[offer] for offer in self.offers),
        )


def _moved(want: Want, at: Mapping[int, int]) -> Want:
    return replace(want, offer=at[want.offer])


class Asked(NamedTuple):
    """A product to be chosen for: how many of its units may stay unfilled, and what bends its prices."""

    part: Part
    unfilled: int
    worth: Worth = AS_IT_IS


def parts_of(problem: Problem) -> list[Part]:
    """The products that somebody wants, in the order of their first offer."""
    parts = {product: Part(product, list(offers)) for product, offers in problem.offers_of_product.items()}
    for at, want in enumerate(problem.wants):
        parts[problem.offers[want.offer].product].wants.append(at)
    return [part for part in parts.values() if part.wants]


def choose(problem: Problem, premium: Decimal, asked: Sequence[Asked], until: float) -> list[Choice | None]:
    """The best choice for each product asked; None where there was no time. In threads.

    `until`: the monotonic clock's reading when time is over.
    """

    def best(one: Asked) -> Choice | None:
        left = until - time.monotonic()
        return None if left <= 0 else _best_choice(problem, premium, one, left)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(best, asked))


def _best_choice(problem: Problem, premium: Decimal, asked: Asked, seconds: float) -> Choice | None:
    part = asked.part
    alone = part.problem(problem)
    limits = Limits({part.product: asked.unfilled}, score_missing=None)
    model = build(alone, premium, limits, worth=asked.worth)
    outcome = run(model.program, min(_SECONDS_A_PRODUCT, seconds))
    if outcome.values is None:
        return None
    return _choice(alone, premium, part.product, model.plan_from(outcome.values), outcome.bound)


def choice_in(problem: Problem, premium: Decimal, part: Part, plan: Plan, unfilled: int) -> Choice:
    """What a plan of the whole chooses for a product; no choice of it costs less than its cheapest units would."""
    alone = part.problem(problem)
    needed = sum(want.quantity for want in alone.wants) - unfilled
    cheapest = min(
        price + premium * offer.reference_price * (100 - offer.score) / 100
        for offer in alone.offers
        for _start, price in offer.tiers
    )
    return _choice(alone, premium, part.product, part.plan_in(plan), max(float(needed * cheapest), 0.0))


def single_offer_choices(problem: Problem, premium: Decimal, part: Part, unfilled: int) -> list[Choice]:
    """For each offer of a product the cheapest choice of it alone that leaves no more than so many units unfilled."""
    alone, found = part.problem(problem), []
    for offer in range(len(alone.offers)):
        choices = [
            _choice(alone, premium, part.product, plan, 0.0)
            for plan in _single_offer_plans(alone, offer, unfilled)
            if _unfilled(alone, plan) <= unfilled
        ]
        if choices:
            found.append(min(choices, key=lambda choice: choice.cost))
    return found


def _unfilled(alone: Problem, plan: Plan) -> int:
    return sum(unfilled_by_product(alone, plan).values())


def _single_offer_plans(alone: Problem, offer: int, unfilled: int) -> Iterator[Plan]:
    """In each tier of an offer the fewest packs that leave so many units, else the most."""
    terms = alone.offers[offer]
    everything = sum(want.quantity for want in alone.wants)
    for at, (start, price) in enumerate(terms.tiers):
        fits = [want.ceiling >= price and offer in alone.choices_of(want) for want in alone.wants]
        wanted = sum(want.quantity for want, fit in zip(alone.wants, fits, strict=True) if fit)
        most = wanted + sum(want.tolerance for want, fit in zip(alone.wants, fits, strict=True) if fit)
        end = terms.tiers[at + 1][0] - 1 if at + 1 < len(terms.tiers) else most
        least = -(-max(start, terms.min_quantity, 1, everything - unfilled) // terms.pack_size)
        highest = min(end, most) // terms.pack_size
        packs = min(least, highest)
        if packs * terms.pack_size >= max(start, terms.min_quantity, 1):
            counts = [packs if number == offer else 0 for number in range(len(alone.offers))]
            yield Plan(tuple(offer if fit else None for fit in fits), tuple(counts))


class Service(NamedTuple):
    """How well a product can be served: a choice that leaves `unfilled` units, and what no choice leaves less than."""

    plan: Plan
    unfilled: int
    bound: int


def best_services(problem: Problem, parts: Sequence[Part], start: Plan | None, until: float) -> list[Service]:
    """For each product a choice that leaves the fewest units unfilled, whatever it costs. In threads."""

    def best(part: Part) -> Service:
        return _best_service(part.problem(problem), part, start, until)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(best, parts))


def _best_service(alone: Problem, part: Part, start: Plan | None, until: float) -> Service:
    bound = _unfilled_in_any_case(alone)
    plans = [Plan((None,) * len(alone.wants), (0,) * len(alone.offers))]
    if start is not None:
        plans.append(part.plan_in(start))
    for offer in range(len(alone.offers)):
        plans += _single_offer_plans(alone, offer, bound)
    plan = min(plans, key=lambda one: _unfilled(alone, one))
    left = until - time.monotonic()
    if _unfilled(alone, plan) > bound and left > 0:
        model = build(alone, ZERO, Limits(score_missing=None), Aim.UNFILLED)
        outcome = run(model.program, min(_SECONDS_A_PRODUCT, left))
        if outcome.values is not None:
            plan = min(plan, model.plan_from(outcome.values), key=lambda one: _unfilled(alone, one))
        bound = max(bound, math.ceil(outcome.bound - _NEARLY_WHOLE)) if math.isfinite(outcome.bound) else bound
    return Service(plan, _unfilled(alone, plan), min(bound, _unfilled(alone, plan)))


def _unfilled_in_any_case(alone: Problem) -> int:
    """The units that no offer serves within the ceilings of their lines."""
    lowest = [min((price for _start, price in offer.tiers), default=None) for offer in alone.offers]
    return sum(
        want.quantity
        for want in alone.wants
        if not any(
            price is not None and price <= want.ceiling for price in map(lowest.__getitem__, alone.choices_of(want))
        )
    )


def _choice(alone: Problem, premium: Decimal, product: Hashable, plan: Plan, bound: float) -> Choice:
    amounts = {at: amount for at, amount in enumerate(amounts_of(alone, plan)) if amount}
    cost = sum(amounts.values(), ZERO) + penalty_of(alone, plan.packs, premium)
    pairs = zip(alone.offers, plan.packs, strict=True)
    merit = sum((packs * offer.pack_size * alone.merit_of(offer) for offer, packs in pairs), ZERO)
    return Choice(product, plan, amounts, cost, merit, bound)


def put_together(problem: Problem, parts: Iterable[Part], plans: Mapping[Hashable, Plan]) -> Plan:
    """The whole plan of a plan for each product."""
    offer_of: list[int | None] = [None] * len(problem.wants)
    packs = [0] * len(problem.offers)
    for part in parts:
        plan = plans[part.product]
        for want, offer in zip(part.wants, plan.offer_of, strict=True):
            offer_of[want] = None if offer is None else part.offers[offer]
        for offer, count in zip(part.offers, plan.packs, strict=True):
            packs[offer] = count
    return Plan(tuple(offer_of), tuple(packs))
