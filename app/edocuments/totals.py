"""Sums of a document with lines and charges, as EN 16931 has them: VAT by rate on document totals. Pure and exact."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from app.core.money import ZERO, round_amount, vat_by_rate

STANDARD_RATE = Decimal(20)  # VAT in percent (CGI 278)
COLLECTION_AND_RECYCLING, FREIGHT = "AEO", "FC"  # UNTDID 7161


class TaxedLine(Protocol):
    """A line with its amount in euros before VAT and its rate in percent."""

    @property
    def amount(self) -> Decimal:
        """Euros before VAT."""

    @property
    def vat_rate(self) -> Decimal:
        """Percent."""


@dataclass(frozen=True)
class Charge:
    """Something charged on the whole document, in euros before VAT; `code` by UNTDID 7161."""

    words: str
    code: str
    amount: Decimal
    vat_rate: Decimal


def rounding_of(amount: Decimal, quantity: int, unit_price: Decimal) -> Decimal:
    """What the members' rounded amounts come to more (or less) than quantity times price, rounded once; in euros."""
    return amount - round_amount(quantity * unit_price)


class Totals:
    """The sums of `lines` and `charges`."""

    @property
    def taxed_lines(self) -> Sequence[TaxedLine]:
        """The document's lines."""
        raise NotImplementedError

    @property
    def document_charges(self) -> Sequence[Charge]:
        """The document's charges."""
        raise NotImplementedError

    @property
    def line_total(self) -> Decimal:
        """The sum of the lines (BT-106)."""
        return sum((line.amount for line in self.taxed_lines), ZERO)

    @property
    def charge_total(self) -> Decimal:
        """The sum of the charges (BT-108)."""
        return sum((charge.amount for charge in self.document_charges), ZERO)

    @property
    def net_total(self) -> Decimal:
        """All of it before VAT (BT-109)."""
        return self.line_total + self.charge_total

    @property
    def vat(self) -> dict[Decimal, tuple[Decimal, Decimal]]:
        """By rate, the amount taxed and its VAT: rounded once a rate (BG-23; EN 16931, BR-CO-17)."""
        parts: list[TaxedLine | Charge] = [*self.taxed_lines, *self.document_charges]
        return vat_by_rate((part.amount, part.vat_rate) for part in parts)

    @property
    def vat_total(self) -> Decimal:
        """The VAT of all rates (BT-110)."""
        return sum((vat for _amount, vat in self.vat.values()), ZERO)

    @property
    def total(self) -> Decimal:
        """What is to be paid (BT-112)."""
        return self.net_total + self.vat_total
