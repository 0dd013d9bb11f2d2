"""Where quantities come from: what members ordered before. Orders stand above and tell here how to count them."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from sqlmodel import Session

from app.core.events import Question, ask


class ProductDemand(NamedTuple):
    """What the group bought of a product in a time."""

    product_ref: str
    product: str
    category: str
    quantity: int
    amount: Decimal


def past_demand(
    session: Session, first: date, last: date, category_id: int | None = None, most: int = 200
) -> list[ProductDemand]:
    """The products that the group bought most of between two days (both included), by amount."""
    found: list[ProductDemand] = ask(Question.PAST_DEMAND, session, first, last, category_id, most)
    return found


def forecast(quantity: int, growth_percent: int) -> int:
    """A quantity of the past carried on with a growth in percent (negative: a fall), rounded half up, at least 1."""
    exact = Decimal(quantity) * (100 + growth_percent) / 100
    return max(int(exact.quantize(Decimal(1), ROUND_HALF_UP)), 1)
