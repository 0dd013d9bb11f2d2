"""Money: euros as `Decimal`. Unit prices have 4 decimals, amounts 2, rounded half up."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
UNIT_PRICE_STEP = Decimal("0.0001")
ZERO = Decimal("0.00")


def round_amount(value: Decimal) -> Decimal:
    """Round an amount in euros to the cent, half up."""
    return value.quantize(CENT, ROUND_HALF_UP)


def vat_by_rate(parts: Iterable[tuple[Decimal, Decimal]]) -> dict[Decimal, tuple[Decimal, Decimal]]:
    """For amounts with their rates in percent: by rate, the amount taxed and its VAT, rounded once a rate.

    EN 16931, BR-CO-17.
    """
    taxed: dict[Decimal, Decimal] = {}
    for amount, rate in parts:
        taxed[rate] = taxed.get(rate, ZERO) + amount
    return {rate: (amount, round_amount(amount * rate / 100)) for rate, amount in sorted(taxed.items())}
