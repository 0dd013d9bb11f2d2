"""How far a list price may move: beyond the association's limit a supplier's own rise is refused, an import's told."""

from decimal import ROUND_HALF_UP, Decimal

_TENTH = Decimal("0.1")


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
