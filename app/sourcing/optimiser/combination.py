"""Putting the products' choices together under the suppliers' minimums and delivery fees, and the floor of the score.

Each product brings its best choice. Where these leave a supplier below a threshold, or the score under its floor, a
program picks one choice a product out of a pool: the best one, one offer for all, the one that serves most. Its
relaxation says what a euro of goods at each supplier, and a point of score, is worth; at those prices every product is
asked again, which adds choices to the pool and gives a better bound (column generation after Dantzig and Wolfe, 1960;
the bound is Lagrange's). A rough pick says which suppliers are used and which deliver free; held to that, the worth of
goods gives further choices, and in the end one a product is picked.
"""

import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.sourcing.optimiser.highs import run
from app.sourcing.optimiser.model import INFINITE, SCORE_TOLERANCE, Program, SupplierBounds, Worth
from app.sourcing.optimiser.problem import ZERO, Plan, Problem, Rank, rank_of
from app.sourcing.optimiser.product_choice import (
    THREADS,
    Asked,
    Choice,
    Part,
    Service,
    choice_in,
    choose,
    put_together,
    single_offer_choices,
)

_MOST_TURNS = 6
_SHARE_TO_PICK = 0.4  # of the time, for the pick at the end
_GOOD_ENOUGH = 1e-4
_ROUGHLY = 2e-3
_WORTHLESS = 1e-9
_DEAR_MINIMUM = 2.0  # of what everything costs: what it costs here to be under one minimum more
_DEAR_POINT = 4.0  # of the dearest price: what a point of score that is missing to the floor costs here, a unit


@dataclass(frozen=True)
class Combined:
    """The plan that was put together, and a bound on the objective of plans.

    `bound` holds for every plan that leaves no more of any product; `strict_bound` for those of them that are under no
    minimum that binds and keep to the floor of the score.
    """

    plan: Plan
    bound: Decimal
    strict_bound: Decimal


def combine(
    problem: Problem, premium: Decimal, parts: Sequence[Part], services: Sequence[Service], seconds: float
) -> Combined:
    """A good plan for a problem of many products; a product for which there was no time is served as its service is."""
    until = time.monotonic() + seconds
    pool = _Pool(problem, premium, parts, services)
    first = choose(problem, premium, [Asked(part, pool.unfilled[part.product]) for part in parts], until)
    pool.add_first(first)
    best = {part.product: pool.choices[part.product][0] for part in parts}
    bound = strict_bound = max(sum(choice.bound for choice in best.values()), 0.0)
    picked = best
    if pool.is_in_question(best):
        pool.add_single_offers()
        strict_bound = max(bound, pool.widen(until - _SHARE_TO_PICK * seconds))
        now = time.monotonic()
        rough = pool.pick(now + (until - now) / 3, gap=_ROUGHLY)
        if rough is not None:
            pool.settle(rough, until - (until - now) / 3)
        picked = min((one for one in (pool.pick(until), rough, best) if one is not None), key=pool.rank)
    return Combined(pool.plan_of(picked), Decimal(repr(bound)), Decimal(repr(strict_bound)))


def _amounts_of(picked: Mapping[Hashable, Choice]) -> dict[int, Decimal]:
    """The amount of each supplier in a pick."""
    amounts: defaultdict[int, Decimal] = defaultdict(Decimal)
    for choice in picked.values():
        for supplier, amount in choice.amounts.items():
            amounts[supplier] += amount
    return amounts


