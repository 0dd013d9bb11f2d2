"""The best consolidation of orders from files: the optimiser's plan, shared out and priced by the rules of rounds."""

import json
import time
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.core.money import CENT, ZERO, round_amount
from app.orders.consolidation.order_book import (
    OfferKey,
    OfferResult,
    OrderBook,
    ceiling_of,
    consolidate_book,
    demand_of,
)
from app.orders.consolidation.rules import OfferOutcome, Share, UnfilledReason, consolidate_offer
from app.orders.rounds.sharing_policy import SharingPolicy
from app.sourcing.optimiser.highs import Progress
from app.sourcing.optimiser.problem import OfferTerms, Plan, PlanCost, Problem, Want, amounts_of, penalty_of
from app.sourcing.optimiser.solver import optimise

_MOST_TURNS = 3


@dataclass(frozen=True)
class Costs(PlanCost):
    """What some consolidation costs, its deliveries (suppliers by park), units unfilled, and mean score."""

    deliveries: int
    unfilled: int
    score: Decimal


@dataclass(frozen=True)
class Optimised:
    """The best consolidation found, beside the plain one; `bound`: no consolidation has a lower objective."""

    results: list[OfferResult]
    costs: Costs
    plain: Costs
    bound: Decimal
    seconds: float
    beyond: Mapping[str, int]

    @property
    def gap(self) -> Decimal:
        """How far the objective can be from the lowest possible, as a part of it."""
        return self.costs.gap_to(self.bound)


def optimise_book(
    book: OrderBook,
    policy: SharingPolicy,
    *,
    premium: Decimal = ZERO,
    scores: Mapping[OfferKey, int] | None = None,
    seconds: float = 60.0,
    tell: Progress | None = None,
) -> Optimised:
    """Choose offers and packs for every line of a book; all but its fixed rows take an equivalent offer.

    Nobody pays above their ceiling, and of no product more stays unfilled than by plain consolidation; where a
    supplier's minimum makes that impossible, `beyond` says how much more of which product. Raises `NoPlanFound`.
    """
    until = time.monotonic() + seconds
    keys = sorted(book.terms)
    plain_results = list(consolidate_book(book, policy))
    start: Plan | None
    problem, start = _problem(book, keys, plain_results, scores or {})
    plain = _costs(book, problem, keys, plain_results, premium)
    margins: dict[int, Decimal] = {}
    for _turn in range(_MOST_TURNS):
        left = max(until - time.monotonic(), 1.0)
        solution = optimise(problem, premium, seconds=left, start=start, margins=margins, tell=tell)
        results = _shared_out(book, problem, keys, solution.plan, policy)
        missed = _missed_by_rounding(book, problem, results, solution.plan)
        if not missed:
            break
        margins, start = margins | missed, None  # plain consolidation may miss the same threshold
    costs = _costs(book, problem, keys, results, premium)
    spent = seconds - (until - time.monotonic())
    beyond = {str(product): units for product, units in solution.beyond.items()}
    return Optimised(results, costs, plain, min(solution.bound, costs.objective), spent, beyond)


def _problem(
    book: OrderBook, keys: list[OfferKey], plain: list[OfferResult], scores: Mapping[OfferKey, int]
) -> tuple[Problem, Plan]:
    """The book as a problem, and plain consolidation as a plan of it."""
    at = {key: number for number, key in enumerate(keys)}
    codes = sorted(book.suppliers)
    supplier_at = {code: number for number, code in enumerate(codes)}
    lowest: dict[str, Decimal] = {}
    for key in keys:
        product, price = book.products[key], book.terms[key].tiers[0].unit_price
        lowest[product] = min(price, lowest.get(product, price))
    offers = [
        OfferTerms(
            supplier=supplier_at[key[0]],
            product=book.products[key],
            pack_size=book.terms[key].pack_size,
            min_quantity=book.terms[key].min_quantity,
            tiers=tuple((tier.from_quantity, tier.unit_price) for tier in book.terms[key].tiers),
            score=scores.get(key, 0),
            reference_price=lowest[book.products[key]],
        )
        for key in keys
    ]
    wants = [
        Want(
            at[row.offer_key],
            row.quantity,
            row.tolerance,
            ceiling_of(row, book.terms[row.offer_key]),
            may_move=position not in book.fixed,
        )
        for position, row in enumerate(book.rows)
    ]
    offer_of: list[int | None] = [None] * len(book.rows)
    packs, unfilled = [0] * len(keys), defaultdict[Hashable, int](int)
    for result in plain:
        packs[at[result.offer_key]] = result.outcome.quantity // result.terms.pack_size
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            if result.outcome.quantity and share.reason is not UnfilledReason.ABOVE_CEILING:
                offer_of[position] = at[result.offer_key]
            unfilled[book.products[result.offer_key]] += max(book.rows[position].quantity - share.allocated, 0)
    problem = Problem([book.suppliers[code] for code in codes], offers, wants, unfilled)
    return problem, Plan(tuple(offer_of), tuple(packs))


