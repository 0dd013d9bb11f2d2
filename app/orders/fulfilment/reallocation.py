"""Sharing out again what a supplier confirms, or what really came. Pure.

Nobody gets more than their share of the order was: within those shares the rules of `consolidation` hold again. A
dearer price is paid by nobody above their ceiling.
"""

from collections.abc import Sequence
from decimal import Decimal

from app.orders.consolidation.rules import DemandLine, Standing, share
from app.orders.rounds.sharing_policy import SharingPolicy


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
