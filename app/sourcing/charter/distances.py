"""How near a place is: the band of the charter that a supplier's or a maker's address falls into. Pure."""

from collections.abc import Sequence
from typing import NamedTuple

from app.core.i18n import known_country
from app.core.places import Place, distance_km, find_place
from app.sourcing.charter.version import CharterVersion

FRENCH = frozenset({"FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "TF"})
# Agreement on the European Economic Area: the 27 of the Union, Iceland, Liechtenstein, Norway.
EUROPEAN = frozenset(
    {"AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV", "MT"}
    | {"NL", "PL", "PT", "RO", "SE", "SI", "SK", "IS", "LI", "NO", "FR"}
)


class Site(NamedTuple):
    """An address, as far as it is known: country (ISO 3166-1 alpha-2, or its name), postal code, city.

    `is_member`: it is a site of a member company, by its SIRET.
    """

    country: str = ""
    postal_code: str = ""
    city: str = ""
    is_member: bool = False


def band_of(site: Site, parks: Sequence[Place], version: CharterVersion) -> str | None:
    """The nearest band that a site falls into; None where neither country nor place is said.

    Distances are great-circle distances to the nearest park, from the communes' coordinates.
    """
    if site.is_member:
        return "member"
    country = known_country(site.country)
    if country is None and site.country.strip():
        return None
    place = find_place(site.postal_code, site.city) if country in {None, "FR"} else None
    if place is not None:
        return _band_in_france(place, parks, version)
    if country is None:
        return None
    if country in FRENCH:
        return "france"
    return "eu" if country in EUROPEAN else "world"


def _band_in_france(place: Place, parks: Sequence[Place], version: CharterVersion) -> str:
    within = {band.key: band.within_km for band in version.bands}
    kilometres = min((distance_km(place, park) for park in parks), default=None)
    if kilometres is not None and kilometres <= (within["area"] or 0):
        return "area"
    if kilometres is not None and kilometres <= (within["region"] or 0):
        return "region"
    return "region" if place.region in {park.region for park in parks} else "france"
