"""How bids are compared: each criterion gives from 0 to 100 points, and counts by its weight. Pure and exact.

    price       100 x lowest price of the lot / price of the bid
    lead time   100 x shortest lead time / lead time of the bid (days, of its slowest line)
    charter     the bid's charter score: the mean of its lines', weighed by their amounts
    service     the mark that the association gives, with its reasons

Points are rounded half up to two decimals, and so is their weighted sum. Of equal bids the cheaper goes first, then
the better by the charter, then the one received earlier. A bid on a lot prices every line of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from app.core.money import round_amount

_STEP = Decimal("0.01")
_MOST = Decimal(100)


class Measure(StrEnum):
    """What bids are weighed by."""

    PRICE = "price"
    CHARTER = "charter"
    LEAD_TIME = "lead_time"
    SERVICE = "service"


@dataclass(frozen=True)
class Priced:
    """A line of a bid: units needed, unit price in euros before VAT, days to deliver, charter score."""

    quantity: int
    unit_price: Decimal
    lead_time_days: int
    score: int

    @property
    def amount(self) -> Decimal:
        """What the need costs here."""
        return round_amount(self.quantity * self.unit_price)


@dataclass(frozen=True)
class LotBid:
    """A supplier's bid on a lot: its lines, its mark for service, when it was received."""

    supplier: int
    lines: Sequence[Priced]
    service_mark: int
    received_at: datetime

    @property
    def amount(self) -> Decimal:
        """What the whole lot costs."""
        return sum((line.amount for line in self.lines), Decimal(0))

    @property
    def lead_time_days(self) -> int:
        """Days until everything is there."""
        return max(line.lead_time_days for line in self.lines)

    @property
    def charter_score(self) -> Decimal:
        """The mean score of the lines by their amounts; of a lot that costs nothing the plain mean."""
        weights = [line.amount for line in self.lines] if self.amount else [Decimal(1)] * len(self.lines)
        weighed = sum((line.score * weight for line, weight in zip(self.lines, weights, strict=True)), Decimal(0))
        return weighed / sum(weights, Decimal(0))


@dataclass(frozen=True)
class Ranked:
    """A bid with the points of each measure and its total, 0 to 100."""

    bid: LotBid
    points: Mapping[Measure, Decimal]
    total: Decimal


def rank(bids: Sequence[LotBid], weights: Mapping[Measure, int]) -> list[Ranked]:
    """The bids on a lot, the best first. `weights` in percent, 100 together."""
    if not bids:
        return []
    lowest, shortest = min(bid.amount for bid in bids), min(bid.lead_time_days for bid in bids)
    ranked = []
    for bid in bids:
        points = {
            Measure.PRICE: _part(lowest, bid.amount),
            Measure.CHARTER: _rounded(bid.charter_score),
            Measure.LEAD_TIME: _part(Decimal(shortest), Decimal(bid.lead_time_days)),
            Measure.SERVICE: Decimal(bid.service_mark),
        }
        total = sum((weights[measure] * points[measure] for measure in Measure), Decimal(0)) / 100
        ranked.append(Ranked(bid, points, _rounded(total)))
    return sorted(ranked, key=_order)


def _order(one: Ranked) -> tuple[object, ...]:
    return -one.total, one.bid.amount, -one.points[Measure.CHARTER], one.bid.received_at, one.bid.supplier


def _part(best: Decimal, own: Decimal) -> Decimal:
    """The best over one's own; who costs nothing is the best."""
    return _rounded(_MOST * best / own) if own else _MOST


def _rounded(value: Decimal) -> Decimal:
    return value.quantize(_STEP, ROUND_HALF_UP)
