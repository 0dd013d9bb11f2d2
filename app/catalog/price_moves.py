"""How far prices may move: beyond the association's limit a supplier's own rise is refused, an import's told.

While members want an offer in an open round, its supplier raises no tier of it at all.
"""

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

_TENTH = Decimal("0.1")
PriceTiers = Sequence[tuple[int, Decimal]]  # group quantity from which a unit price holds, by rising quantity


def moves_beyond(old_price: Decimal, new_price: Decimal, limit_percent: Decimal) -> bool:
    """Whether a price moves, up or down, by more than a part of the old one."""
    return abs(new_price - old_price) * 100 > old_price * limit_percent


def rises_beyond(old_price: Decimal, new_price: Decimal, limit_percent: Decimal) -> bool:
    """Whether a price rises by more than a part of the old one; from nothing, any rise does."""
    return new_price > old_price and moves_beyond(old_price, new_price, limit_percent)


def percent_moved(old_price: Decimal, new_price: Decimal) -> Decimal | None:
    """By how many percent a price moves, to one decimal; None from nothing."""
    if not old_price:
        return None
    return ((new_price - old_price) * 100 / old_price).quantize(_TENTH, ROUND_HALF_UP)


def _price_at(tiers: PriceTiers, quantity: int) -> Decimal | None:
    return next((price for from_quantity, price in reversed(tiers) if from_quantity <= quantity), None)


def rises(old: PriceTiers, new: PriceTiers) -> list[tuple[Decimal, Decimal | None]]:
    """The prices, old and new, at which some group quantity costs more than before; None: it cannot be had any more."""
    found = []
    for quantity in sorted({quantity for quantity, _price in (*old, *new)}):
        before, after = _price_at(old, quantity), _price_at(new, quantity)
        if before is not None and (after is None or after > before):
            found.append((before, after))
    return found


def any_rises_beyond(old: PriceTiers, new: PriceTiers, limit_percent: Decimal) -> bool:
    """Whether some group quantity costs more than before by more than a part of the old price."""
    return any(after is not None and rises_beyond(before, after, limit_percent) for before, after in rises(old, new))
