"""An invoice as EN 16931 has it: parties, lines, charges, VAT by rate on document totals, what is due. Pure and exact.

Amounts in euros. A line's net amount is what it came to for the group's members, each rounded; what that differs from
quantity x price stands as its rounding.
"""

from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from app.core.money import ZERO, round_amount, vat_by_rate

TERM_DAYS = 30


class InvoiceKind(StrEnum):
    """What an invoice is for."""

    MEMBER = "member"
    COMMISSION = "commission"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True)
class InvoiceParty:
    """Who sells or buys. `country` ISO 3166-1 alpha-2; SIREN and VAT number empty where there is none."""

    name: str
    siret: str = ""
    vat_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = "FR"

    @property
    def siren(self) -> str:
        """The firm's number: the first nine digits of a SIRET."""
        return self.siret[:9]


@dataclass(frozen=True)
class InvoiceLine:
    """A line: units at a unit price (4 decimals) come to `amount` before VAT; `vat_rate` in percent."""

    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    vat_rate: Decimal
    sku: str = ""

    @property
    def rounding(self) -> Decimal:
        """What the amount is more (or less) than quantity x price, rounded once."""
        return self.amount - round_amount(self.quantity * self.unit_price)


@dataclass(frozen=True)
class DocumentCharge:
    """A charge on the whole document, such as freight (UNTDID 7161)."""

    words: str
    code: str
    amount: Decimal
    vat_rate: Decimal


@dataclass(frozen=True)
class Invoice:
    """A whole invoice. `mandate`: who issues it in the seller's name, if not the seller itself; `iban`: where it is
    paid to."""

    number: str
    kind: InvoiceKind
    issued_on: date
    due_on: date
    seller: InvoiceParty
    buyer: InvoiceParty
    lines: Sequence[InvoiceLine]
    charges: Sequence[DocumentCharge] = field(default_factory=tuple)
    delivered_on: date | None = None
    references: Sequence[str] = field(default_factory=tuple)
    corrects: tuple[str, date] | None = None
    mandate: str = ""
    reason: str = ""
    iban: str = ""

    @property
    def line_total(self) -> Decimal:
        """BT-106: the sum of the lines."""
        return sum((line.amount for line in self.lines), ZERO)

    @property
    def charge_total(self) -> Decimal:
        """BT-108: the sum of the charges."""
        return sum((charge.amount for charge in self.charges), ZERO)

    @property
    def net_total(self) -> Decimal:
        """BT-109: before VAT."""
        return self.line_total + self.charge_total

    @property
    def vat(self) -> dict[Decimal, tuple[Decimal, Decimal]]:
        """BG-23: by rate, the amount taxed and its VAT, rounded once a rate."""
        parts = [(line.amount, line.vat_rate) for line in self.lines]
        return vat_by_rate(parts + [(charge.amount, charge.vat_rate) for charge in self.charges])

    @property
    def vat_total(self) -> Decimal:
        """BT-110."""
        return sum((vat for _taxed, vat in self.vat.values()), ZERO)

    @property
    def total(self) -> Decimal:
        """BT-112: with VAT."""
        return self.net_total + self.vat_total


def due_on(issued_on: date, days: int = TERM_DAYS) -> date:
    """Some days after the issue, then the end of that month (*30 jours fin de mois*, Code de commerce L441-10)."""
    after = issued_on + timedelta(days=days)
    return after.replace(day=monthrange(after.year, after.month)[1])


def french_vat_number(siret: str) -> str:
    """The intra-community VAT number of a French firm: its key is (12 + 3 x (SIREN mod 97)) mod 97; empty without one.

    Source: Bulletin officiel des finances publiques, BOI-TVA-DECLA-20-10-20.
    """
    siren = siret[:9]
    if len(siren) != 9 or not siren.isdigit():
        return ""
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"
