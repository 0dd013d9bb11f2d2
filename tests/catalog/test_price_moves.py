"""How far a list price may move."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.price_moves import moves_beyond, percent_moved, rises_beyond

PRICES = st.decimals(min_value=0, max_value=100_000, places=4)
LIMIT = Decimal("20.00")


@pytest.mark.parametrize(
    ("old", "new", "jumps", "rises"),
    [
        ("10.0000", "12.0000", False, False),  # exactly the limit
        ("10.0000", "12.0001", True, True),
        ("10.0000", "8.0000", False, False),
        ("10.0000", "7.9999", True, False),
        ("0.0000", "0.0001", True, True),
        ("0.0000", "0.0000", False, False),
    ],
)
def test_a_price_may_move_up_to_the_limit_and_not_beyond(old: str, new: str, jumps: bool, rises: bool) -> None:
    assert moves_beyond(Decimal(old), Decimal(new), LIMIT) is jumps
    assert rises_beyond(Decimal(old), Decimal(new), LIMIT) is rises


def test_a_move_is_told_to_one_decimal_halves_away_from_nothing() -> None:
    assert percent_moved(Decimal("8"), Decimal("8.0100")) == Decimal("0.1")
    assert percent_moved(Decimal("2000"), Decimal("2001")) == Decimal("0.1")
    assert percent_moved(Decimal("2000"), Decimal("1999")) == Decimal("-0.1")
    assert percent_moved(Decimal(0), Decimal(5)) is None


@given(PRICES, PRICES, PRICES)
def test_who_rises_beyond_a_limit_rises_beyond_a_smaller_one(old: Decimal, new: Decimal, limit: Decimal) -> None:
    if rises_beyond(old, new, limit):
        assert new > old
        assert rises_beyond(old, new, limit / 2)
