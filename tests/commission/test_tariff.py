"""Which rule sets a commission, and what it comes to."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.commission.tariff import Rate, Rule, Scope, Tariff

DAY = date(2026, 3, 5)
AMOUNTS = st.integers(0, 10_000_000).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize(
    ("amount", "rate", "commission"),
    [
        ("100.00", Rate(Decimal("3.50")), "3.50"),
        ("0.10", Rate(Decimal("5.00")), "0.01"),
        ("10.00", Rate(Decimal("3.50"), minimum=Decimal("0.50")), "0.50"),
        ("10000.00", Rate(Decimal("3.50"), maximum=Decimal("20.00")), "20.00"),
        ("0.30", Rate(Decimal("3.50"), minimum=Decimal("0.50")), "0.30"),
    ],
)
def test_commission_is_rounded_half_up_clamped_and_never_above_the_amount(
    amount: str, rate: Rate, commission: str
) -> None:
    assert rate.commission_of(Decimal(amount)) == Decimal(commission)


@given(AMOUNTS, AMOUNTS, st.integers(0, 10_000))
def test_commission_grows_with_the_amount_and_stays_within_it(a: Decimal, b: Decimal, rate: int) -> None:
    tariff = Rate(Decimal(rate) / 100, Decimal("0.20"), Decimal("500.00"))
    low, high = sorted((a, b))
    assert 0 <= tariff.commission_of(low) <= tariff.commission_of(high) <= high


def test_the_most_specific_rule_wins() -> None:
    scopes = [
        Scope(),
        Scope(category_id=7),
        Scope(supplier_id=3),
        Scope(supplier_id=3, category_id=7),
        Scope(offer_id=9),
    ]
    rules = [Rule(n, scope, Rate(Decimal(n))) for n, scope in enumerate(scopes, start=1)]
    expected = 5
    while rules:
        assert Tariff(rules, DAY).rate_for(9, 3, 7).percent == expected
        rules.pop()
        expected -= 1
    assert Tariff([], DAY).rate_for(9, 3, 7).percent == 0


def test_rules_hold_from_their_first_to_their_last_day() -> None:
    rule = Rule(1, Scope(), Rate(Decimal(4)), date(2026, 3, 5), date(2026, 3, 6))
    held = [bool(Tariff([rule], date(2026, 3, day)).rate_for(1, 1, 1).percent) for day in (4, 5, 6, 7)]
    assert held == [False, True, True, False]


def test_between_equals_the_newest_rule_wins() -> None:
    rules = [Rule(1, Scope(), Rate(Decimal(4))), Rule(2, Scope(), Rate(Decimal(3)))]
    assert Tariff(rules, DAY).rate_for(1, 1, 1).percent == 3
