"""What is shown for offers, read set-wise from the database: the facts that scores are made of."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.queries import list_parks
from app.core import clock
from app.core.places import find_place
from app.sourcing.charter.distances import Site, band_of
from app.sourcing.charter.evidence import MADE_IN, trust_of
from app.sourcing.charter.models import EvidenceStatus
from app.sourcing.charter.score import Facts
from app.sourcing.charter.version import CharterVersion


class ScoredOffer(Protocol):
    """What scores need to know of an offer: its number, whose it is, in which country it is said to be made."""

    @property
    def id(self) -> int | None:
        """Its number, once it is stored."""

    @property
    def supplier_id(self) -> int:
        """Its supplier."""

    @property
    def origin_country(self) -> str:
        """ISO 3166-1 alpha-2; empty where nothing is said."""


class _Making(NamedTuple):
    """Where something is made, as one piece of evidence has it."""

    country: str
    band: str | None
    trust: str


@dataclass
class _Shown:
    """What is shown of a supplier or of an offer: the best trust of each criterion, and places of making."""

    trusts: dict[str, str] = field(default_factory=dict)
    makings: list[_Making] = field(default_factory=list)


_NOTHING_SHOWN = _Shown()


class OfferFacts(NamedTuple):
    """An offer and what is shown for it; offers of a kind share the very same `Facts`."""

    offer_id: int
    facts: Facts


class FactsReader:
    """Reads facts by one version of the charter: suppliers, places and evidence once, then offers.

    `supplier_ids` are the suppliers asked for; with `offer_ids`, of their offers only these.
    """

    def __init__(
        self,
        session: Session,
        version: CharterVersion,
        supplier_ids: Sequence[int] | None = None,
        offer_ids: Sequence[int] | None = None,
    ) -> None:
        self._session, self._version, self._supplier_ids = session, version, supplier_ids
        self._offer_ids = offer_ids
        self._parks = [place for park in list_parks(session) if (place := find_place(park.postal_code, park.city))]
        self._points = {band.key: band.points for band in version.bands}
        self._factors = {trust.key: trust.factor for trust in version.trusts}
        self._criteria = {criterion.key for criterion in version.criteria}
        self._supplied_from: dict[int, str | None] = {}
        self._of_suppliers: defaultdict[int, _Shown] = defaultdict(_Shown)
        self._of_offers: defaultdict[int, _Shown] = defaultdict(_Shown)
        self._countries: dict[str, str | None] = {}
        self._known: dict[tuple[int, str], Facts] = {}
        self._read_suppliers()

    def all_offers(self) -> Iterator[OfferFacts]:
        """Every offer that is not withdrawn, of the suppliers asked for."""
        rows = self._session.execute(
            text("""
                SELECT id, supplier_id, origin_country FROM offers
                WHERE withdrawn_at IS NULL AND (CAST(:suppliers AS int[]) IS NULL OR supplier_id = ANY(:suppliers))
            """),
            {"suppliers": self._supplier_ids},
        )
        return self._facts(tuple(row) for row in rows)

    def some_offers(self, offers: Iterable[ScoredOffer]) -> dict[int, Facts]:
        """Some offers of the suppliers asked for, by id."""
        return dict(self._facts((offer.id or 0, offer.supplier_id, offer.origin_country) for offer in offers))

    def declared(self, supplier_id: int, country: str) -> Facts:
        """What would be known of something new of a supplier that it declares to be made in a country."""
        return self._facts_of(supplier_id, country, _NOTHING_SHOWN)

    def _facts(self, rows: Iterable[tuple[int, int, str]]) -> Iterator[OfferFacts]:
        for offer_id, supplier_id, country in rows:
            own = self._of_offers.get(offer_id)
            if own is not None:
                yield OfferFacts(offer_id, self._facts_of(supplier_id, country, own))
                continue
            shared = self._known.get((supplier_id, country))
            if shared is None:
                shared = self._facts_of(supplier_id, country, _NOTHING_SHOWN)
                self._known[supplier_id, country] = shared
            yield OfferFacts(offer_id, shared)

    def _facts_of(self, supplier_id: int, country: str, own: _Shown) -> Facts:
        of_supplier = self._of_suppliers.get(supplier_id, _NOTHING_SHOWN)
        making = self._making(country, own, of_supplier)
        return Facts(
            made_in=making.band if making else None,
            made_in_trust=making.trust if making else None,
            supplied_from=self._supplied_from.get(supplier_id),
            evidence=self._merged(of_supplier.trusts, own.trusts) if own.trusts else of_supplier.trusts,
            high_risk=making is not None and making.country in self._version.countries_at_risk,
        )

    def _making(self, country: str, own: _Shown, of_supplier: _Shown) -> _Making | None:
        """Where an offer is made: by its own evidence and its supplier's for the same country, the best of them.

        Without its own by its supplier's that does not contradict the offer's country, else by that country as it is
        declared. Expired evidence comes last.
        """
        said = {one.country for one in own.makings if one.trust != "expired"} or ({country} if country else set())
        shown = [*own.makings, *(one for one in of_supplier.makings if not said or one.country in said)]
        valid = [one for one in shown if one.trust != "expired"]
        if not valid and country:
            return _Making(country, self._band_of_country(country), "declared")
        return max(valid or shown, key=self._worth, default=None)

    def _worth(self, making: _Making) -> tuple[object, ...]:
        points = self._points[making.band] if making.band else 0
        return points * self._factors[making.trust], points, making.country

    def _band_of_country(self, country: str) -> str | None:
        if country not in self._countries:
            self._countries[country] = band_of(Site(country), self._parks, self._version)
        return self._countries[country]

    def _merged(self, one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
        merged = dict(one)
        for criterion, trust in other.items():
            self._keep_best(merged, criterion, trust)
        return merged

    def _keep_best(self, trusts: dict[str, str], criterion: str, trust: str) -> None:
        """One criterion counts once, by its best evidence."""
        if criterion not in trusts or self._factors[trust] > self._factors[trusts[criterion]]:
            trusts[criterion] = trust

    def _read_suppliers(self) -> None:
        """Where suppliers deliver from, and what they show; criteria that the version does not have are passed over."""
        rows = self._session.execute(
            text("""
                SELECT s.id, s.country, s.postal_code, s.city, s.siret <> '' AND EXISTS (
                        SELECT FROM companies c WHERE c.active AND c.siret = s.siret) AS is_member,
                    e.offer_id, e.criterion, e.status, e.file_name <> '' AS has_file, e.expires_on,
                    e.country AS made_in, e.postal_code AS made_at_code, e.city AS made_at, e.siret <> '' AND EXISTS (
                        SELECT FROM companies c WHERE c.active AND c.siret = e.siret) AS made_by_member
                FROM suppliers s LEFT JOIN evidence e
                    ON e.supplier_id = s.id AND e.withdrawn_at IS NULL AND e.status <> :refused
                    AND (CAST(:offers AS int[]) IS NULL OR e.offer_id IS NULL OR e.offer_id = ANY(:offers))
                WHERE CAST(:suppliers AS int[]) IS NULL OR s.id = ANY(:suppliers)
                ORDER BY e.id
            """),
            {"suppliers": self._supplier_ids, "offers": self._offer_ids, "refused": EvidenceStatus.REFUSED},
        )
        today = clock.today()
        for row in rows:
            if row.id not in self._supplied_from:
                site = Site(row.country, row.postal_code, row.city, row.is_member)
                self._supplied_from[row.id] = band_of(site, self._parks, self._version)
            if row.criterion is None:
                continue
            shown = self._of_suppliers[row.id] if row.offer_id is None else self._of_offers[row.offer_id]
            trust = trust_of(row.status, row.has_file, row.expires_on, today)
            if row.criterion == MADE_IN:
                site = Site(row.made_in, row.made_at_code, row.made_at, row.made_by_member)
                shown.makings.append(_Making(row.made_in, band_of(site, self._parks, self._version), trust))
            elif row.criterion in self._criteria:
                self._keep_best(shown.trusts, row.criterion, trust)