def _shared_out(
    book: OrderBook, problem: Problem, keys: list[OfferKey], plan: Plan, policy: SharingPolicy
) -> list[OfferResult]:
    """What everybody gets by a plan, offer after offer; lines that nobody serves stand with the offer they chose."""
    served: defaultdict[OfferKey, list[int]] = defaultdict(list)
    unserved: defaultdict[OfferKey, list[int]] = defaultdict(list)
    for position, offer in enumerate(plan.offer_of):
        if offer is None:
            unserved[book.rows[position].offer_key].append(position)
        else:
            served[keys[offer]].append(position)
    packs = dict(zip(keys, plan.packs, strict=True))
    results = []
    for key in sorted(served.keys() | unserved.keys()):
        terms = book.terms[key]
        if served[key]:
            outcome = consolidate_offer(terms, demand_of(book, served[key]), policy, packs=packs[key])
            results.append(OfferResult(key, terms, served[key], outcome))
        if unserved[key]:
            shares = [Share(0, _why_not(problem, position)) for position in unserved[key]]
            results.append(OfferResult(key, terms, unserved[key], OfferOutcome(0, None, shares)))
    return results


def _why_not(problem: Problem, position: int) -> UnfilledReason:
    """Why a line is served by nobody: no offer within its ceiling, or too little for what its offers ask."""
    want = problem.wants[position]
    prices = [price for offer in problem.choices_of(want) for _start, price in problem.offers[offer].tiers]
    return UnfilledReason.ABOVE_CEILING if min(prices) > want.ceiling else UnfilledReason.SHORT


def _amounts(results: list[OfferResult]) -> dict[str, Decimal]:
    """The amount of each supplier, as the sum of the members' rounded amounts."""
    amounts: defaultdict[str, Decimal] = defaultdict(lambda: ZERO)
    for result in results:
        price = result.outcome.unit_price
        if price is not None:
            for share in result.outcome.shares:
                amounts[result.offer_key[0]] += round_amount(share.allocated * price)
    return amounts


def _missed_by_rounding(
    book: OrderBook, problem: Problem, results: list[OfferResult], plan: Plan
) -> dict[int, Decimal]:
    """Suppliers whose thresholds the plan meets, but not the members' rounded amounts; by how much at most."""
    amounts, codes = _amounts(results), sorted(book.suppliers)
    counts: defaultdict[str, int] = defaultdict(int)
    for result in results:
        counts[result.offer_key[0]] += len(result.positions)
    planned = amounts_of(problem, plan)
    missed = {}
    for at, code in enumerate(codes):
        for threshold in (problem.suppliers[at].minimum_order, problem.suppliers[at].free_delivery_from):
            if threshold is not None and amounts[code] < threshold <= planned[at]:
                missed[at] = counts[code] * CENT / 2 + CENT
    return missed


def _costs(
    book: OrderBook, problem: Problem, keys: list[OfferKey], results: list[OfferResult], premium: Decimal
) -> Costs:
    amounts = _amounts(results)
    fees = sum((book.suppliers[code].fee_on(amount) for code, amount in amounts.items()), ZERO)
    at = {key: number for number, key in enumerate(keys)}
    packs, places, unfilled = [0] * len(keys), set(), 0
    weighed = units = 0
    for result in results:
        number = at[result.offer_key]
        packs[number] += result.outcome.quantity // result.terms.pack_size
        weighed += result.outcome.quantity * problem.offers[number].score
        units += result.outcome.quantity
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            unfilled += max(book.rows[position].quantity - share.allocated, 0)
            if share.allocated:
                places.add((result.offer_key[0], book.rows[position].park))
    return Costs(
        goods=sum(amounts.values(), ZERO),
        fees=fees,
        penalty=penalty_of(problem, packs, premium),
        deliveries=len(places),
        unfilled=unfilled,
        score=Decimal(weighed) / units if units else ZERO,
    )


def summary_of(found: Optimised, premium: Decimal) -> dict[str, Any]:
    """What summary.json says: amounts in euros, `gap` a part of the objective, `bound` on the objective."""
    costs, plain = found.costs, found.plain
    return {
        "total_cost": float(costs.total),
        "bound": float(found.bound),
        "gap": float(found.gap),
        "plain_cost": float(plain.total),
        "deliveries": costs.deliveries,
        "seconds": round(found.seconds, 3),
        "premium": float(premium),
        "objective": float(costs.objective),
        "delivery_fees": float(costs.fees),
        "score": round(float(costs.score), 1),
        "unfilled": costs.unfilled,
        "plain": {
            "objective": float(plain.objective),
            "delivery_fees": float(plain.fees),
            "deliveries": plain.deliveries,
            "score": round(float(plain.score), 1),
            "unfilled": plain.unfilled,
        },
        "cannot_be_filled": dict(found.beyond),
    }


def write_summary(summary: dict[str, Any], output: Path) -> None:
    """Write summary.json beside the result files, whole or not at all."""
    unfinished = output / "summary.json.part"
    unfinished.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(output / "summary.json")
