"""Numbers as people write them, in French and in English; what could be read in two ways is refused, never guessed.

Blanks (also no-break and narrow ones), points or commas part thousands; a comma or a point parts the decimals.
`1,000` and `12.345` are a thousand or a number with decimals: which, only the writer knows.
"""

import re
from collections.abc import Callable
from decimal import Decimal

from app.core.tabular.cells import Cure, SheetNumber

_MAX_INTEGER = 2_147_483_647
_LONGEST = 40
_NUMBER = re.compile(
    r"(?P<sign>-?)"
    r"(?P<whole>[0-9]+|[1-9][0-9]{0,2}(?P<gap>[ \u00a0\u202f\u2009.,])[0-9]{3}(?:(?P=gap)[0-9]{3})*)"
    r"(?:(?P<point>[.,])(?P<decimals>[0-9]+))?\Z"
)
_TWO_WAYS = re.compile(r"-?[1-9][0-9]{0,2}[.,][0-9]{3}\Z")
_EURO = re.compile(r"\A(?:€|EUR)\s*|\s*(?:€|EUR)\Z", re.IGNORECASE)
_PERCENT = re.compile(r"\s*%\Z")


def decimal_from(value: str, below: Decimal | None = None) -> Decimal:
    """The decimal number that a text says, exactly.

    A number that could also be meant with thousands is refused, unless that many are not `below` what may be.
    Raises `Cure`.
    """
    if isinstance(value, SheetNumber):
        if value.is_percent:
            raise Cure("a number, not a percentage")
        return value.number
    found = _NUMBER.match(value) if len(value) <= _LONGEST else None
    if found is None or found["point"] == found["gap"] is not None:
        raise Cure("a number, such as 12.50 or 12,50")
    digits = "".join(filter(str.isdigit, found["whole"]))
    number = Decimal(f"{found['sign']}{digits}.{found['decimals'] or 0}")
    if _TWO_WAYS.match(value):
        thousands = Decimal(f"{found['sign']}{digits}{found['decimals']}")
        if below is None or thousands < below:
            raise Cure(
                "this can be read in two ways: write {thousands} or {decimals}",
                thousands=thousands,
                decimals=f"{number:f}0",
            )
    return number if found["decimals"] else Decimal(f"{found['sign']}{digits}")


def integer(minimum: int, maximum: int = _MAX_INTEGER) -> Callable[[str], int]:
    """A whole number within bounds; `12.0` is 12."""

    def parse(value: str) -> int:
        if value.__class__ is str and value.isascii() and value.isdecimal() and len(value) <= _LONGEST:
            number = int(value)
        else:
            exact = decimal_from(value, Decimal(maximum + 1))
            if exact != exact.to_integral_value():
                raise Cure("a whole number, such as 12")
            number = int(exact)
        if not minimum <= number <= maximum:
            raise Cure("a whole number from {minimum} to {maximum}", minimum=minimum, maximum=maximum)
        return number

    return parse


def decimal(places: int, minimum: Decimal = Decimal(0), maximum: Decimal = Decimal(10**8)) -> Callable[[str], Decimal]:
    """A decimal number of at most `places` decimals, from `minimum` to below `maximum`."""
    step = Decimal(1).scaleb(-places)

    def parse(value: str) -> Decimal:
        number = decimal_from(value, maximum)
        if not minimum <= number < maximum:
            raise Cure("a number from {minimum} to below {maximum}", minimum=minimum, maximum=maximum)
        rounded = number.quantize(step)
        if rounded != number:
            raise Cure("at most {places} decimals", places=places)
        return abs(rounded) if rounded == 0 else rounded  # no minus before a zero

    return parse


def euros(places: int, maximum: Decimal = Decimal(10**8)) -> Callable[[str], Decimal]:
    """An amount in euros, from 0; the sign of the euro may stand beside it."""
    amount = decimal(places, maximum=maximum)

    def parse(value: str) -> Decimal:
        return amount(value if isinstance(value, SheetNumber) else _EURO.sub("", value, count=1))

    return parse


def percent(places: int, maximum: int = 100) -> Callable[[str], Decimal]:
    """A percentage from 0 to `maximum`: `5.5`, or `5,5 %` as Excel shows it.

    A rate under a half is refused: `0,2` is a fifth of a percent, or 20 % kept as a fraction.
    """
    rate = decimal(places, maximum=maximum + Decimal(1).scaleb(-places))

    def parse(value: str) -> Decimal:
        if isinstance(value, SheetNumber):
            number = rate(SheetNumber(value, value.number))
            said = value.is_percent
        else:
            bare = _PERCENT.sub("", value)
            number, said = rate(bare), bare != value
        if 0 < number < Decimal("0.5") and not said:
            raise Cure("this can be read in two ways: write percents, such as 20 or 20 %")
        return number

    return parse
