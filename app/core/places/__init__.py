"""Where places are: the communes of France by postal code, and how far apart they lie."""

import csv
import gzip
import unicodedata
from collections.abc import Iterator
from functools import cache
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from typing import NamedTuple

_FOLDER = Path(__file__).parent
_EARTH_RADIUS_KM = 6371.0088  # mean radius, IUGG


class Place(NamedTuple):
    """A postal place. Latitude and longitude in degrees (WGS 84); `region` is the INSEE code."""

    name: str
    postal_code: str
    region: str
    latitude: float
    longitude: float
    population: int


@cache
def communes() -> tuple[Place, ...]:
    """Every postal place of France, overseas too."""
    with gzip.open(_FOLDER / "communes.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return tuple(
            Place(
                row["name"],
                row["postal_code"],
                row["region"],
                float(row["latitude"]),
                float(row["longitude"]),
                int(row["population"] or 0),
            )
            for row in csv.DictReader(file)
        )


@cache
def _by_postal_code() -> dict[str, list[Place]]:
    found: dict[str, list[Place]] = {}
    for place in communes():
        found.setdefault(place.postal_code, []).append(place)
    return found


def find_place(postal_code: str, city: str = "", country: str = "FR") -> Place | None:
    """The place of a postal code: the one of that name, else the most populous; None for what France does not have.

    A code with no place of its own (a firm's CEDEX) gets the most populous place of its first three digits.
    """
    code = postal_code.strip()
    if country.strip().upper() not in {"", "FR", "FRANCE"} or not (
        len(code) == 5 and code.isascii() and code.isdigit()
    ):
        return None
    places = _by_postal_code().get(code) or list(_beginning_with(code[:3]))
    named = [place for place in places if _plain(place.name) == _plain(city)]
    return max(named or places, key=lambda place: place.population, default=None)


def _beginning_with(digits: str) -> Iterator[Place]:
    return (place for code, places in _by_postal_code().items() if code.startswith(digits) for place in places)


def _plain(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name)
    return "".join(c for c in folded.lower() if c.isalnum())


def distance_km(one: Place, other: Place) -> float:
    """The great-circle distance of two places, by the haversine formula."""
    latitude, other_latitude = radians(one.latitude), radians(other.latitude)
    half_chord = (
        sin((other_latitude - latitude) / 2) ** 2
        + cos(latitude) * cos(other_latitude) * sin(radians(other.longitude - one.longitude) / 2) ** 2
    )
    return 2 * _EARTH_RADIUS_KM * asin(sqrt(half_chord))
