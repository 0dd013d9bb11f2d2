"""The optimiser against exhaustive search, in both its ways, and on what it must not do."""

import random
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from itertools import product as every

import pytest

from app.bench.optimising import a_round
from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser import solver
from app.sourcing.optimiser.combination import combine
from app.sourcing.optimiser.problem import OfferTerms, Plan, Problem, Want, faults_of, rank_of
from app.sourcing.optimiser.product_choice import best_services, parts_of
from app.sourcing.optimiser.solver import Solution, optimise

ZERO = Decimal(0)
Key = tuple[int, Decimal, int, Decimal]


def an_instance(seed: int) -> tuple[Problem, Decimal]:
    """A small random problem: up to 3 suppliers with terms, 2 products, 4 offers, 4 lines; and a premium."""
    chance = random.Random(seed)
    suppliers = [
        SupplierTerms(
            chance.choice([None, Decimal(10), Decimal(25), Decimal(60)]),
            chance.choice([None, Decimal(15), Decimal(40)]),
            chance.choice([None, Decimal(4), Decimal(9)]),
        )
        for _supplier in range(chance.randint(1, 3))
    ]
    offers = []
    for name in range(chance.randint(1, 2)):
        for _offer in range(chance.randint(1, 2)):
            prices = sorted((Decimal(chance.randint(100, 900)) / 100 for _tier in range(3)), reverse=True)
            starts = [1, chance.randint(2, 4), chance.randint(5, 8)][: chance.randint(1, 3)]
            tiers = tuple(zip(starts, prices, strict=False))
            terms = (chance.randint(1, 3), chance.choice([1, 1, 4]), tiers, chance.randint(0, 100), prices[0])
            offers.append(OfferTerms(chance.randrange(len(suppliers)), name, *terms))
    wants = [
        Want(at := chance.randrange(len(offers)), chance.randint(1, 4), chance.randint(0, 2),
             offers[at].tiers[0][1] - chance.choice([ZERO, ZERO, Decimal("0.5")]), chance.random() < 0.8)
        for _line in range(chance.randint(1, 4))
    ]  # fmt: skip
    floor = chance.choice([None, None, Decimal(chance.randint(0, 100))])
    return Problem(suppliers, offers, wants, floor), chance.choice([ZERO, Decimal("0.1"), Decimal(1)])


