"""Where quantities come from: what members ordered before. Orders stand above and tell here how to count them."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sqlmodel import Session


class ProductDemand(NamedTuple):
    """What the group bought of a product in a time."""

    product_ref: str
    product: str
    category: str
    quantity: int
    amount: Decimal


PastDemand = Callable[[Session, date, date, int | None, int], Sequence[ProductDemand]]
_sources: list[PastDemand] = []


def count_by(source: PastDemand) -> None:
    """Register how past demand is counted: `(session, first day, last day, category id or None, most)`."""
    _sources[:] = [source]


def past_demand(
    session: Session, first: date, last: date, category_id: int | None = None, most: int = 200
) -> list[ProductDemand]:
    """The products that the group bought most of, by amount."""
    return [one for source in _sources for one in source(session, first, last, category_id, most)]


def forecast(quantity: int, growth_percent: int) -> int:
    """A quantity of the past carried on with a growth in percent (negative: a fall), rounded half up, at least 1."""
    exact = Decimal(quantity) * (100 + growth_percent) / 100
    return max(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), 1)
