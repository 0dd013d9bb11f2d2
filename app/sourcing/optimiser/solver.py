"""The best plan: in one piece where the problem is small, product by product where it is large; and how good it is."""

import time
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.core.errors import DomainError
from app.sourcing.optimiser.combination import combine
from app.sourcing.optimiser.highs import RELATIVE_GAP, Progress, run
from app.sourcing.optimiser.model import Conditions, build
from app.sourcing.optimiser.problem import Plan, PlanCost, Problem, cost_of, faults_of, unfilled_beyond
from app.sourcing.optimiser.product_choice import THREADS

_LARGE_FROM_OFFERS = 60  # from here on products are chosen for one by one first
_IN_ONE_PIECE_TO_OFFERS = 600  # up to here it is worth trying in one piece as well
_SHARE_FOR_COMBINING = 0.5
_LEAST_SECONDS = 1.0
_SECONDS_TO_END = 0.5


class NoPlanFound(DomainError):
    """The time was over before any plan that keeps the rules was found."""

    default_code = "no_plan_found"


@dataclass(frozen=True)
class Solution:
    """The best plan found, what it costs, and what no plan can cost less than.

    `beyond`: units of each product left unfilled beyond what is allowed, because no choice of suppliers fills them.
    """

    plan: Plan
    cost: PlanCost
    bound: Decimal
    seconds: float
    beyond: Mapping[Hashable, int] = field(default_factory=dict)

    @property
    def gap(self) -> Decimal:
        """How far the plan can be from the best possible, as a part of its cost."""
        return self.cost.gap_to(self.bound)


def optimise(
    problem: Problem,
    premium: Decimal = Decimal(0),
    *,
    seconds: float = 60.0,
    start: Plan | None = None,
    margins: Mapping[int, Decimal] | None = None,
    tell: Progress | None = None,
) -> Solution:
    """The plan with the least cost and penalty that is found in a time.

    `start` is a plan known before; it is given back where nothing better is found. `margins`: see `Conditions`. Where
    no plan fills what has to be filled, as little as possible is left, and the solution says so. Raises `NoPlanFound`.
    """
    search = _Search(problem, premium, margins or {}, time.monotonic() + seconds, tell)
    search.offer(start)
    if len(problem.offers) >= _LARGE_FROM_OFFERS:
        share = _SHARE_FOR_COMBINING if len(problem.offers) <= _IN_ONE_PIECE_TO_OFFERS else 1.0
        combined = combine(problem, premium, search.margins, seconds * share - _SECONDS_TO_END, start)
        search.offer(combined.plan)
        search.bound = combined.bound
        if search.best is None and combined.plan is not None:
            search.fall_back = (combined.plan, combined.beyond)
    if search.best is None or search.gap > RELATIVE_GAP:
        search.in_one_piece()
    return search.solution(seconds)


class _Search:
    """The best plan so far, and the bound; as `optimise` goes from one way to the next."""

    def __init__(
        self,
        problem: Problem,
        premium: Decimal,
        margins: Mapping[int, Decimal],
        until: float,
        tell: Progress | None,
    ) -> None:
        self.problem, self.premium, self.margins = problem, premium, margins
        self.until, self.tell = until, tell
        self.best: tuple[Plan, PlanCost] | None = None
        self.bound = Decimal(0)
        self.beyond: Mapping[Hashable, int] = {}
        self.fall_back: tuple[Plan, Mapping[Hashable, int]] | None = None

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.until - time.monotonic()

    @property
    def gap(self) -> Decimal:
        """How far the best plan can be from the best possible."""
        assert self.best is not None
        return self.best[1].gap_to(self.bound)

    def offer(self, plan: Plan | None) -> None:
        """Keep a plan if it holds every rule and is the best."""
        if plan is None or faults_of(self.problem, plan):
            return
        cost = cost_of(self.problem, plan, self.premium)
        if self.best is None or cost.objective < self.best[1].objective:
            self.best = plan, cost

    def in_one_piece(self) -> None:
        """Solve the whole problem as one program, in the time that is left."""
        if self.left < _LEAST_SECONDS:
            return
        model = build(self.problem, self.premium, Conditions(self.margins))
        outcome = run(model.program, self.left, threads=THREADS, tell=self.tell)
        if outcome.is_infeasible:
            self.allow(_least_unfilled(self.problem, self.margins, self.left))
            model = build(self.problem, self.premium, Conditions(self.margins))
            outcome = run(model.program, max(self.left, _LEAST_SECONDS), threads=THREADS, tell=self.tell)
        self.offer(None if outcome.values is None else model.plan_from(outcome.values))
        self.bound = max(self.bound, Decimal(repr(max(outcome.bound, 0.0))))

    def allow(self, beyond: Mapping[Hashable, int]) -> None:
        """Let so much more stay unfilled, as no choice of suppliers fills it."""
        allowed = dict(self.problem.unfilled_allowed)
        for product, units in beyond.items():
            allowed[product] = allowed.get(product, 0) + units
        self.problem, self.beyond = replace(self.problem, unfilled_allowed=allowed), beyond

    def solution(self, seconds: float) -> Solution:
        """What was found. Raises `NoPlanFound`."""
        if self.best is None and self.fall_back is not None:
            self.allow(self.fall_back[1])
            self.offer(self.fall_back[0])
        if self.best is None:
            raise _no_plan()
        plan, cost = self.best
        is_best = self.gap <= 2 * Decimal(RELATIVE_GAP)
        bound = cost.objective if is_best else min(self.bound, cost.objective)
        return Solution(plan, cost, bound, seconds - self.left, self.beyond)


def _no_plan() -> NoPlanFound:
    return NoPlanFound("No plan was found in this time that keeps every rule. Give it more seconds.")


def _least_unfilled(problem: Problem, margins: Mapping[int, Decimal], seconds: float) -> dict[Hashable, int]:
    """How many units of each product cannot be filled beyond what may stay so."""
    model = build(problem, Decimal(0), Conditions(margins, only_unfilled=True))
    outcome = run(model.program, seconds, threads=THREADS)
    if outcome.values is None:
        raise _no_plan()
    return unfilled_beyond(problem, model.plan_from(outcome.values))
