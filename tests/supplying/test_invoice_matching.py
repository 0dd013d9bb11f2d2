"""The three-way match: asked, against ordered and come."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.supplying.invoice_matching import AskedLine, Difference, DifferenceKind, Due, differences, vat_of

D = Decimal
DUE = {"A": Due("A", 10, D("2.5000"), D(20), D("0.0200")), "B": Due("B", 0, D("4.0000"), D("5.5"))}


def match(*lines: AskedLine, fee: str = "0", fee_due: str = "0") -> list[Difference]:
    return differences(lines, DUE, delivery_fee=D(fee), delivery_fee_due=D(fee_due))


def test_what_is_asked_as_agreed_agrees() -> None:
    assert match(AskedLine("A", 10, D("2.5"), D("0.20")), fee="12", fee_due="12") == []


def test_less_and_cheaper_agrees_too() -> None:
    assert match(AskedLine("A", 3, D("2.4"))) == []


def test_each_kind_of_excess_is_named_with_both_figures() -> None:
    found = match(AskedLine("A", 11, D("2.6"), D("0.30")), AskedLine("B", 1, D("4")), fee="12.01", fee_due="12")
    assert found == [
        Difference(DifferenceKind.MORE_THAN_CAME, "A", D(10), D(11)),
        Difference(DifferenceKind.DEARER, "A", D("2.5000"), D("2.6")),
        Difference(DifferenceKind.ECO_CONTRIBUTION, "A", D("0.22"), D("0.30")),
        Difference(DifferenceKind.MORE_THAN_CAME, "B", D(0), D(1)),
        Difference(DifferenceKind.DELIVERY_FEE, "", D(12), D("12.01")),
    ]


def test_vat_is_rounded_once_a_rate() -> None:
    assert vat_of([(D("0.02"), D(20)), (D("0.02"), D(20)), (D("10.00"), D("5.5"))]) == D("0.56")  # 0.008 -> 0.01, 0.55


@given(st.integers(1, 50), st.decimals(0, 9, places=4), st.decimals(0, 2, places=2))
def test_asking_more_never_makes_a_difference_go_away(quantity: int, price: Decimal, eco: Decimal) -> None:
    kinds = {one.kind for one in match(AskedLine("A", quantity, price, eco))}
    more = {one.kind for one in match(AskedLine("A", quantity + 1, price + 1, eco + D("0.02")))}
    assert kinds <= more
