"""Choices of single products: each product by itself is a small program, solved exactly.

Products hang together through their suppliers' minimums and delivery fees alone. Without these every product takes its
own best choice, and the sum of those is a bound that no plan can be under.
"""

import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser.highs import run
from app.sourcing.optimiser.model import Conditions, build
from app.sourcing.optimiser.problem import (
    Plan,
    Problem,
    Want,
    amounts_of,
    penalty_of,
    unfilled_beyond,
)

THREADS = 2
_SECONDS_A_PRODUCT = 5.0


@dataclass(frozen=True)
class Choice:
    """A choice for one product: its part of a plan, its amount at each supplier, what it costs with the penalty.

    `beyond`: units left unfilled beyond what is allowed. `bound`: what the program could not have been under.
    """

    product: Hashable
    plan: Plan
    amounts: Mapping[int, Decimal]
    cost: Decimal
    beyond: int
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
            {self.product: whole.unfilled_allowed.get(self.product, 0)},
        )


def _moved(want: Want, at: Mapping[int, int]) -> Want:
    return replace(want, offer=at[want.offer])


class Asked(NamedTuple):
    """A product to be chosen for, under conditions."""

    part: Part
    conditions: Conditions


def parts_of(problem: Problem) -> list[Part]:
    """The products that somebody wants, in the order of their first offer."""
    parts = {product: Part(product, list(offers)) for product, offers in problem.offers_of_product.items()}
    for at, want in enumerate(problem.wants):
        parts[problem.offers[want.offer].product].wants.append(at)
    return [part for part in parts.values() if part.wants]


def choose(problem: Problem, premium: Decimal, asked: Sequence[Asked], until: float) -> list[Choice | None]:
    """The best choice for each product asked, under its conditions; None where there is none, or no time. In threads.

    `until`: the monotonic clock's reading when time is over.
    """

    def best(one: Asked) -> Choice | None:
        left = until - time.monotonic()
        return None if left <= 0 else _best_choice(problem, premium, one, left)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(best, asked))


def choice_in(problem: Problem, premium: Decimal, part: Part, plan: Plan) -> Choice:
    """What a plan of the whole chooses for a product; no choice of it costs less than its cheapest units would."""
    alone = part.problem(problem)
    at = {offer: number for number, offer in enumerate(part.offers)}
    offer_of = (plan.offer_of[want] for want in part.wants)
    own = Plan(
        tuple(None if offer is None else at[offer] for offer in offer_of),
        tuple(plan.packs[offer] for offer in part.offers),
    )
    needed = sum(want.quantity for want in alone.wants) - alone.unfilled_allowed.get(part.product, 0)
    cheapest = min(
        price + premium * offer.reference_price * (100 - offer.score) / 100
        for offer in alone.offers
        for _start, price in offer.tiers
    )
    return _choice(alone, premium, part.product, own, max(float(needed * cheapest), 0.0))


def single_offer_choices(problem: Problem, premium: Decimal, part: Part) -> list[Choice]:
    """For each offer of a product the choice that serves all the lines it can; and the choice to buy nothing."""
    alone = part.problem(problem)
    nothing = Plan((None,) * len(alone.wants), (0,) * len(alone.offers))
    found = [_choice(alone, premium, part.product, nothing, 0.0)]
    for offer in range(len(alone.offers)):
        plans = list(_single_offer_plans(alone, offer))
        if plans:
            choices = [_choice(alone, premium, part.product, plan, 0.0) for plan in plans]
            found.append(min(choices, key=lambda choice: (choice.beyond, choice.cost)))
    return found


def _single_offer_plans(alone: Problem, offer: int) -> Iterator[Plan]:
    """In each tier of an offer the fewest packs that fill what has to be, else the most."""
    terms = alone.offers[offer]
    allowed = next(iter(alone.unfilled_allowed.values()), 0)
    everything = sum(want.quantity for want in alone.wants)
    for at, (start, price) in enumerate(terms.tiers):
        fits = [want.ceiling >= price and offer in alone.choices_of(want) for want in alone.wants]
        wanted = sum(want.quantity for want, fit in zip(alone.wants, fits, strict=True) if fit)
        most = wanted + sum(want.tolerance for want, fit in zip(alone.wants, fits, strict=True) if fit)
        end = terms.tiers[at + 1][0] - 1 if at + 1 < len(terms.tiers) else most
        least = -(-max(start, terms.min_quantity, 1, everything - allowed) // terms.pack_size)
        highest = min(end, most) // terms.pack_size
        packs = min(least, highest)
        if packs * terms.pack_size >= max(start, terms.min_quantity, 1):
            counts = [packs if number == offer else 0 for number in range(len(alone.offers))]
            yield Plan(tuple(offer if fit else None for fit in fits), tuple(counts))


def _best_choice(problem: Problem, premium: Decimal, asked: Asked, seconds: float) -> Choice | None:
    part, conditions = asked
    alone = part.problem(problem)
    model = build(alone, premium, conditions)
    outcome = run(model.program, min(_SECONDS_A_PRODUCT, seconds))
    if outcome.values is None:
        return None
    return _choice(alone, premium, part.product, model.plan_from(outcome.values), outcome.bound)


def _choice(alone: Problem, premium: Decimal, product: Hashable, plan: Plan, bound: float) -> Choice:
    amounts = {at: amount for at, amount in enumerate(amounts_of(alone, plan)) if amount}
    cost = sum(amounts.values(), Decimal(0)) + penalty_of(alone, plan.packs, premium)
    return Choice(product, plan, amounts, cost, sum(unfilled_beyond(alone, plan).values()), bound)


def put_together(problem: Problem, parts: Iterable[Part], choices: Mapping[Hashable, Choice]) -> Plan:
    """The whole plan of a choice for each product."""
    offer_of: list[int | None] = [None] * len(problem.wants)
    packs = [0] * len(problem.offers)
    for part in parts:
        plan = choices[part.product].plan
        for want, offer in zip(part.wants, plan.offer_of, strict=True):
            offer_of[want] = None if offer is None else part.offers[offer]
        for offer, count in zip(part.offers, plan.packs, strict=True):
            packs[offer] = count
    return Plan(tuple(offer_of), tuple(packs))
