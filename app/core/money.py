"""Money: euros as `Decimal`. Unit prices have 4 decimals, amounts 2, rounded half up."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
UNIT_PRICE_STEP = Decimal("0.0001")
ZERO = Decimal("0.00")


def round_amount(value: Decimal) -> Decimal:
    """Round an amount in euros to the cent, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)
