"""Which invoices the words of a payment name, however people write their numbers. Pure.

A number is `SERIES-YYYY-NNNNNN`. People put words before it (`FACT-`, `Facture_`), leave zeros out or add some, join
several by hyphens; banks replace signs by blanks and break words after so many letters.
"""

import re
from typing import NamedTuple

_PARTED = "-_./ "
_YEAR_AND_SEQUENCE = re.compile(
    rf"(?<![0-9])(?P<year>20[0-9]{{2}})[{_PARTED}]{{0,3}}(?P<sequence>[0-9]{{1,12}})(?![0-9])"
    r"(?=(?: (?P<broken_off>[0-9]{1,5})(?![0-9]))?)"
)
_BETWEEN = re.compile(r"[^A-Z0-9]+")
_SAYS_INVOICE = re.compile(r"(?:FACTURES?|FACT|FAC|FRA|INVOICE|INV|REF|NO)(?=[A-Z])")
_DIGITS = 6
_MOST_SEQUENCE = 10**9
_MOST_PARTS = 6  # of a series, which is a supplier's code


class InvoiceKey(NamedTuple):
    """An invoice's number without what people change in it: `series` in capitals and digits alone."""

    series: str
    year: int
    sequence: int


def key_of(number: str) -> InvoiceKey:
    """The key of an invoice by its number."""
    series, year, sequence = number.rsplit("-", 2)
    return InvoiceKey(_BETWEEN.sub("", series.upper()), int(year), int(sequence))


def invoices_named(words: str) -> list[tuple[InvoiceKey, ...]]:
    """What may be named in the words of a payment: for each place the keys that it can stand for, the likeliest first.

    Which of them are invoices only the books know.
    """
    text, read_until, places = words.upper(), 0, []
    for found in _YEAR_AND_SEQUENCE.finditer(text):
        before = _BETWEEN.split(text[read_until : found.start()].rstrip(_PARTED))[-_MOST_PARTS:]
        read_until = found.end()
        joined = ["".join(before[at:]) for at in range(len(before))]
        series = [one for one in dict.fromkeys(joined) if one]
        series += [rest for one in series if (rest := _SAYS_INVOICE.sub("", one, count=1)) != one]
        year = int(found["year"])
        keys = [InvoiceKey(one, year, sequence) for sequence in _sequences(found) for one in series]
        if keys:
            places.append(tuple(dict.fromkeys(keys)))
    return places


def _sequences(found: re.Match[str]) -> list[int]:
    """The sequence number as it stands, and with what a break after so many letters parted from it."""
    digits, broken_off = found["sequence"], found["broken_off"] or ""
    sequences = [int(digits)]
    if broken_off and len(digits) + len(broken_off) == _DIGITS:
        sequences.append(int(digits + broken_off))
    return [one for one in sequences if 0 < one < _MOST_SEQUENCE]
