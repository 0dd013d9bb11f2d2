"""The three-way match: what a supplier's invoice asks, against what was ordered and what came."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple

from app.core.money import ZERO, round_amount, vat_by_rate


class DifferenceKind(StrEnum):
    """What does not agree."""

    MORE_THAN_CAME = "more_than_came"
    DEARER = "dearer"
    DELIVERY_FEE = "delivery_fee"
    ECO_CONTRIBUTION = "eco_contribution"


class Difference(NamedTuple):
    """Something that an invoice asks beyond what is due; `sku` is empty for charges. Units, or euros before VAT."""

    kind: DifferenceKind
    sku: str
    due: Decimal
    asked: Decimal


@dataclass(frozen=True)
class Due:
    """What of an order may still be invoiced for one article: units that came (or were confirmed) and the price."""

    sku: str
    units: int
    unit_price: Decimal
    vat_rate: Decimal
    eco_contribution: Decimal = ZERO  # euros a unit


@dataclass(frozen=True)
class AskedLine:
    """A line of an invoice."""

    sku: str
    quantity: int
    unit_price: Decimal
    eco_contribution: Decimal = ZERO  # euros of the whole line

    @property
    def amount(self) -> Decimal:
        """Quantity times price, in euros before VAT."""
        return round_amount(self.quantity * self.unit_price)


def differences(
    lines: Iterable[AskedLine], due: Mapping[str, Due], *, delivery_fee: Decimal, delivery_fee_due: Decimal
) -> list[Difference]:
    """Whatever is asked beyond what is due. Less, or cheaper, is no difference: it is the supplier's to ask.

    Every SKU of the lines is one of `due`.
    """
    found = []
    for line in lines:
        agreed = due[line.sku]
        eco_due = round_amount(line.quantity * agreed.eco_contribution)
        for kind, right, asked in (
            (DifferenceKind.MORE_THAN_CAME, Decimal(agreed.units), Decimal(line.quantity)),
            (DifferenceKind.DEARER, agreed.unit_price, line.unit_price),
            (DifferenceKind.ECO_CONTRIBUTION, eco_due, line.eco_contribution),
        ):
            if asked > right:
                found.append(Difference(kind, line.sku, right, asked))
    if delivery_fee > delivery_fee_due:
        found.append(Difference(DifferenceKind.DELIVERY_FEE, "", delivery_fee_due, delivery_fee))
    return found


def vat_of(parts: Iterable[tuple[Decimal, Decimal]]) -> Decimal:
    """The VAT of amounts with their rates in percent, in all."""
    return sum((vat for _taxed, vat in vat_by_rate(parts).values()), ZERO)
