"""The best plan: people first, then cost; in one piece where the problem is small, by products where it is large.

What `Rank` compares is settled in its order. How few units of each product can stay unfilled is a question of that
product alone, since no minimum of a supplier stands in the way of serving people. Then comes cost, not under the floor
of the score and under no minimum; only where that cannot be, the least of it is found first.
"""

import math
import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from app.sourcing.optimiser.combination import combine
from app.sourcing.optimiser.highs import RELATIVE_GAP, Outcome, Progress, run
from app.sourcing.optimiser.model import Aim, Limits, build
from app.sourcing.optimiser.problem import (
    ZERO,
    Plan,
    PlanCost,
    Problem,
    Rank,
    cost_of,
    faults_of,
    rank_of,
    unfilled_by_product,
)
from app.sourcing.optimiser.product_choice import THREADS, best_services, parts_of, put_together

_LARGE_FROM_OFFERS = 60  # from here on products are chosen for one by one first
_IN_ONE_PIECE_TO_OFFERS = 600  # up to here it is worth trying in one piece as well
_SHARE_FOR_SERVICE = 0.3
_SHARE_FOR_COMBINING = 0.5
_LEAST_SECONDS = 1.0
_SECONDS_TO_END = 0.5
_NEARLY = 1e-6


@dataclass(frozen=True)
class Solution:
    """The best plan found, and what no plan is better than.

    `bound`: what no plan ranks under, each part of it for plans that rank no worse in the parts before it (and leave no
    more of any product). `unserved`: units left unfilled, by product.
    """

    plan: Plan
    cost: PlanCost
    rank: Rank
    bound: Rank
    seconds: float
    unserved: Mapping[Hashable, int]

    @property
    def gap(self) -> Decimal:
        """How far the objective can be from the best possible, as a part of it."""
        return self.cost.gap_to(self.bound.objective)


def optimise(
    problem: Problem,
    premium: Decimal = ZERO,
    *,
    seconds: float = 60.0,
    start: Plan | None = None,
    tell: Progress | None = None,
) -> Solution:
    """The plan of the best rank that is found in a time.

    `start` is a plan known before; it is given back where nothing better is found.
    """
    search = _Search(problem, premium, seconds, tell)
    search.offer(start)
    search.serve(start)
    if len(problem.offers) >= _LARGE_FROM_OFFERS:
        share = _SHARE_FOR_COMBINING if len(problem.offers) <= _IN_ONE_PIECE_TO_OFFERS else 1.0
        search.combine(search.left * share - _SECONDS_TO_END)
    if search.gap > RELATIVE_GAP or not search.is_strict:
        search.in_one_piece()
    return search.solution(seconds)