class _Pool:
    """The choices known of each product, and picking among them."""

    def __init__(self, problem: Problem, premium: Decimal, parts: Sequence[Part], services: Sequence[Service]) -> None:
        self.problem, self.premium, self.parts = problem, premium, parts
        self.services = {part.product: service for part, service in zip(parts, services, strict=True)}
        self.unfilled = {product: service.unfilled for product, service in self.services.items()}
        self.bounds = [SupplierBounds.of(problem, supplier) for supplier in range(len(problem.suppliers))]
        self.choices: dict[Hashable, list[Choice]] = {part.product: [] for part in parts}
        self.under_cost = self.missing_cost = 0.0

    def add_first(self, first: Sequence[Choice | None]) -> None:
        """Add the best choice of each product, or how it is served where there was no time to find it."""
        served = put_together(self.problem, self.parts, {one: self.services[one].plan for one in self.services})
        for part, choice in zip(self.parts, first, strict=True):
            unfilled = self.unfilled[part.product]
            self.add(part, choice or choice_in(self.problem, self.premium, part, served, unfilled))
        everything = sum(float(choices[0].cost) for choices in self.choices.values())
        dearest = max(float(price) for offer in self.problem.offers for _start, price in offer.tiers)
        self.under_cost, self.missing_cost = _DEAR_MINIMUM * everything + 1.0, _DEAR_POINT * dearest

    def add_single_offers(self) -> None:
        """Add the choices of one offer for all, and of the best service."""
        served = put_together(self.problem, self.parts, {one: self.services[one].plan for one in self.services})
        for part in self.parts:
            unfilled = self.unfilled[part.product]
            self.add(part, choice_in(self.problem, self.premium, part, served, unfilled))
            for choice in single_offer_choices(self.problem, self.premium, part, unfilled):
                self.add(part, choice)

    def is_in_question(self, picked: Mapping[Hashable, Choice]) -> bool:
        """Whether the amount of some supplier is above nothing and below a threshold, or the score under its floor."""
        if self.problem.score_floor is not None and sum((choice.merit for choice in picked.values()), ZERO) < 0:
            return True
        amounts = _amounts_of(picked)
        return any(amount < one for supplier, amount in amounts.items() for one in self.bounds[supplier].thresholds)

    def add(self, part: Part, choice: Choice) -> bool:
        """Add a choice; whether it was new."""
        known = self.choices[part.product]
        if any(choice.plan == other.plan for other in known):
            return False
        known.append(choice)
        return True

    def widen(self, until: float) -> float:
        """Add choices by the worth of goods and of score, while there is something to win and time; a strict bound."""
        bound = 0.0
        for _turn in range(_MOST_TURNS):
            master = _Master(self, whole=False)
            outcome = run(master.program, until - time.monotonic(), threads=THREADS)
            if outcome.values is None:
                return bound
            worth = master.worth(outcome.duals)
            if worth is None:
                return bound
            lagrange = self._ask_at(worth, until)
            if lagrange is None:
                return bound
            least = sum(self._least(supplier, 1.0 - factor) for supplier, factor in worth.factors.items())
            bound = max(bound, lagrange + least)
            if outcome.cost - bound <= _GOOD_ENOUGH * abs(outcome.cost):
                return bound
        return bound

    def _least(self, supplier: int, euro: float) -> float:
        """The least that a supplier's part can cost, where each euro of its goods costs so much more."""
        bounds = self.bounds[supplier]
        amounts = [max(self._most_of(supplier), *bounds.thresholds), *bounds.thresholds]
        if not bounds.minimum:
            amounts.append(0.0)  # next to nothing: used, and charged
        costs = [
            euro * one + (bounds.fee if bounds.free_from is not None and one < bounds.free_from else 0.0)
            for one in amounts
            if one >= bounds.minimum
        ]
        return min(0.0, *costs)

    def _most_of(self, supplier: int) -> float:
        """More than any plan can buy of a supplier: everything wanted and tolerated, at its first tiers."""
        total = 0.0
        for part in self.parts:
            mine = [
                self.problem.offers[offer] for offer in part.offers if self.problem.offers[offer].supplier == supplier
            ]
            if mine:
                wants = [self.problem.wants[want] for want in part.wants]
                units = sum(want.quantity + want.tolerance for want in wants)
                total += units * max(float(price) for offer in mine for _start, price in offer.tiers)
        return total

    def settle(self, rough: Mapping[Hashable, Choice], until: float) -> None:
        """Add choices by the worth of goods where every supplier is used, and free, as a rough pick has it."""
        amounts = _amounts_of(rough)
        for _turn in range(_MOST_TURNS):
            master = _Master(self, whole=False)
            master.hold(amounts)
            outcome = run(master.program, until - time.monotonic(), threads=THREADS)
            worth = master.worth(outcome.duals) if outcome.values is not None else None
            if worth is None or self._ask_at(worth, until) is None:
                return

    def _ask_at(self, worth: Worth, until: float) -> float | None:
        """Ask every product again at the worth of goods and of score; the sum of their bounds at those prices.

        None where the time was over, or where nothing new was found.
        """
        asked = [Asked(part, self.unfilled[part.product], worth) for part in self.parts]
        found = choose(self.problem, self.premium, asked, until)
        pairs = zip(self.parts, found, strict=True)
        is_news = [self.add(part, choice) for part, choice in pairs if choice is not None]
        bounds = [choice.bound for choice in found if choice is not None]
        return sum(bounds) if any(is_news) and len(bounds) == len(asked) else None

    def plan_of(self, picked: Mapping[Hashable, Choice]) -> Plan:
        """The whole plan of a pick."""
        return put_together(self.problem, self.parts, {product: one.plan for product, one in picked.items()})

    def rank(self, picked: Mapping[Hashable, Choice]) -> Rank:
        """The rank of a pick: when time ends, the later may be the worse."""
        return rank_of(self.problem, self.plan_of(picked), self.premium)

    def pick(self, until: float, gap: float = _GOOD_ENOUGH / 10) -> dict[Hashable, Choice] | None:
        """One choice a product, at the least cost; to be under a minimum or the floor is dearer than anything."""
        master = _Master(self, whole=True)
        outcome = run(master.program, until - time.monotonic(), threads=THREADS, gap=gap)
        if outcome.values is None:
            return None
        return {choice.product: choice for choice, column in master.columns if outcome.values[column] > 0.5}


