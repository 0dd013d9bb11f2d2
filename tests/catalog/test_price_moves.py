"""How far a list price may move."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.price_moves import any_rises_beyond, moves_beyond, percent_moved, rises, rises_beyond

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


TIERS = st.lists(st.integers(1, 30), min_size=1, max_size=4, unique=True).flatmap(
    lambda quantities: st.lists(
        st.decimals(min_value=0, max_value=20, places=1), min_size=len(quantities), max_size=len(quantities)
    ).map(lambda prices: list(zip(sorted(quantities), prices, strict=True)))
)


def price_at(tiers: list[tuple[int, Decimal]], quantity: int) -> Decimal | None:
    reached = [price for from_quantity, price in tiers if from_quantity <= quantity]
    return reached[-1] if reached else None


@given(TIERS, TIERS, st.decimals(min_value=0, max_value=50, places=1))
def test_tiers_rise_where_some_quantity_costs_more(
    old: list[tuple[int, Decimal]], new: list[tuple[int, Decimal]], limit: Decimal
) -> None:
    each = [(price_at(old, quantity), price_at(new, quantity)) for quantity in range(1, 32)]
    dearer = [(before, after) for before, after in each if before is not None and (after is None or after > before)]
    assert set(rises(old, new)) == set(dearer)
    beyond = [1 for before, after in dearer if after is not None and rises_beyond(before, after, limit)]
    assert any_rises_beyond(old, new, limit) is bool(beyond)


def test_a_tier_that_begins_later_is_a_rise() -> None:
    assert rises([(1, Decimal(10)), (12, Decimal(9))], [(1, Decimal(10)), (24, Decimal(9))]) == [
        (Decimal(9), Decimal(10))
    ]
    assert rises([(1, Decimal(10))], [(5, Decimal(10))]) == [(Decimal(10), None)]
    assert rises([(1, Decimal(10)), (12, Decimal(9))], [(1, Decimal(10)), (6, Decimal(8))]) == []
