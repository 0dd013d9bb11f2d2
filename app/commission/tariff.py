"""The commission of a line, and which rule sets it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from app.core.money import CENT, ZERO

_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate in percent (two decimals) with an optional minimum and maximum in euros per line."""

    percent: Decimal
    minimum: Decimal | None = None
    maximum: Decimal | None = None

    def commission_of(self, line_amount: Decimal) -> Decimal:
        """`clamp(round_half_up(line_amount * rate / 100, 2), min, max)`, never above the line's amount."""
        commission = (line_amount * self.percent / _HUNDRED).quantize(CENT, ROUND_HALF_UP)
        if self.minimum is not None and commission < self.minimum:
            commission = self.minimum
        if self.maximum is not None and commission > self.maximum:
            commission = self.maximum
        return min(commission, line_amount)


NO_COMMISSION = Rate(ZERO)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a rule is for. None stands for "any": an offer, a supplier in a category, one of the two, or everyone."""

    offer_id: int | None = None
    supplier_id: int | None = None
    category_id: int | None = None

    @property
    def specificity(self) -> int:
        """Offer 4, supplier in a category 3, supplier 2, category 1, everyone 0."""
        if self.offer_id is not None:
            return 4
        return 2 * (self.supplier_id is not None) + (self.category_id is not None)

    def covers(self, offer_id: int, supplier_id: int, category_id: int | None) -> bool:
        """Whether the rule is for this offer of this supplier in this category."""
        if self.offer_id is not None:
            return self.offer_id == offer_id
        return self.supplier_id in {None, supplier_id} and self.category_id in {None, category_id}


@dataclass(frozen=True, slots=True)
class Rule:
    """A rate for a scope, valid from the first to the last day (both included; None is open)."""

    rule_id: int
    scope: Scope
    rate: Rate
    valid_from: date | None = None
    valid_to: date | None = None

    def valid_on(self, day: date) -> bool:
        """Whether the rule holds on `day`."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


class Tariff:
    """The rules valid on a round's closing day, asked offer by offer."""

    def __init__(self, rules: Iterable[Rule], day: date) -> None:
        valid = [rule for rule in rules if rule.valid_on(day)]
        # The most specific first; between equals the newest, so that a correction wins.
        self._rules = sorted(valid, key=lambda rule: (-rule.scope.specificity, -rule.rule_id))

    def rule_for(self, offer_id: int, supplier_id: int, category_id: int | None) -> Rule | None:
        """The most specific rule that covers the offer; None where none does."""
        return next((rule for rule in self._rules if rule.scope.covers(offer_id, supplier_id, category_id)), None)

    def rate_for(self, offer_id: int, supplier_id: int, category_id: int | None) -> Rate:
        """The rate of the most specific rule that covers the offer; no commission where none does."""
        rule = self.rule_for(offer_id, supplier_id, category_id)
        return rule.rate if rule else NO_COMMISSION
