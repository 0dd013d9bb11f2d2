"""Putting the products' choices together under the suppliers' minimums and delivery fees.

Each product brings its best choice. Where these leave a supplier below a threshold, a program picks one choice a
product out of a pool: the best one, one offer for all, nothing. Its relaxation says what a euro of goods at each
supplier is worth; at those prices every product is asked again, which adds choices to the pool and gives a better bound
(column generation after Dantzig and Wolfe, 1960; the bound is Lagrange's). A rough pick says which suppliers are used
and which deliver free; held to that, the worth of goods gives further choices, and in the end one a product is picked.
"""

import time
from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.catalog.terms import SupplierTerms
from app.sourcing.optimiser.highs import run
from app.sourcing.optimiser.model import Conditions, Program
from app.sourcing.optimiser.problem import Plan, Problem, cost_of
from app.sourcing.optimiser.product_choice import (
    THREADS,
    Asked,
    Choice,
    Part,
    choice_in,
    choose,
    parts_of,
    put_together,
    single_offer_choices,
)

_MOST_TURNS = 6
_SHARE_TO_PICK = 0.4  # of the time, for the pick at the end
_GOOD_ENOUGH = 1e-4
_ROUGHLY = 2e-3
_WORTHLESS = 1e-9
_BEYOND_FACTOR = 10.0  # of the dearest price: what a unit left beyond what is allowed costs here


@dataclass(frozen=True)
class Combined:
    """The plan that was put together (None where the time was over), and a bound on the cost of any plan."""

    plan: Plan | None
    bound: Decimal
    beyond: Mapping[Hashable, int]


def combine(
    problem: Problem, premium: Decimal, margins: Mapping[int, Decimal], seconds: float, start: Plan | None
) -> Combined:
    """A good plan for a problem of many products, and a bound that its every plan keeps.

    A product for which there was no time takes what `start` has for it; without that there is no plan.
    """
    until = time.monotonic() + seconds
    parts = parts_of(problem)
    first = choose(problem, premium, [Asked(part, Conditions()) for part in parts], until)
    pool = _Pool(problem, premium, margins, parts)
    for part, choice in zip(parts, first, strict=True):
        if choice is None and start is None:
            return Combined(None, Decimal(0), {})
        pool.add(part, choice or choice_in(problem, premium, part, start))  # type: ignore[arg-type]
    best = {part.product: pool.choices[part.product][0] for part in parts}
    bound = sum(choice.bound for choice in best.values())
    picked: dict[Hashable, Choice] | None = best
    if _is_in_question(problem, best, margins):
        for part in parts:
            for choice in single_offer_choices(problem, premium, part):
                pool.add(part, choice)
        bound = max(bound, pool.widen(until - _SHARE_TO_PICK * seconds))
        now = time.monotonic()
        rough = pool.pick(now + (until - now) / 3, gap=_ROUGHLY)
        if rough is not None:
            pool.settle(rough, until - (until - now) / 3)
        picked = min((one for one in (pool.pick(until), rough) if one is not None), key=pool.cost_of, default=None)
    if picked is None:
        return Combined(None, Decimal(repr(bound)), {})
    beyond = {product: one.beyond for product, one in picked.items() if one.beyond}
    return Combined(put_together(problem, parts, picked), Decimal(repr(bound)), beyond)


def _amounts_of(picked: Mapping[Hashable, Choice]) -> dict[int, Decimal]:
    """The amount of each supplier in a pick."""
    amounts: defaultdict[int, Decimal] = defaultdict(Decimal)
    for choice in picked.values():
        for supplier, amount in choice.amounts.items():
            amounts[supplier] += amount
    return amounts


def _is_in_question(problem: Problem, picked: Mapping[Hashable, Choice], margins: Mapping[int, Decimal]) -> bool:
    """Whether the amount of some supplier is above nothing and below a threshold."""
    return any(
        amount < threshold + margins.get(supplier, Decimal(0))
        for supplier, amount in _amounts_of(picked).items()
        for threshold in problem.suppliers[supplier].thresholds
    )


