"""Places of France, and how far apart they lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.places import communes, distance_km, find_place


@pytest.mark.parametrize(
    ("postal_code", "city", "country", "found"),
    [
        ("67600", "SELESTAT", "FR", "Sélestat"),
        ("67600", "Muttersholtz", "", "Muttersholtz"),
        ("67600", "nowhere", "France", "Sélestat"),  # the most populous of the code
        ("68068", "Mulhouse CEDEX", "FR", "Colmar"),  # a code without a place: the most populous of its 680..
        ("79098", "Freiburg", "DE", None),
        ("6810", "", "FR", None),
        ("", "", "FR", None),
    ],
)
def test_a_place_is_found_by_its_postal_code_and_name(
    postal_code: str, city: str, country: str, found: str | None
) -> None:
    place = find_place(postal_code, city, country)
    assert (place.name if place else None) == found


def test_the_distance_of_two_towns_is_the_known_one() -> None:
    mulhouse, strasbourg = find_place("68200", "Mulhouse"), find_place("67000", "Strasbourg")
    assert mulhouse is not None
    assert strasbourg is not None
    assert distance_km(mulhouse, strasbourg) == pytest.approx(98, abs=3)


@given(st.integers(0, 35_000), st.integers(0, 35_000), st.integers(0, 35_000))
def test_distances_are_symmetric_and_no_way_round_is_shorter(a: int, b: int, c: int) -> None:
    one, two, three = (communes()[at] for at in (a, b, c))
    assert distance_km(one, two) == pytest.approx(distance_km(two, one))
    assert distance_km(one, one) == 0
    assert distance_km(one, three) <= distance_km(one, two) + distance_km(two, three) + 1e-6
