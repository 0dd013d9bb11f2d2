"""The best consolidation of orders from files: the optimiser's plan, shared out and priced by the rules of rounds."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from app.catalog.terms import SupplierTerms
from app.core.money import CENT, ZERO, round_amount
from app.orders.consolidation.order_book import (
    OfferKey,
    OfferResult,
    OrderBook,
    ceiling_of,
    consolidate_book,
    demand_of,
)
from app.orders.consolidation.plan_comparison import Comparison, compare
from app.orders.consolidation.rules import OfferOutcome, Share, UnfilledReason, consolidate_offer
from app.orders.rounds.sharing_policy import SharingPolicy
from app.sourcing.optimiser.highs import Progress
from app.sourcing.optimiser.problem import (
    OfferTerms,
    Plan,
    PlanCost,
    Problem,
    Rank,
    Want,
    amounts_of,
    penalty_of,
    score_missing,
)
from app.sourcing.optimiser.solver import optimise

CHARTER_FIRST = Decimal(1)  # from this premium on the mean score is not under that of plain consolidation
_MOST_TURNS = 3


@dataclass(frozen=True)
class Costs(PlanCost):
    """What some consolidation costs, and what it does for that.

    Its deliveries (suppliers by park), units unfilled and what they would have cost at the prices shown when they were
    ordered, mean score, and the suppliers that are ordered under their minimum.
    """

    deliveries: int
    unfilled: int
    unfilled_amount: Decimal
    score: Decimal
    under_minimum: tuple[str, ...]


@dataclass(frozen=True)
class Optimised:
    """The best consolidation found, beside the plain one.

    `least_unfilled`: no consolidation leaves fewer units; `bound`: none that leaves as few has a lower objective.
    `unserved`: units by product that nobody gets.
    """

    results: list[OfferResult]
    costs: Costs
    plain: Costs
    comparison: Comparison
    least_unfilled: int
    bound: Decimal
    seconds: float
    unserved: Mapping[str, int]

    @property
    def gap(self) -> Decimal:
        """How far the objective can be from the lowest possible, as a part of it."""
        return self.costs.gap_to(self.bound)


class _Found(NamedTuple):
    rank: Rank
    results: list[OfferResult]
    costs: Costs


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

    As few units as can be stay unfilled, nobody pays above their ceiling, and of what serves people so well the least
    objective is taken. From `CHARTER_FIRST` on the mean score is not under the plain one, unless that serves people. A
    supplier is under its minimum only where one of the two takes it.
    """
    until = time.monotonic() + seconds
    keys = sorted(book.terms)
    plain_results = list(consolidate_book(book, policy))
    problem, start = _problem(book, keys, plain_results, scores or {})
    plain = _costs(book, problem, keys, plain_results, premium)
    if premium >= CHARTER_FIRST:
        problem = replace(problem, score_floor=plain.score)
    known = _Found(_rank(problem, keys, plain_results, plain), plain_results, plain)
    turns, bounds = [known], []
    for found, bound in _turns(book, problem, keys, start, policy, premium, until, tell):
        turns.append(found)
        bounds.append(bound)
    best = min(turns, key=lambda one: one.rank)
    return Optimised(
        best.results,
        best.costs,
        plain,
        compare(book.suppliers, best.results, plain_results),
        min(bounds[0].unfilled, best.costs.unfilled),
        min(best.costs.objective, *(one.objective for one in bounds)),
        seconds - (until - time.monotonic()),
        _unserved(book, best.results),
    )


def _turns(
    book: OrderBook,
    problem: Problem,
    keys: list[OfferKey],
    start: Plan,
    policy: SharingPolicy,
    premium: Decimal,
    until: float,
    tell: Progress | None,
) -> Iterator[tuple[_Found, Rank]]:
    """What the optimiser finds, with its bound; again with higher thresholds where rounding misses some."""
    margins: dict[int, Decimal] = {}
    for _turn in range(_MOST_TURNS):
        left = max(until - time.monotonic(), 1.0)
        solution = optimise(_raised(problem, margins), premium, seconds=left, start=start, tell=tell)
        results = _shared_out(book, problem, keys, solution.plan, policy)
        costs = _costs(book, problem, keys, results, premium)
        yield _Found(_rank(problem, keys, results, costs), results, costs), solution.bound
        missed = _missed_by_rounding(book, problem, results, solution.plan)
        if not missed:
            return
        margins |= missed


