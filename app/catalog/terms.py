"""Terms of an offer: packs, minimum, and the price that a quantity reaches."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


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


def missing_to_full_pack(wanted: int, pack_size: int) -> int:
    """How many units are missing until `wanted` fills whole packs: what the completing phase may not worsen."""
    return -wanted % pack_size
