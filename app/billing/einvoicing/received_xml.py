"""What UBL and CII invoices are read into before they are checked, and how their texts, numbers and days are read."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from app.core.errors import InvalidInput

_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_DAY = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:Z|[+-][0-9]{2}:[0-9]{2}|T.*)?\Z")
_BEYOND = 10**12
TRUE = frozenset({"true", "1"})  # xs:boolean


@dataclass(frozen=True)
class DocumentLine:
    """A line as it is written; `net` None where it is not said, `charges` less allowances, `name` for messages."""

    name: str
    sku: str
    quantity: Decimal
    unit_price: Decimal
    base_quantity: Decimal
    charges: Decimal
    net: Decimal | None


@dataclass(frozen=True)
class VatPart:
    """What is taxed at a rate (percent), and its VAT."""

    taxable: Decimal
    rate: Decimal
    vat: Decimal


@dataclass(frozen=True)
class Document:
    """An invoice or credit note as it is written. Sums that are not said are None."""

    is_credit_note: bool
    type_code: str
    number: str
    currency: str
    issued_on: date
    due_on: date | None
    seller_siren: str
    seller_vat_number: str
    seller_name: str
    orders: tuple[str, ...]
    lines: tuple[DocumentLine, ...]
    charges: Decimal
    vat_parts: tuple[VatPart, ...]
    line_total: Decimal | None
    net: Decimal | None
    vat: Decimal | None
    gross: Decimal | None
    prepaid: Decimal
    rounding: Decimal
    payable: Decimal | None


@dataclass(frozen=True)
class Reader:
    """Reads elements by prefixed paths."""

    names: Mapping[str, str]

    def nodes(self, node: etree._Element, path: str) -> Iterator[etree._Element]:
        """The elements at a path."""
        yield from node.iterfind(path, dict(self.names))

    def text(self, node: etree._Element, *paths: str) -> str:
        """The text of the first path that has any, with blanks as one (xs:token)."""
        for path in paths:
            found = " ".join((node.findtext(path, "", dict(self.names)) or "").split())
            if found:
                return found
        return ""

    def required(self, node: etree._Element, *paths: str) -> str:
        """The text of the first path that has any. Raises `InvalidInput` for none."""
        found = self.text(node, *paths)
        if not found:
            raise InvalidInput("The document does not say {element}.", code="element_missing", element=paths[0])
        return found

    def number(self, node: etree._Element, path: str) -> Decimal | None:
        """A decimal number, as xs:decimal has it; None where there is none. Raises `InvalidInput`."""
        written = self.text(node, path)
        if not written:
            return None
        if not _NUMBER.match(written) or abs(Decimal(written)) >= _BEYOND:
            raise InvalidInput("{element} is no number that can be: {value}.", element=path, value=written[:40])
        return Decimal(written)

    def needed(self, node: etree._Element, path: str) -> Decimal:
        """A number that must be there."""
        self.required(node, path)
        found = self.number(node, path)
        assert found is not None
        return found

    def day(self, node: etree._Element, path: str) -> date | None:
        """A day, with or without hyphens and a time zone; None where there is none. Raises `InvalidInput`."""
        written = self.text(node, path)
        if not written:
            return None
        parts = _DAY.match(written)
        try:
            if parts is None:
                raise ValueError
            return date(int(parts[1]), int(parts[2]), int(parts[3]))
        except ValueError as error:
            raise InvalidInput("{value} is no day: write it as 2026-05-31.", value=written[:40]) from error

    def needed_day(self, node: etree._Element, path: str) -> date:
        """A day that must be there."""
        self.required(node, path)
        found = self.day(node, path)
        assert found is not None
        return found


def siren_of(legal_number: str, vat_number: str) -> str:
    """The SIREN of a SIREN, SIRET or French VAT number, however they are written; empty for none."""
    digits = re.sub(r"[^0-9]", "", legal_number)
    if len(digits) in {9, 14}:
        return digits[:9]
    french = re.sub(r"[^0-9A-Z]", "", vat_number.upper())
    return french[4:13] if french.startswith("FR") and len(french) == 13 else ""
