"""Terms of an offer (packs, minimum, price of a quantity) and of a supplier (minimum, delivery)."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from app.core.money import ZERO


class PriceTier(NamedTuple):
    """From this group quantity on, everyone's unit price (euros before VAT, 4 decimals)."""

    from_quantity: int
    unit_price: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """One supplier's terms: pack size and minimum in sales units, tiers by strictly increasing quantity."""

    pack_size: int
    min_quantity: int
    tiers: tuple[PriceTier, ...]

    def price_at(self, quantity: int) -> Decimal | None:
        """The unit price of the highest tier that `quantity` reaches; None under the first."""
        price = None
        for tier in self.tiers:
            if tier.from_quantity > quantity:
                break
            price = tier.unit_price
        return price


@dataclass(frozen=True)
class SupplierTerms:
    """A supplier's terms, in euros before VAT and without eco-contribution; None where there is no such term."""

    minimum_order: Decimal | None = None
    free_delivery_from: Decimal | None = None
    delivery_fee: Decimal | None = None

    @property
    def may_charge(self) -> bool:
        """Whether a delivery fee is due below some amount."""
        return bool(self.free_delivery_from and self.delivery_fee)

    @property
    def thresholds(self) -> list[Decimal]:
        """The amounts from which something changes: the minimum, free delivery."""
        found = [self.minimum_order, self.free_delivery_from if self.may_charge else None]
        return [one for one in found if one]

    def fee_on(self, amount: Decimal) -> Decimal:
        """The delivery fee due on an amount; none on nothing."""
        return self.delivery_fee or ZERO if amount and self.is_below_free_delivery(amount) else ZERO

    def is_below_minimum(self, amount: Decimal) -> bool:
        """Whether an order of this amount would not be taken."""
        return self.minimum_order is not None and amount < self.minimum_order

    def is_below_free_delivery(self, amount: Decimal) -> bool:
        """Whether an order of this amount is not delivered for nothing."""
        return self.free_delivery_from is not None and amount < self.free_delivery_from


def missing_to_full_pack(wanted: int, pack_size: int) -> int:
    """How many units are missing until `wanted` fills whole packs: what the completing phase may not worsen."""
    return -wanted % pack_size