class _Master:
    """The program that picks one choice a product, under the suppliers' terms and the floor of the score."""

    def __init__(self, pool: _Pool, *, whole: bool) -> None:
        self.program, self.pool = Program(), pool
        self.columns: list[tuple[Choice, int]] = []
        self.rows: dict[int, list[int]] = {}
        self.states: dict[int, tuple[int, int | None]] = {}
        self.amounts: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self.most: defaultdict[int, float] = defaultdict(float)
        self.score_row: int | None = None
        for choices in pool.choices.values():
            self._product(choices, whole)
        for supplier, bounds in enumerate(pool.bounds):
            if self.amounts[supplier] and bounds.thresholds:
                self._supplier(supplier, bounds._replace(under_cost=pool.under_cost), whole)
        if pool.problem.score_floor is not None:
            merits = [(column, float(choice.merit)) for choice, column in self.columns]
            missing = self.program.column(INFINITE, pool.missing_cost, whole=False)
            self.score_row = self.program.row([*merits, (missing, 1.0)], lower=-SCORE_TOLERANCE)

    def _product(self, choices: list[Choice], whole: bool) -> None:
        mine = []
        for choice in choices:
            column = self.program.column(1.0, float(choice.cost), whole=whole)
            mine.append((column, 1.0))
            self.columns.append((choice, column))
            for supplier, amount in choice.amounts.items():
                self.amounts[supplier].append((column, float(amount)))
        self.program.row(mine, lower=1.0, upper=1.0)
        for supplier in {supplier for choice in choices for supplier in choice.amounts}:
            self.most[supplier] += max(float(choice.amounts.get(supplier, 0)) for choice in choices)

    def _supplier(self, supplier: int, bounds: SupplierBounds, whole: bool) -> None:
        amounts = self.amounts[supplier]
        used = self.program.column(1.0, bounds.fee, whole=whole)
        row = self.program.row([*amounts, (used, -self.most[supplier])], upper=0.0)
        found = self.program.supplier(amounts, used, bounds, whole=whole)
        self.rows[supplier], self.states[supplier] = [row, *found.thresholds], (used, found.free)

    def hold(self, amounts: Mapping[int, Decimal]) -> None:
        """Hold suppliers to being used, and to delivering free, as they are with some amounts."""
        for supplier, (used, free) in self.states.items():
            amount, free_from = float(amounts.get(supplier, ZERO)), self.pool.bounds[supplier].free_from
            for column, is_so in ((used, amount > 0), (free, free_from is not None and amount >= free_from)):
                if column is not None:
                    self.program.lower[column] = self.program.upper[column] = float(is_so)

    def worth(self, duals: Sequence[float]) -> Worth | None:
        """What a euro of goods at each supplier and a point of score are worth, in euros; None where nothing is."""
        euros = {supplier: sum(duals[row] for row in rows) for supplier, rows in self.rows.items()}
        factors = {supplier: 1.0 - euro for supplier, euro in euros.items() if abs(euro) > _WORTHLESS}
        score = 0.0 if self.score_row is None else max(duals[self.score_row], 0.0)
        return Worth(factors, score) if factors or score > _WORTHLESS else None
