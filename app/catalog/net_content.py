"""What one sales unit holds, so that prices can be compared: per kilogram, litre, piece, metre, square metre. Pure."""

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from typing import NamedTuple

UNITS = ("kg", "l", "piece", "m", "m2")
_LARGEST = Decimal("99999999")
_SMALLEST = Decimal("0.000001")
_PER_SYMBOL: dict[str, tuple[str, str]] = {
    "": ("piece", "1"),
    **dict.fromkeys(
        ("piece", "pieces", "pc", "pcs", "unit", "units", "unite", "unites", "pce", "pces"), ("piece", "1")
    ),
    **dict.fromkeys(("feuille", "feuilles", "sheet", "sheets"), ("piece", "1")),
    **dict.fromkeys(("kg", "kilo", "kilogramme", "kilogram"), ("kg", "1")),
    **dict.fromkeys(("g", "gramme", "gram", "gr"), ("kg", "0.001")),
    "mg": ("kg", "0.000001"),
    **dict.fromkeys(("t", "tonne", "ton"), ("kg", "1000")),
    **dict.fromkeys(("l", "litre", "litres", "liter"), ("l", "1")),
    "dl": ("l", "0.1"),
    "cl": ("l", "0.01"),
    "ml": ("l", "0.001"),
    "m3": ("l", "1000"),
    **dict.fromkeys(("m", "metre", "metres", "meter"), ("m", "1")),
    "cm": ("m", "0.01"),
    "mm": ("m", "0.001"),
    "m2": ("m2", "1"),
}
_PLAIN = str.maketrans("éèêÉ²³", "eeeE23")
_CONTENT = re.compile(r"(?:(\d{1,6})\s*[x×*]\s*)?(\d{1,8}(?:[.,]\d{1,6})?)\s*([a-z]*[23]?)\Z")


class Measure(NamedTuple):
    """An amount in one of `UNITS`."""

    amount: Decimal
    unit: str

    @property
    def tells(self) -> bool:
        """Whether it says more than the price itself: one piece does not."""
        return self != (Decimal(1), "piece")

    def price_of_one(self, price: Decimal) -> Decimal:
        """A unit price in euros brought down to one kilogram, litre, piece, metre or square metre; 4 decimals."""
        return (price / self.amount).quantize(Decimal("0.0001"), ROUND_HALF_UP)


def telling(amount: Decimal | None, unit: str | None) -> Measure | None:
    """The measure stored in two columns, where there is one that says more than the price itself."""
    measure = Measure(amount, unit) if amount is not None and unit is not None else None
    return measure if measure and measure.tells else None


@lru_cache(maxsize=4096)
def measure_of(content: str) -> Measure | None:
    """What a text such as `500 g`, `6 x 1,5 l` or `100 pieces` holds; None where it says no such thing.

    A number alone counts pieces. A symbol alone (`kg`, `litre`) is one of it.
    """
    plain = content.translate(_PLAIN).strip().lower().rstrip(".")
    if plain in _PER_SYMBOL and plain:
        unit, factor = _PER_SYMBOL[plain]
        return Measure(Decimal(factor), unit)
    found = _CONTENT.match(plain)
    if found is None or found[3] not in _PER_SYMBOL:
        return None
    unit, factor = _PER_SYMBOL[found[3]]
    amount = int(found[1] or 1) * Decimal(found[2].replace(",", ".")) * Decimal(factor)
    return Measure(amount.normalize() + 0, unit) if _SMALLEST <= amount <= _LARGEST else None
