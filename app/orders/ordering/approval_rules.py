"""Which steps a member order must pass inside its company. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from app.core.i18n import marked

OVER_LIMIT = marked("The order is above your limit.")
ABOVE_AMOUNT = marked("The order is above the amount that your company lets pass.")
MANY_SKUS = marked("The order has more articles than your company lets pass.")
IN_CATEGORY = marked("The order holds a category that your company wants approved.")
OVER_BUDGET = marked("The order rolled over and is above what is left of the budget.")
ALWAYS = marked("Your company approves every order.")


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What rules look at: the amount in euros before VAT, the articles, their categories, the buyer's limit."""

    amount: Decimal
    sku_count: int
    category_ids: frozenset[int]
    over_limit: bool


@dataclass(frozen=True, slots=True)
class StepRule:
    """A condition under which a step is asked. Every condition that is set must hold."""

    step: int
    above_amount: Decimal | None = None
    above_sku_count: int | None = None
    category_id: int | None = None
    over_limit_only: bool = False
    approver_id: int | None = None

    def applies_to(self, order: OrderFacts) -> bool:
        """Whether the rule asks for its step."""
        return (
            (self.above_amount is None or order.amount > self.above_amount)
            and (self.above_sku_count is None or order.sku_count > self.above_sku_count)
            and (self.category_id is None or self.category_id in order.category_ids)
            and (order.over_limit or not self.over_limit_only)
        )

    @property
    def reason(self) -> str:
        """The rule in one sentence."""
        if self.above_amount is not None:
            return ABOVE_AMOUNT
        if self.above_sku_count is not None:
            return MANY_SKUS
        if self.category_id is not None:
            return IN_CATEGORY
        return OVER_LIMIT if self.over_limit_only else ALWAYS


@dataclass(frozen=True, slots=True)
class RequiredStep:
    """A step that an order must pass: decided by `approver_id`, or by any approver of the company."""

    step: int
    approver_id: int | None
    because: str


def required_steps(order: OrderFacts, rules: Iterable[StepRule]) -> list[RequiredStep]:
    """The steps of an order, in their order; an order above the buyer's limit always has one."""
    steps: dict[int, RequiredStep] = {}
    for rule in sorted(rules, key=lambda rule: (rule.step, rule.approver_id is None)):
        if rule.step not in steps and rule.applies_to(order):
            steps[rule.step] = RequiredStep(rule.step, rule.approver_id, rule.reason)
    if not steps and order.over_limit:
        steps[1] = RequiredStep(1, None, OVER_LIMIT)
    return [steps[step] for step in sorted(steps)]
