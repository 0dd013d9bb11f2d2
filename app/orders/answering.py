"""Sharing out again what a supplier confirms, or what really came. Pure.

Nobody gets more than their share of the order was: within those shares the rules of `consolidation` hold again. A
dearer price is paid by nobody above their ceiling.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from app.orders.consolidation import DemandLine, SharingPolicy, share


class Standing(NamedTuple):
    """A member line and its share so far, in sales units; `reference` and `placed_at` break ties."""

    reference: str
    placed_at: datetime
    wanted: int
    allocated: int
    ceiling_price: Decimal


def share_again(quantity: int, lines: Sequence[Standing], policy: SharingPolicy) -> list[int]:
    """Share `quantity` units, at most what the lines have between them; nobody gets more than they have.

    What a line has beyond its wish counts as tolerance, so that surplus shrinks first.
    """
    demand = [
        DemandLine(
            line.reference,
            line.placed_at,
            min(line.wanted, line.allocated),
            max(line.allocated - line.wanted, 0),
            line.ceiling_price,
        )
        for line in lines
    ]
    return share(quantity, demand, policy)


def above_ceiling(unit_price: Decimal, lines: Sequence[Standing]) -> list[int]:
    """The positions of the lines that have a share and would pay more than their ceiling."""
    return [at for at, line in enumerate(lines) if line.allocated and line.ceiling_price < unit_price]