class _Search:
    """The best plan so far, and the bounds; as `optimise` goes from one way to the next."""

    def __init__(self, problem: Problem, premium: Decimal, seconds: float, tell: Progress | None) -> None:
        self.problem, self.premium, self.tell = problem, premium, tell
        self.until = time.monotonic() + seconds
        self.seconds = seconds
        self.parts = parts_of(problem)
        self.plan = Plan((None,) * len(problem.wants), (0,) * len(problem.offers))
        self.rank = rank_of(problem, self.plan, premium)
        self.unfilled: dict[Hashable, int] = {}
        self.bound = ZERO
        self.least = Rank(0, ZERO, 0, ZERO)

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.until - time.monotonic()

    @property
    def gap(self) -> Decimal:
        """How far the best plan can be from the best possible."""
        return cost_of(self.problem, self.plan, self.premium).gap_to(self.bound)

    @property
    def is_strict(self) -> bool:
        """Whether the best plan is under no minimum that binds, and not under the floor of the score."""
        return self.rank.under_minimum == 0 and self.rank.score_missing == 0

    def offer(self, plan: Plan | None) -> None:
        """Keep a plan if it breaks no rule and is the best."""
        if plan is None or faults_of(self.problem, plan):
            return
        rank = rank_of(self.problem, plan, self.premium)
        if rank < self.rank:
            self.plan, self.rank = plan, rank

    def serve(self, start: Plan | None) -> None:
        """Find how few units of each product can stay unfilled."""
        sound = start if start is not None and not faults_of(self.problem, start) else None
        until = time.monotonic() + self.seconds * _SHARE_FOR_SERVICE
        self.services = best_services(self.problem, self.parts, sound, until)
        self.unfilled = {part.product: one.unfilled for part, one in zip(self.parts, self.services, strict=True)}
        self.least = self.least._replace(unfilled=sum(one.bound for one in self.services))
        plans = {part.product: one.plan for part, one in zip(self.parts, self.services, strict=True)}
        self.offer(put_together(self.problem, self.parts, plans))

    def combine(self, seconds: float) -> None:
        """Choose product by product, and put the choices together."""
        combined = combine(self.problem, self.premium, self.parts, self.services, seconds)
        self.offer(combined.plan)
        self.bound = combined.strict_bound if self.is_strict else combined.bound

    def in_one_piece(self) -> None:
        """Solve the whole problem as one program, in the time that is left."""
        limits = Limits(self.unfilled)
        outcome = self._run(limits, Aim.COST)
        if outcome is not None and outcome.is_infeasible:
            limits = self._least_under(self._least_missing())
            outcome = self._run(limits, Aim.COST)
        if outcome is not None and self._keeps(limits):
            self.bound = max(self.bound, _in_euros(outcome.bound))

    def _least_missing(self) -> Limits:
        """How little of the score has to be missing."""
        if self.problem.score_floor is None:
            return Limits(self.unfilled, score_missing=None)
        outcome = self._run(Limits(self.unfilled, under_minimum=None), Aim.SCORE_MISSING)
        if outcome is not None and outcome.bound > 0:
            found = Decimal(repr(outcome.bound))
            is_least = self.rank.score_missing <= found * (1 + Decimal(_NEARLY)) + Decimal(_NEARLY)
            self.least = self.least._replace(score_missing=self.rank.score_missing if is_least else found)
        return Limits(self.unfilled, self.rank.score_missing)

    def _least_under(self, limits: Limits) -> Limits:
        """How few suppliers have to be under their minimum."""
        outcome = self._run(limits, Aim.UNDER_MINIMUM)
        if outcome is not None and outcome.bound > 0:
            self.least = self.least._replace(under_minimum=math.ceil(outcome.bound - _NEARLY))
        return replace(limits, under_minimum=self.rank.under_minimum)

    def _keeps(self, limits: Limits) -> bool:
        """Whether the best plan lies within limits: else their bound says nothing about it."""
        under, missing = limits.under_minimum, limits.score_missing
        return (under is None or self.rank.under_minimum <= under) and (
            missing is None or self.rank.score_missing <= missing
        )

    def _run(self, limits: Limits, aim: Aim) -> Outcome | None:
        """Run the program with an aim, and keep what it finds; None where the time is over."""
        if self.left < _LEAST_SECONDS:
            return None
        model = build(self.problem, self.premium, limits, aim)
        outcome = run(model.program, self.left, threads=THREADS, tell=self.tell if aim is Aim.COST else None)
        self.offer(None if outcome.values is None else model.plan_from(outcome.values))
        return outcome

    def solution(self, seconds: float) -> Solution:
        """What was found."""
        cost = cost_of(self.problem, self.plan, self.premium)
        is_best = self.gap <= 2 * Decimal(RELATIVE_GAP)
        least = self.least._replace(objective=cost.objective if is_best else min(self.bound, cost.objective))
        unserved = unfilled_by_product(self.problem, self.plan)
        return Solution(self.plan, cost, self.rank, least, seconds - self.left, unserved)


def _in_euros(bound: float) -> Decimal:
    return Decimal(repr(max(bound, 0.0))) if math.isfinite(bound) else ZERO
