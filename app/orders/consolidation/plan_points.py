"""The points that a round's plans come to: premiums that come to the same figures are one point. Pure."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from app.orders.consolidation.models.plans import RoundPlan


@dataclass(frozen=True)
class Point:
    """Plans that come to the same figures, by premium; `runs` are the first and last of premiums that follow on."""

    plans: list[RoundPlan]
    runs: list[tuple[Decimal, Decimal]]

    @property
    def plan(self) -> RoundPlan:
        """The plan that stands for all: the applied one, else the first."""
        return next((plan for plan in self.plans if plan.applied_at), self.plans[0])

    @property
    def gap(self) -> Decimal:
        """The widest of their gaps."""
        return max(plan.gap for plan in self.plans)

    @property
    def is_plain(self) -> bool:
        """Whether it comes to what plain consolidation does."""
        plan = self.plan
        ours = (plan.cost, plan.score, plan.deliveries, plan.unfilled, plan.unfilled_amount)
        plain = (plan.plain_cost, plan.plain_score, plan.plain_deliveries, plan.plain_unfilled)
        is_served_alike = plan.saved is not None and not (plan.moved_lines or plan.more_units or plan.fewer_units)
        return is_served_alike and ours == (*plain, plan.plain_unfilled_amount)

    @property
    def is_charter_first(self) -> bool:
        """Whether one of its premiums is that of charter first, or above."""
        return self.plans[-1].premium >= 1


def points_of(done: Sequence[RoundPlan]) -> list[Point]:
    """The points of plans that are worked out, in the order of their lowest premiums."""
    ordered = sorted(done, key=lambda plan: plan.premium)
    same: defaultdict[tuple[object, ...], list[int]] = defaultdict(list)
    for at, plan in enumerate(ordered):
        same[_figures(plan)].append(at)
    return [Point([ordered[at] for at in places], _runs(ordered, places)) for places in same.values()]


def _figures(plan: RoundPlan) -> tuple[object, ...]:
    """What is shown of a plan, but for its premium and how well it is proven."""
    service = (plan.unfilled, plan.unfilled_amount, plan.more_units, plan.more_amount)
    beside = (plan.saved, plan.fewer_units, plan.fewer_amount, tuple(plan.under_minimum))
    plain = (plan.plain_cost, plan.plain_unfilled)
    return (plan.cost, plan.score, plan.deliveries, plan.moved_lines, plan.delivery_fees, *service, *beside, *plain)


def _runs(ordered: Sequence[RoundPlan], places: Sequence[int]) -> list[tuple[Decimal, Decimal]]:
    runs: list[list[int]] = []
    for at in places:
        if runs and runs[-1][-1] == at - 1:
            runs[-1].append(at)
        else:
            runs.append([at])
    return [(ordered[run[0]].premium, ordered[run[-1]].premium) for run in runs]