def every_plan(problem: Problem) -> Iterator[Plan]:
    """Every assignment of lines with every number of packs that it could have."""
    choices = [[None, *problem.choices_of(want)] for want in problem.wants]
    for assigned in every(*choices):
        most: defaultdict[int, int] = defaultdict(int)
        for want, offer in zip(problem.wants, assigned, strict=True):
            if offer is not None:
                most[offer] += want.quantity + want.tolerance
        counts = [range(most.get(at, 0) // offer.pack_size + 1) for at, offer in enumerate(problem.offers)]
        for packs in every(*counts):
            if all(packs[offer] for offer in most):
                yield Plan(tuple(assigned), tuple(packs))


def key_of(problem: Problem, plan: Plan, premium: Decimal) -> Key | None:
    """How good a plan is, written anew: (unfilled, score missing, under a minimum, cost); None where it is no plan."""
    wanted, most = [0] * len(problem.offers), [0] * len(problem.offers)
    unfilled, cost, points = 0, ZERO, ZERO
    amounts = [ZERO] * len(problem.suppliers)
    for want, at in zip(problem.wants, plan.offer_of, strict=True):
        if at is None:
            unfilled += want.quantity
            continue
        wanted[at] += want.quantity
        most[at] += want.quantity + want.tolerance
    for at, (offer, packs) in enumerate(zip(problem.offers, plan.packs, strict=True)):
        units = packs * offer.pack_size
        unfilled += max(wanted[at] - units, 0)
        if not units:
            continue
        reached = [price for start, price in offer.tiers if start <= units]
        served = [want for want, chosen in zip(problem.wants, plan.offer_of, strict=True) if chosen == at]
        if units > most[at] or units < offer.min_quantity or not reached:
            return None
        if any(want.ceiling < reached[-1] for want in served):
            return None
        amounts[offer.supplier] += units * reached[-1]
        cost += units * (reached[-1] + premium * offer.reference_price * (100 - offer.score) / 100)
        points += units * (offer.score - (problem.score_floor or 0))
    under = 0
    for terms, amount in zip(problem.suppliers, amounts, strict=True):
        if amount and terms.free_delivery_from and amount < terms.free_delivery_from:
            cost += terms.delivery_fee or 0
        if amount and terms.minimum_order and amount < terms.minimum_order:
            under += 1
    missing = ZERO if problem.score_floor is None else max(-points, ZERO)
    return unfilled, missing, under, cost


def best_of_all(problem: Problem, premium: Decimal) -> Key:
    keys = (key_of(problem, plan, premium) for plan in every_plan(problem))
    return min(key for key in keys if key is not None)


@pytest.fixture(params=["in one piece", "by products"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(solver, "_LARGE_FROM_OFFERS", 0 if request.param == "by products" else 1000)
    return str(request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("block", range(20))
def test_it_finds_what_exhaustive_search_finds(block: int) -> None:
    for seed in range(block * 30, block * 30 + 30):
        problem, premium = an_instance(seed)
        expected = best_of_all(problem, premium)
        found = optimise(problem, premium, seconds=20)
        check(found, problem, premium, expected, seed)


def check(found: Solution, problem: Problem, premium: Decimal, expected: Key, seed: int) -> None:
    assert faults_of(problem, found.plan) == [], f"seed {seed}"
    key = key_of(problem, found.plan, premium)
    assert key is not None
    assert (key[:3], found.rank[:3]) == (expected[:3], expected[:3]), f"seed {seed}"
    assert abs(key[3] - expected[3]) < Decimal("0.0001"), f"seed {seed}"
    assert found.cost.objective == key[3], f"seed {seed}"
    assert found.bound[:3] == expected[:3], f"seed {seed}: every part is proven"
    assert sum(found.unserved.values()) == expected[0], f"seed {seed}"
    assert found.bound.objective <= found.cost.objective, f"seed {seed}"
    assert found.gap < Decimal("0.0001"), f"seed {seed}"


def test_the_random_problems_ask_every_question() -> None:
    """Units that nobody can fill, suppliers that have to be under their minimum, fees paid, scores that are missing."""
    keys, fees = [], 0
    for seed in range(300):
        problem, premium = an_instance(seed)
        found = optimise(problem, premium, seconds=20)
        keys.append(found.rank)
        fees += bool(found.cost.fees)
    asked = [sum(1 for key in keys if key[at]) for at in range(3)]
    assert all(count >= 15 for count in (*asked, fees)), (asked, fees)


def test_no_bound_of_the_combination_is_above_the_best() -> None:
    """What stands in for a proof in rounds that are too large for one piece."""
    strict = proven = 0
    for seed in range(240):
        problem, premium = an_instance(seed)
        best = best_of_all(problem, premium)
        parts = parts_of(problem)
        services = best_services(problem, parts, None, time.monotonic() + 20)
        combined = combine(problem, premium, parts, services, 20)
        key = key_of(problem, combined.plan, premium)
        assert key is not None, f"seed {seed}"
        assert key[0] == best[0], f"seed {seed}"
        assert combined.bound <= best[3] + Decimal("0.0001"), f"seed {seed}"
        if best[1:3] == (0, 0):
            strict += 1
            assert combined.strict_bound <= best[3] + Decimal("0.0001"), f"seed {seed}"
            proven += abs(key[3] - best[3]) < Decimal("0.0001") and key[1:3] == (0, 0)
    assert strict >= 120
    assert proven >= strict * 0.9, "the combination alone finds nearly all of them"


def test_as_few_suppliers_as_can_be_stand_under_their_minimum() -> None:
    """Two cheap suppliers would both be under 20 euros; all at the dearer of them, only that one is."""
    suppliers = [SupplierTerms(Decimal(20)), SupplierTerms(Decimal(20))]
    offers = [
        OfferTerms(0, "pens", 1, 1, ((1, Decimal(2)),)), OfferTerms(1, "pens", 1, 1, ((1, Decimal(3)),)),
        OfferTerms(1, "pads", 1, 1, ((1, Decimal(3)),)),
    ]  # fmt: skip
    wants = [Want(0, 2, 0, Decimal(5)), Want(2, 2, 0, Decimal(5))]
    found = optimise(Problem(suppliers, offers, wants), seconds=10)
    assert found.rank == (0, 0, 1, Decimal(12))
    assert found.plan.packs == (0, 2, 2)


def a_tight_round(seed: int) -> Problem:
    """Six products at four suppliers, whose minimums not all can be reached."""
    loose = a_round(6, seed)
    total = sum((want.quantity * loose.offers[want.offer].tiers[0][1] for want in loose.wants), ZERO)
    terms = SupplierTerms(round(total * 3 / 10, 2), round(total * 4 / 10, 2), Decimal(300))
    offers = [replace(offer, supplier=offer.supplier % 4) for offer in loose.offers]
    floor = [None, Decimal(50), Decimal(65)][seed % 3]
    return replace(loose, suppliers=[terms] * 4, offers=offers, score_floor=floor)


def test_medium_rounds_are_bounded_by_products_as_they_are_solved_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too large for exhaustive search: what is proven in one piece stands in for it."""
    monkeypatch.setattr(solver, "_LARGE_FROM_OFFERS", 1000)
    premium = Decimal("0.1")
    strict = 0
    for seed in range(9):
        problem = a_tight_round(seed)
        best = optimise(problem, premium, seconds=20)
        assert best.rank[:3] == best.bound[:3], f"seed {seed}"
        parts = parts_of(problem)
        services = best_services(problem, parts, None, time.monotonic() + 20)
        combined = combine(problem, premium, parts, services, 20)
        found, slack = rank_of(problem, combined.plan, premium), best.rank.objective / 100_000
        assert faults_of(problem, combined.plan) == [], f"seed {seed}"
        assert found[0] == best.rank[0], f"seed {seed}"
        assert (*found[:3], found[3] + slack) >= best.rank, f"seed {seed}"
        assert combined.bound <= best.rank.objective + slack, f"seed {seed}"
        if best.rank[1:3] == (0, 0):
            strict += 1
            assert combined.strict_bound <= best.rank.objective + slack, f"seed {seed}"
    assert strict >= 4


def test_the_combination_keeps_to_the_floor_of_the_score_where_products_alone_do_not() -> None:
    asked = held = 0
    for seed in range(700):
        problem, premium = an_instance(seed)
        if problem.score_floor is None or best_of_all(problem, premium)[1] != 0:
            continue
        parts = parts_of(problem)
        services = best_services(problem, parts, None, time.monotonic() + 20)
        alone = combine(replace(problem, score_floor=None), premium, parts, services, 20)
        if rank_of(problem, alone.plan, premium).score_missing == 0:
            continue
        asked += 1
        held += rank_of(problem, combine(problem, premium, parts, services, 20).plan, premium).score_missing == 0
    assert asked >= 8
    assert held >= asked * 0.9
