"""An invoice as EN 16931 has it: parties, lines, charges, VAT by rate on document totals, what is due. Pure and exact.

Amounts in euros. A line's net amount is what it came to for the group's members, each rounded; what that differs from
quantity x price stands as its rounding.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum

from stdnum.fr import siren

from app.core.clock import month_end
from app.edocuments.parties import Party
from app.edocuments.totals import Charge, Totals, rounding_of

TERM_DAYS = 30


class InvoiceKind(StrEnum):
    """What an invoice is for."""

    MEMBER = "member"
    COMMISSION = "commission"
    CREDIT_NOTE = "credit_note"
    SERVICE = "service"


class LineKind(StrEnum):
    """What a line of an invoice is for; `delivery` is charged on the whole document."""

    GOODS = "goods"
    ECO_CONTRIBUTION = "eco_contribution"
    COMMISSION = "commission"
    SERVICE = "service"
    DELIVERY = "delivery"


@dataclass(frozen=True)
class InvoiceLine:
    """A line: units at a unit price (4 decimals) come to `amount` before VAT; `vat_rate` in percent."""

    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    vat_rate: Decimal
    sku: str = ""
    kind: LineKind = LineKind.GOODS

    @property
    def rounding(self) -> Decimal:
        """What the amount is more (or less) than quantity x price, rounded once."""
        return rounding_of(self.amount, self.quantity, self.unit_price)


@dataclass(frozen=True)
class Invoice(Totals):
    """A whole invoice. `mandate`: who issues it in the seller's name, if not the seller itself; `iban`: where it is
    paid to."""

    number: str
    kind: InvoiceKind
    issued_on: date
    due_on: date
    seller: Party
    buyer: Party
    lines: Sequence[InvoiceLine]
    charges: Sequence[Charge] = field(default_factory=tuple)
    delivered_on: date | None = None
    references: Sequence[str] = field(default_factory=tuple)
    corrects: tuple[str, date] | None = None
    mandate: str = ""
    reason: str = ""
    iban: str = ""

    @property
    def taxed_lines(self) -> Sequence[InvoiceLine]:
        """The lines."""
        return self.lines

    @property
    def document_charges(self) -> Sequence[Charge]:
        """The charges."""
        return self.charges


def due_on(issued_on: date, days: int = TERM_DAYS) -> date:
    """Some days after the issue, then the end of that month (*30 jours fin de mois*, Code de commerce L441-10)."""
    return month_end(issued_on + timedelta(days=days))


def french_vat_number(siret: str) -> str:
    """The intra-community VAT number of a French firm, from its SIREN; empty without one."""
    return f"FR{siren.to_tva(siret[:9])}" if siret else ""
