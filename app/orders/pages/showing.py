"""Offers as the shop shows them: each with where the group stands on it in the round that closes next."""

from dataclasses import dataclass
from decimal import Decimal

from sqlmodel import Session

from app.catalog.queries import OfferRow
from app.orders import queries
from app.orders.consolidation import PriceTier, Terms
from app.orders.models import Round
from app.orders.service.rounds import round_key
from app.web.charts import StepChart, stepped_price_chart


@dataclass(frozen=True)
class ShownOffer:
    """An offer and where the group stands on it."""

    offer: OfferRow
    progress: queries.Progress

    @property
    def chart(self) -> StepChart:
        """Its price against what the group orders."""
        return stepped_price_chart(self.offer.tiers, self.progress.wanted)

    @property
    def ceiling(self) -> Decimal:
        """What a unit costs at most, in euros before VAT."""
        return max(self.offer.tier_prices)


def shown_offers(session: Session, offers: list[OfferRow], current: Round | None) -> list[ShownOffer]:
    """Offers with the group's demand of a round, or with none where no round is open."""
    demand = queries.demand_for(session, round_key(current), [offer.id for offer in offers]) if current else {}
    return [
        ShownOffer(
            offer,
            queries.progress_on(
                Terms(offer.pack_size, offer.min_quantity, tuple(PriceTier(q, p) for q, p in offer.tiers)),
                demand.get(offer.id, 0),
            ),
        )
        for offer in offers
    ]
