"""What a sales unit holds, and the price of one kilogram, litre or piece of it."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.catalog.net_content import Measure, measure_of


@pytest.mark.parametrize(
    ("content", "amount", "unit"),
    [
        ("500 g", "0.5", "kg"),
        ("2,5kg", "2.5", "kg"),
        ("75 cl", "0.75", "l"),
        ("6 x 1.5 l", "9", "l"),
        ("6 × 1,5 L", "9", "l"),
        ("100", "100", "piece"),
        ("12 pièces", "12", "piece"),
        ("kg", "1", "kg"),
        ("Litre", "1", "l"),
        ("unité", "1", "piece"),
        ("50 m²", "50", "m2"),
        ("360 m", "360", "m"),
    ],
)
def test_a_content_is_read_as_people_write_it(content: str, amount: str, unit: str) -> None:
    assert measure_of(content) == Measure(Decimal(amount), unit)


@pytest.mark.parametrize("content", ["", "boîte", "paire", "0 g", "a lot", "5 stones", "1e3 g", "-2 kg", "1.2.3 kg"])
def test_what_says_no_amount_has_no_measure(content: str) -> None:
    assert measure_of(content) is None


def test_a_price_is_brought_down_to_one_litre_and_one_piece_says_nothing_more() -> None:
    assert Measure(Decimal("0.75"), "l").price_of_one(Decimal("2.90")) == Decimal("3.8667")
    assert not Measure(Decimal(1), "piece").tells
    assert Measure(Decimal("1.000000"), "kg").tells


LARGE = {"g": "kg", "ml": "l"}


@given(st.integers(1, 10_000), st.sampled_from(list(LARGE)))
def test_a_thousand_small_units_are_one_large(amount: int, unit: str) -> None:
    small, large = measure_of(f"{amount} {unit}"), measure_of(f"{amount} {LARGE[unit]}")
    assert small is not None
    assert large is not None
    assert (small.amount * 1000, small.unit) == (large.amount, large.unit)
