"""The optimiser against exhaustive search, in both its ways, and on what it must not do."""

import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from itertools import product as every

import pytest

from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser import solver
from app.sourcing.optimiser.problem import (
    OfferTerms,
    Plan,
    Problem,
    Want,
    cost_of,
    faults_of,
)
from app.sourcing.optimiser.solver import optimise

ZERO = Decimal(0)


def an_instance(seed: int) -> tuple[Problem, Decimal]:
    """A small random problem: up to 3 suppliers with terms, 2 products, 4 offers, 4 lines; and a premium."""
    chance = random.Random(seed)
    suppliers = [
        SupplierTerms(
            chance.choice([None, Decimal(10), Decimal(25)]),
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
    allowed = {name: chance.randint(0, 4) for name in {offer.product for offer in offers}}
    return Problem(suppliers, offers, wants, allowed), chance.choice([ZERO, Decimal("0.1"), Decimal(1)])


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


def best_of_all(problem: Problem, premium: Decimal) -> Decimal | None:
    costs = (cost_of(problem, plan, premium).objective for plan in every_plan(problem) if not faults_of(problem, plan))
    return min(costs, default=None)


@pytest.mark.parametrize("by_products", [False, True])
@pytest.mark.parametrize("block", range(8))
def test_it_finds_what_exhaustive_search_finds(block: int, by_products: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solver, "_LARGE_FROM_OFFERS", 0 if by_products else 1000)
    solved = 0
    for seed in range(block * 30, block * 30 + 30):
        problem, premium = an_instance(seed)
        expected = best_of_all(problem, premium)
        found = optimise(problem, premium, seconds=20)
        if expected is None:
            assert found.beyond, f"seed {seed}: nothing fills what must be filled, and that is said"
            continue
        solved += 1
        assert not found.beyond, f"seed {seed}"
        assert faults_of(problem, found.plan) == [], f"seed {seed}"
        assert abs(found.cost.objective - expected) < Decimal("0.0001"), f"seed {seed}"
        assert found.bound <= found.cost.objective
        assert found.gap < Decimal("0.0001"), f"seed {seed}"
    assert solved >= 10
