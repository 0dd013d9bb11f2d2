"""Where the group stands on an offer: the price reached, and what the next one takes."""

from dataclasses import dataclass
from decimal import Decimal

from app.catalog.terms import PriceTier, Terms, missing_to_full_pack


@dataclass(frozen=True)
class Progress:
    """Where the group stands on an offer: what is wanted, the price it gives, and what the next tier takes."""

    wanted: int
    price_now: Decimal
    list_price: Decimal
    next_tier: PriceTier | None
    missing_to_pack: int

    @property
    def missing_to_next(self) -> int:
        """Units until the next tier."""
        return self.next_tier.from_quantity - self.wanted if self.next_tier else 0

    @property
    def percent_to_next(self) -> int:
        """How much of the way to the next tier is gone, 0 to 100."""
        return 100 if self.next_tier is None else self.wanted * 100 // self.next_tier.from_quantity


def progress_on(terms: Terms, wanted: int) -> Progress:
    """The group's progress on an offer that it wants `wanted` units of."""
    price = terms.price_at(wanted) or terms.tiers[0].unit_price
    next_tier = next((t for t in terms.tiers if t.from_quantity > wanted and t.unit_price != price), None)
    missing = missing_to_full_pack(wanted, terms.pack_size)
    return Progress(wanted, price, terms.tiers[0].unit_price, next_tier, missing)