class _Pool:
    """The choices known of each product, and picking among them."""

    def __init__(self, problem: Problem, premium: Decimal, margins: Mapping[int, Decimal], parts: list[Part]) -> None:
        self.problem, self.premium, self.margins, self.parts = problem, premium, margins, parts
        self.choices: dict[Hashable, list[Choice]] = {part.product: [] for part in parts}
        dearest = max(float(price) for offer in problem.offers for _start, price in offer.tiers)
        self.beyond_cost = _BEYOND_FACTOR * dearest

    def add(self, part: Part, choice: Choice) -> bool:
        """Add a choice; whether it was new."""
        known = self.choices[part.product]
        if any(choice.plan == other.plan for other in known):
            return False
        known.append(choice)
        return True

    def widen(self, until: float) -> float:
        """Add choices by the worth of goods at each supplier, while there is something to win and time; a bound."""
        bound = 0.0
        for _turn in range(_MOST_TURNS):
            master = _Master(self, whole=False)
            outcome = run(master.program, until - time.monotonic(), threads=THREADS)
            if outcome.values is None:
                return bound
            worth = master.worth(outcome.duals)
            if not worth:
                return bound
            lagrange = self._ask_at(worth, until)
            if lagrange is None:
                return bound
            bound = max(bound, lagrange + sum(self._least(supplier, euro) for supplier, euro in worth.items()))
            if outcome.cost - bound <= _GOOD_ENOUGH * abs(outcome.cost):
                return bound
        return bound

    def _least(self, supplier: int, euro: float) -> float:
        """The least that a supplier's part can cost, where each euro of its goods costs so much more."""
        terms = self.problem.suppliers[supplier]
        thresholds = [float(one) for one in terms.thresholds]
        amounts = [max(self._most_of(supplier), *thresholds), *thresholds]
        minimum = float(terms.minimum_order or 0)
        costs = [euro * one + float(terms.fee_on(Decimal(repr(one)))) for one in amounts if one >= minimum]
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
            worth = master.worth(outcome.duals) if outcome.values is not None else {}
            if not worth or not self._ask_at(worth, until):
                return

    def _ask_at(self, worth: Mapping[int, float], until: float) -> float | None:
        """Ask every product again at the worth of goods at each supplier; the sum of their bounds at those prices.

        None where the time was over, or where nothing new was found.
        """
        factors = {supplier: 1.0 - euro for supplier, euro in worth.items()}
        asked = [Asked(part, Conditions(factors=factors)) for part in self.parts]
        found = choose(self.problem, self.premium, asked, until)
        pairs = zip(self.parts, found, strict=True)
        is_news = [self.add(part, choice) for part, choice in pairs if choice is not None]
        bounds = [choice.bound for choice in found if choice is not None]
        return sum(bounds) if any(is_news) and len(bounds) == len(asked) else None

    def cost_of(self, picked: Mapping[Hashable, Choice]) -> tuple[int, Decimal]:
        """What a pick leaves beyond what is allowed, and what it costs: when time ends, the later may be the worse."""
        plan = put_together(self.problem, self.parts, picked)
        return sum(choice.beyond for choice in picked.values()), cost_of(self.problem, plan, self.premium).objective

    def pick(self, until: float, gap: float = _GOOD_ENOUGH / 10) -> dict[Hashable, Choice] | None:
        """One choice a product, at the least cost; units left beyond what is allowed are dearer than anything."""
        master = _Master(self, whole=True)
        outcome = run(master.program, until - time.monotonic(), threads=THREADS, gap=gap)
        if outcome.values is None:
            return None
        return {choice.product: choice for choice, column in master.columns if outcome.values[column] > 0.5}


class _Master:
    """The program that picks one choice a product, under the suppliers' terms."""

    def __init__(self, pool: _Pool, *, whole: bool) -> None:
        self.program, self.pool = Program(), pool
        self.columns: list[tuple[Choice, int]] = []
        self.rows: dict[int, list[int]] = {}
        self.states: dict[int, tuple[int, int | None]] = {}
        self.amounts: defaultdict[int, list[tuple[int, float]]] = defaultdict(list)
        self.most: defaultdict[int, float] = defaultdict(float)
        for choices in pool.choices.values():
            self._product(choices, whole)
        for supplier, terms in enumerate(pool.problem.suppliers):
            if self.amounts[supplier] and terms.thresholds:
                self._supplier(supplier, terms, whole)

    def _product(self, choices: list[Choice], whole: bool) -> None:
        mine = []
        for choice in choices:
            column = self.program.column(1.0, float(choice.cost) + self.pool.beyond_cost * choice.beyond, whole=whole)
            mine.append((column, 1.0))
            self.columns.append((choice, column))
            for supplier, amount in choice.amounts.items():
                self.amounts[supplier].append((column, float(amount)))
        self.program.row(mine, lower=1.0, upper=1.0)
        for supplier in {supplier for choice in choices for supplier in choice.amounts}:
            self.most[supplier] += max(float(choice.amounts.get(supplier, 0)) for choice in choices)

    def _supplier(self, supplier: int, terms: SupplierTerms, whole: bool) -> None:
        amounts, margin = self.amounts[supplier], self.pool.margins.get(supplier, Decimal(0))
        fee = float(terms.delivery_fee or 0) if terms.may_charge else 0.0
        used = self.program.column(1.0, fee, whole=whole)
        row = self.program.row([*amounts, (used, -self.most[supplier])], upper=0.0)
        free, thresholds = self.program.supplier(terms, amounts, used, margin=margin, fee=fee, whole=whole)
        self.rows[supplier], self.states[supplier] = [row, *thresholds], (used, free)

    def hold(self, amounts: Mapping[int, Decimal]) -> None:
        """Hold suppliers to being used, and to delivering free, as they are with some amounts."""
        for supplier, (used, free) in self.states.items():
            amount, free_from = (
                amounts.get(supplier, Decimal(0)),
                self.pool.problem.suppliers[supplier].free_delivery_from,
            )
            for column, is_so in ((used, amount > 0), (free, bool(free_from and amount >= free_from))):
                if column is not None:
                    self.program.lower[column] = self.program.upper[column] = float(is_so)

    def worth(self, duals: Sequence[float]) -> dict[int, float]:
        """What a euro of goods at each supplier is worth, in euros, where it is worth anything."""
        found = {supplier: sum(duals[row] for row in rows) for supplier, rows in self.rows.items()}
        return {supplier: euro for supplier, euro in found.items() if abs(euro) > _WORTHLESS}
