"""The optimiser on the round that its promise names: 2,000 products, 3 offers each, 20 suppliers, a gap below 1 %."""

import random
from decimal import Decimal

from sqlalchemy import Engine
from sqlmodel import Session

from app.bench.measure import Measurement
from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser.problem import OfferTerms, Problem, Want
from app.sourcing.optimiser.solver import optimise

LIMIT_SECONDS = 30.0
LARGEST_GAP = Decimal("0.01")
_PRODUCTS, _SUPPLIERS, _OFFERS, _LINES = 2_000, 20, 3, 6


def measure(_session: Session, _engine: Engine, scale: float) -> list[Measurement]:
    """How long the optimiser takes, against the limit; a plan that is not good enough counts as too late."""
    problem = a_round(max(int(_PRODUCTS * scale), 1))
    found = optimise(problem, Decimal("0.1"), seconds=LIMIT_SECONDS)
    seconds = found.seconds if found.gap < LARGEST_GAP else 10 * LIMIT_SECONDS
    what = f"{len(problem.offers)} offers, {len(problem.wants)} lines: gap {found.gap * 100:.3f} %"
    return [Measurement("optimise.round", what, seconds, LIMIT_SECONDS)]


def a_round(products: int, seed: int = 1) -> Problem:
    """A round at random: tiers, packs, tolerances, suppliers with minimums and delivery fees."""
    chance = random.Random(seed)
    suppliers = [
        SupplierTerms(
            chance.choice([None, Decimal(200), Decimal(500)]),
            Decimal(chance.choice([500, 1000, 2000])),
            Decimal(chance.choice([15, 25, 40])),
        )
        for _supplier in range(_SUPPLIERS)
    ]
    offers, wants = [], []
    for product in range(products):
        cents = chance.randint(100, 6000)
        chosen = chance.sample(range(_SUPPLIERS), _OFFERS)
        prices = {supplier: cents * chance.randint(90, 120) // 100 for supplier in chosen}
        for supplier, first in prices.items():
            starts = sorted({1, *(chance.randint(2, 60) for _tier in range(chance.randint(0, 3)))})
            tiers = tuple((start, Decimal(first * (100 - 5 * at)) / 10_000) for at, start in enumerate(starts))
            terms = (
                chance.choice([1, 1, 2, 6, 12]),
                1,
                tiers,
                chance.randint(0, 100),
                Decimal(min(prices.values())) / 100,
            )
            offers.append(OfferTerms(supplier, product, *terms))
        for _line in range(chance.randint(1, 2 * _LINES - 1)):
            at = len(offers) - 1 - chance.randrange(_OFFERS)
            wants.append(Want(at, chance.randint(1, 12), chance.choice([0, 0, 1, 3]), offers[at].tiers[0][1]))
    return Problem(suppliers, offers, wants)
