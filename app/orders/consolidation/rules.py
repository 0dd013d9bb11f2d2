"""Consolidation: from the lines of one offer in one round to one order quantity and everyone's exact share.

The rules are those of docs/reference/consolidation.md. Pure: no session, no clock, no settings. The same functions
serve rounds in the database and files on the command line.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.catalog.terms import Terms
from app.core.apportion import apportion
from app.orders.rounds.sharing_policy import SharingPolicy


class UnfilledReason(StrEnum):
    """Why a line did not get all it wanted. The first three come from the rules, the others from the manager."""

    SHORT = "short"
    BELOW_MINIMUM = "below_minimum"
    ABOVE_CEILING = "above_ceiling"
    EXCLUDED = "excluded"
    SUPPLIER_POSTPONED = "supplier_postponed"
    SUPPLIER_ROLLED_OVER = "supplier_rolled_over"
    SUPPLIER_DROPPED = "supplier_dropped"


class DemandLine(NamedTuple):
    """What one member order wants of one offer. `reference` and `placed_at` break ties."""

    reference: str
    placed_at: datetime
    quantity: int
    tolerance: int
    ceiling_price: Decimal


class Share(NamedTuple):
    """What a line gets, in sales units, and why it got less than it wanted."""

    allocated: int
    reason: UnfilledReason | None


class OfferOutcome(NamedTuple):
    """The order of one offer (`quantity` units at `unit_price`) and the share of each line, in the given order."""

    quantity: int
    unit_price: Decimal | None
    shares: list[Share]


def order_quantity(wanted: int, tolerance: int, pack_size: int) -> int:
    """Whole packs for `wanted` units: rounded up where the tolerances allow it, else down."""
    rounded_up = -(-wanted // pack_size) * pack_size
    return rounded_up if rounded_up <= wanted + tolerance else rounded_up - pack_size


def consolidate_offer(
    terms: Terms, lines: Sequence[DemandLine], policy: SharingPolicy, packs: int | None = None
) -> OfferOutcome:
    """Turn the lines of one offer into an order quantity, a unit price and a share for each line.

    `packs` is the manager's own number of packs in place of the computed one; it is held to what the lines want
    and tolerate. A line whose ceiling lies under the price reached is taken out, and the rest computed again.
    """
    out: set[int] = set()
    while True:
        active = [i for i in range(len(lines)) if i not in out] if out else range(len(lines))
        wanted = sum(lines[i].quantity for i in active)
        tolerance = sum(lines[i].tolerance for i in active)
        quantity = order_quantity(wanted, tolerance, terms.pack_size)
        if packs is not None:
            quantity = min(packs, (wanted + tolerance) // terms.pack_size) * terms.pack_size
        unit_price = terms.price_at(quantity)
        if quantity == 0:
            return _nothing_ordered(lines, out, UnfilledReason.SHORT)
        if quantity < terms.min_quantity or unit_price is None:
            return _nothing_ordered(lines, out, UnfilledReason.BELOW_MINIMUM)
        too_dear = [i for i in active if lines[i].ceiling_price < unit_price]
        if not too_dear:
            break
        out.update(too_dear)
    parts = share(quantity, [lines[i] for i in active], policy)
    shares = [Share(0, UnfilledReason.ABOVE_CEILING)] * len(lines)
    for i, allocated in zip(active, parts, strict=True):
        shares[i] = Share(allocated, UnfilledReason.SHORT if allocated < lines[i].quantity else None)
    return OfferOutcome(quantity, unit_price, shares)


def share(quantity: int, lines: Sequence[DemandLine], policy: SharingPolicy) -> list[int]:
    """Share `quantity` units over `lines`; at most what they want and tolerate together."""
    wanted = [line.quantity for line in lines]
    surplus = quantity - sum(wanted)
    if surplus == 0:
        return wanted
    instants = [(line.placed_at, line.reference) for line in lines]
    if policy is SharingPolicy.FIRST_COME:
        return _share_first_come(quantity, lines, instants)
    if surplus < 0:
        return apportion(quantity, wanted, instants)
    extra = apportion(surplus, [line.tolerance for line in lines], instants)
    return [q + e for q, e in zip(wanted, extra, strict=True)]


def _share_first_come(
    quantity: int, lines: Sequence[DemandLine], instants: Sequence[tuple[datetime, str]]
) -> list[int]:
    """Serve wanted quantities whole in the order placed, then tolerances with what is left (Foodsoft's rule)."""
    parts = [0] * len(lines)
    left = quantity
    by_instant = sorted(range(len(lines)), key=lambda i: instants[i])
    for take_tolerance in (False, True):
        for i in by_instant:
            taken = min(lines[i].tolerance if take_tolerance else lines[i].quantity, left)
            parts[i] += taken
            left -= taken
    return parts


def _nothing_ordered(lines: Sequence[DemandLine], out: set[int], reason: UnfilledReason) -> OfferOutcome:
    shares = [Share(0, UnfilledReason.ABOVE_CEILING if i in out else reason) for i in range(len(lines))]
    return OfferOutcome(0, None, shares)


class Standing(NamedTuple):
    """A member line and its share so far, in sales units; `reference` and `placed_at` break ties."""

    reference: str
    placed_at: datetime
    wanted: int
    allocated: int
    ceiling_price: Decimal
