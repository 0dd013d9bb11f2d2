"""Offers as the shop shows them: where the group stands on each in the round that closes next, where they come from."""

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.models import Company
from app.accounts.queries import list_parks
from app.catalog.queries import OfferRow
from app.catalog.suppliers import SupplierPlace, supplier_places
from app.catalog.terms import PriceTier, Terms
from app.core.places import distance_km, find_place
from app.orders.ordering.progress import Progress, progress_on
from app.orders.ordering.queries import demand as demand_queries
from app.orders.rounds.models import Round
from app.orders.rounds.service import round_key
from app.web.charts import StepChart, stepped_price_chart
from app.web.maps import DrawnMap, Marker, map_of


@dataclass(frozen=True)
class ShownOffer:
    """An offer and where the group stands on it."""

    offer: OfferRow
    progress: Progress

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
    demand = demand_queries.demand_for(session, round_key(current), [offer.id for offer in offers]) if current else {}
    return [
        ShownOffer(
            offer,
            progress_on(
                Terms(offer.pack_size, offer.min_quantity, tuple(PriceTier(q, p) for q, p in offer.tiers)),
                demand.get(offer.id, 0),
            ),
        )
        for offer in offers
    ]


class Source(NamedTuple):
    """A supplier's place, and how far it lies from the nearest park shown (None where that is not known)."""

    supplier: SupplierPlace
    kilometres: int | None


@dataclass(frozen=True)
class Sources:
    """Where goods come from: a map (None where nothing of it lies in France), and the same in words."""

    map: DrawnMap | None
    sources: list[Source]
    park: str


def sources_of(session: Session, actor: Actor | None, supplier_ids: list[int]) -> Sources:
    """Where suppliers deliver from, around the actor's own park or, for the association, around them all."""
    parks = list_parks(session)
    own = actor and actor.company_id and session.get(Company, actor.company_id)
    shown = [park for park in parks if not own or park.id == own.park_id]
    places = [(park, find_place(park.postal_code, park.city)) for park in shown]
    markers = [Marker(place, park.name, "park") for park, place in places if place]
    sources = []
    for supplier in supplier_places(session, supplier_ids):
        place = supplier.place
        if place:
            markers.append(Marker(place, f"{supplier.name}, {place.name}", "supplier"))
        ways = [distance_km(place, other) for _park, other in places if place and other]
        sources.append(Source(supplier, round(min(ways)) if ways else None))
    with_supplier = any(marker.kind == "supplier" for marker in markers)
    return Sources(map_of(markers) if with_supplier else None, sources, shown[0].name if len(shown) == 1 else "")
