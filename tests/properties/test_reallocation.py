"""Sharing out again: conserved, monotone, fair, independent of the order in which rows are read."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.orders.consolidation.rules import DemandLine, Standing, share
from app.orders.fulfilment.reallocation import above_ceiling, share_again
from app.orders.rounds.sharing_policy import SharingPolicy
from tests.factories import NOW

policies = st.sampled_from(list(SharingPolicy))


@st.composite
def standings(draw: st.DrawFn) -> list[Standing]:
    """Lines with the shares that the rules gave them of an order they could all be served by, or not quite."""
    policy = draw(policies)
    demand = [
        DemandLine(f"R{n}", NOW + timedelta(minutes=draw(st.integers(0, 3))), draw(st.integers(1, 12)),
                   draw(st.integers(0, 4)), Decimal(draw(st.integers(5, 12))))
        for n in range(draw(st.integers(1, 8)))
    ]  # fmt: skip
    most = sum(line.quantity + line.tolerance for line in demand)
    parts = share(draw(st.integers(0, most)), demand, policy)
    return [
        Standing(line.reference, line.placed_at, line.quantity, part, line.ceiling_price)
        for line, part in zip(demand, parts, strict=True)
    ]


@given(standings(), st.data(), policies)
def test_every_unit_is_shared_and_nobody_gets_more_than_before(
    lines: list[Standing], data: st.DataObject, policy: SharingPolicy
) -> None:
    has = sum(line.allocated for line in lines)
    quantity = data.draw(st.integers(0, has))
    parts = share_again(quantity, lines, policy)
    assert sum(parts) == quantity
    assert all(0 <= part <= line.allocated for part, line in zip(parts, lines, strict=True))
    order = data.draw(st.permutations(range(len(lines))))
    shuffled = share_again(quantity, [lines[at] for at in order], policy)
    assert [parts[at] for at in order] == shuffled


@given(standings(), policies)
def test_all_of_it_changes_nothing(lines: list[Standing], policy: SharingPolicy) -> None:
    has = [line.allocated for line in lines]
    assert share_again(sum(has), lines, policy) == has


@given(standings(), policies, st.data())
def test_surplus_goes_before_anybodys_wish_is_cut(
    lines: list[Standing], policy: SharingPolicy, data: st.DataObject
) -> None:
    wished = sum(min(line.wanted, line.allocated) for line in lines)
    quantity = data.draw(st.integers(wished, sum(line.allocated for line in lines)))
    parts = share_again(quantity, lines, policy)
    assert all(part >= min(line.wanted, line.allocated) for part, line in zip(parts, lines, strict=True))


def test_only_served_lines_can_be_above_their_ceiling() -> None:
    lines = [Standing("A", NOW, 3, 3, Decimal(10)), Standing("B", NOW, 3, 0, Decimal(5)),
             Standing("C", NOW, 3, 2, Decimal(9))]  # fmt: skip
    assert above_ceiling(Decimal("9.50"), lines) == [2]
    assert above_ceiling(Decimal(9), lines) == []
