"""The types of cells that are words: text, codes, choices, numbers with check digits, addresses."""

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email
from stdnum import ean
from stdnum.eu import vat
from stdnum.fr import siret as siret_number

from app.core.tabular.cells import Cure, SheetMoment

# Control characters, line and paragraph separators, halves of surrogate pairs, marks that turn the direction of text.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?|\u2028|\u2029")
_SCIENTIFIC = re.compile(r"[0-9]+(?:[.,][0-9]+)?E\+?[0-9]+\Z", re.IGNORECASE)


def text(max_length: int = 200, *, lines: bool = False) -> Callable[[str], str]:
    """Text of at most `max_length` characters, without control characters; composed (Unicode NFC).

    `lines`: it may have several lines, and tabs.
    """

    def parse(value: str) -> str:
        plain = _plain(value, lines=lines)
        if len(plain) > max_length:
            raise Cure("at most {maximum} characters", maximum=max_length)
        # Codes recur on many rows: one copy of each saves memory.
        return sys.intern(plain)

    return parse


def code(max_length: int) -> Callable[[str], str]:
    """A code that is compared exactly, capitals and all: every blank is a plain one, nothing in it is invisible.

    A date is refused: it is what Excel makes of codes such as `1-2`.
    """

    def parse(value: str) -> str:
        if isinstance(value, SheetMoment):
            raise Cure("a code, where the workbook has a date or time: format the column as text, then write it again")
        plain = _plain(value)
        if not plain.isascii():
            plain = "".join(" " if unicodedata.category(c) == "Zs" else c for c in plain)
            for c in plain:
                if unicodedata.category(c) == "Cf":
                    raise Cure("without the invisible character {character}", character=f"U+{ord(c):04X}")
        if len(plain) > max_length:
            raise Cure("at most {maximum} characters", maximum=max_length)
        return sys.intern(plain)

    return parse


def _plain(value: str, *, lines: bool = False) -> str:
    value = str(value)  # no longer a number or moment of a workbook
    if value.isascii() and value.isprintable():
        return value
    plain = unicodedata.normalize("NFC", value)
    if lines:
        plain = _LINE_END.sub("\n", plain)
    for found in _CONTROL.finditer(plain):
        if lines and found[0] in "\n\t":
            continue
        if found[0] in "\n\r":
            raise Cure("one line of text: this cell has a line break")
        raise Cure(
            "without the control character {character} at position {position}",
            character=f"U+{ord(found[0]):04X}",
            position=found.start() + 1,
        )
    return plain


def one_of(*words: str) -> Callable[[str], str]:
    """One of a few words."""

    def parse(value: str) -> str:
        if value not in words:
            raise Cure("one of: {words}", words=", ".join(words))
        return str(value)

    return parse


def gtin(value: str) -> str:
    """A GTIN-8, -12, -13 or -14 with its right check digit (GS1 General Specifications, 7.9)."""
    if _SCIENTIFIC.match(value):
        raise Cure("all digits of the GTIN, where Excel shortened them: format the column as text, then write it again")
    if not (value.isascii() and ean.is_valid(value)):
        raise Cure("a GTIN of 8, 12, 13 or 14 digits with the right check digit, or nothing")
    return str(ean.compact(str(value)))


def siret(value: str) -> str:
    """A SIRET with its right check digits, without blanks."""
    plain = "".join(value.split())
    if not (plain.isascii() and siret_number.is_valid(plain)):
        raise Cure("a SIRET of 14 digits with the right check digits, or nothing")
    return str(siret_number.compact(plain))


def vat_number(value: str) -> str:
    """A VAT number of the European Union with its country's prefix, without blanks."""
    plain = "".join(value.split())
    if not (plain.isascii() and vat.is_valid(plain)):
        raise Cure("a VAT number with its country's prefix, such as FR40303265045, or nothing")
    return str(vat.compact(plain))


def mail_address(value: str) -> str:
    """A well-formed mail address, in lower case (RFC 5321, RFC 6531)."""
    address = _mail_address(str(value))
    if address is None:
        raise Cure("a mail address, such as claire@atelier.example")
    return address


@lru_cache(maxsize=4096)
def _mail_address(value: str) -> str | None:
    try:
        return validate_email(value, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError:
        return None