def _raised(problem: Problem, margins: Mapping[int, Decimal]) -> Problem:
    """The problem with suppliers' thresholds raised by euros."""
    suppliers = list(problem.suppliers)
    for at, margin in margins.items():
        terms = suppliers[at]
        suppliers[at] = SupplierTerms(
            terms.minimum_order and terms.minimum_order + margin,
            terms.free_delivery_from and terms.free_delivery_from + margin,
            terms.delivery_fee,
        )
    return replace(problem, suppliers=suppliers)


def _rank(problem: Problem, keys: list[OfferKey], results: list[OfferResult], costs: Costs) -> Rank:
    """How good a consolidation is, by the members' rounded amounts."""
    at = {key: number for number, key in enumerate(keys)}
    merits = (one.outcome.quantity * problem.merit_of(problem.offers[at[one.offer_key]]) for one in results)
    missing = ZERO if problem.score_floor is None else score_missing(merits)
    return Rank(costs.unfilled, missing, len(costs.under_minimum), costs.objective)


def _unserved(book: OrderBook, results: list[OfferResult]) -> dict[str, int]:
    found: defaultdict[str, int] = defaultdict(int)
    for result in results:
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            found[book.products[result.offer_key]] += max(book.rows[position].quantity - share.allocated, 0)
    return {product: units for product, units in sorted(found.items()) if units}


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
    packs = [0] * len(keys)
    for result in plain:
        packs[at[result.offer_key]] = result.outcome.quantity // result.terms.pack_size
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            if result.outcome.quantity and share.reason is not UnfilledReason.ABOVE_CEILING:
                offer_of[position] = at[result.offer_key]
    problem = Problem([book.suppliers[code] for code in codes], offers, wants)
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
    packs, places, unfilled, unfilled_amount = [0] * len(keys), set(), 0, ZERO
    weighed = units = 0
    for result in results:
        number = at[result.offer_key]
        packs[number] += result.outcome.quantity // result.terms.pack_size
        weighed += result.outcome.quantity * problem.offers[number].score
        units += result.outcome.quantity
        for position, share in zip(result.positions, result.outcome.shares, strict=True):
            row = book.rows[position]
            missing = max(row.quantity - share.allocated, 0)
            unfilled += missing
            unfilled_amount += round_amount(missing * ceiling_of(row, book.terms[row.offer_key]))
            if share.allocated:
                places.add((result.offer_key[0], row.park))
    return Costs(
        goods=sum(amounts.values(), ZERO),
        fees=fees,
        penalty=penalty_of(problem, packs, premium),
        deliveries=len(places),
        unfilled=unfilled,
        unfilled_amount=unfilled_amount,
        score=Decimal(weighed) / units if units else ZERO,
        under_minimum=tuple(
            code for code, amount in sorted(amounts.items()) if amount and book.suppliers[code].is_below_minimum(amount)
        ),
    )


def summary_of(found: Optimised, premium: Decimal) -> dict[str, Any]:
    """What summary.json says: amounts in euros, `gap` a part of the objective, `bound` on the objective."""
    costs, plain, beside = found.costs, found.plain, found.comparison
    return {
        "total_cost": float(costs.total),
        "bound": float(found.bound),
        "gap": float(found.gap),
        "plain_cost": float(plain.total),
        "saved": float(beside.saved),
        "served_more": {"units": beside.more_units, "amount": float(beside.more_amount)},
        "served_fewer": {"units": beside.fewer_units, "amount": float(beside.fewer_amount)},
        "deliveries": costs.deliveries,
        "seconds": round(found.seconds, 3),
        "premium": float(premium),
        "objective": float(costs.objective),
        "delivery_fees": float(costs.fees),
        "score": round(float(costs.score), 1),
        "unfilled": costs.unfilled,
        "unfilled_amount": float(costs.unfilled_amount),
        "least_unfilled": found.least_unfilled,
        "under_minimum": list(costs.under_minimum),
        "plain": {
            "objective": float(plain.objective),
            "delivery_fees": float(plain.fees),
            "deliveries": plain.deliveries,
            "score": round(float(plain.score), 1),
            "unfilled": plain.unfilled,
            "unfilled_amount": float(plain.unfilled_amount),
            "under_minimum": list(plain.under_minimum),
        },
        "cannot_be_filled": dict(found.unserved),
    }


def write_summary(summary: dict[str, Any], output: Path) -> None:
    """Write summary.json beside the result files, whole or not at all."""
    unfinished = output / "summary.json.part"
    unfinished.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    unfinished.replace(output / "summary.json")
