"""The rules by example: one case a sentence, figures worked out by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from app.catalog.terms import PriceTier, Terms
from app.orders.consolidation.rules import DemandLine, consolidate_offer
from app.orders.rounds.sharing_policy import SharingPolicy

START = datetime(2026, 3, 1, tzinfo=UTC)
PROPORTIONAL, FIRST_COME = SharingPolicy.PROPORTIONAL, SharingPolicy.FIRST_COME


def lines(*wanted: tuple[int, int], ceilings: tuple[str, ...] = ()) -> list[DemandLine]:
    """`(quantity, tolerance)` a line, placed one second after the other."""
    return [
        DemandLine(
            f"E{i}", START + timedelta(seconds=i), quantity, tolerance, Decimal(ceilings[i] if ceilings else "99")
        )
        for i, (quantity, tolerance) in enumerate(wanted)
    ]


def terms(pack: int = 1, minimum: int = 1, *tiers: tuple[int, str]) -> Terms:
    return Terms(pack, minimum, tuple(PriceTier(q, Decimal(p)) for q, p in tiers or ((1, "10"),)))


def outcome(
    offer: Terms, wanted: list[DemandLine], policy: SharingPolicy = PROPORTIONAL
) -> tuple[int, Decimal | None, list[int], list[str | None]]:
    result = consolidate_offer(offer, wanted, policy)
    reasons = [share.reason and share.reason.value for share in result.shares]
    return result.quantity, result.unit_price, [share.allocated for share in result.shares], reasons


def test_foodsofts_own_example_of_first_come() -> None:
    assert outcome(terms(3), lines((3, 2), (1, 3), (1, 0)), FIRST_COME)[:3] == (6, 10, [4, 1, 1])


def test_a_surplus_goes_to_tolerances_in_proportion() -> None:
    # 20 wanted, a pack of 24: 4 more over tolerances 6, 2, 0 are 3 and 1.
    assert outcome(terms(24), lines((10, 6), (5, 2), (5, 0)))[2] == [13, 6, 5]


def test_a_shortage_leaves_each_their_part_by_largest_remainder() -> None:
    # 11 wanted, no tolerance, packs of 6: 6 over 5, 4, 2 are 2.73, 2.18, 1.09: 3, 2, 1.
    assert outcome(terms(6), lines((5, 0), (4, 0), (2, 0)))[2:] == ([3, 2, 1], ["short"] * 3)


def test_equal_remainders_go_to_the_larger_base_then_the_earlier_order_then_the_smaller_reference() -> None:
    same = [DemandLine(ref, START, 1, 0, Decimal(99)) for ref in ("b", "a", "c")]
    assert outcome(terms(2), same)[2] == [1, 1, 0]
    earlier = [same[0], same[1], same[2]._replace(placed_at=START - timedelta(seconds=1))]
    assert outcome(terms(2), earlier)[2] == [0, 1, 1]


def test_references_are_compared_by_code_point() -> None:
    capital_first = [DemandLine(ref, START, 1, 0, Decimal(99)) for ref in ("é", "a", "Z")]
    assert outcome(terms(2), capital_first)[2] == [0, 1, 1]


def test_too_little_for_a_pack_is_short() -> None:
    assert outcome(terms(12), lines((5, 3), (2, 1))) == (0, None, [0, 0], ["short", "short"])


@pytest.mark.parametrize("offer", [terms(1, 10), terms(1, 1, (10, "4"))])
def test_under_the_minimum_or_the_first_tier_nothing_is_ordered(offer: Terms) -> None:
    assert outcome(offer, lines((4, 0), (5, 0))) == (0, None, [0, 0], ["below_minimum"] * 2)


def test_the_price_is_that_of_the_highest_tier_reached_by_the_group() -> None:
    offer = terms(1, 1, (1, "10"), (10, "9"), (50, "7.5"))
    assert outcome(offer, lines((6, 0), (4, 0)))[1] == 9


def test_who_is_taken_out_for_the_ceiling_may_push_the_others_to_a_dearer_tier() -> None:
    # Ten together reach 9; the line of 4 pays at most 8 and goes; the six left pay 10, above the second's 9.5.
    offer = terms(1, 1, (1, "10"), (10, "9"))
    wanted = lines((4, 0), (3, 0), (3, 0), ceilings=("8", "9.5", "10"))
    assert outcome(offer, wanted) == (3, 10, [0, 0, 3], ["above_ceiling", "above_ceiling", None])


def test_a_dearer_higher_tier_counts_as_well() -> None:
    offer = terms(1, 1, (1, "10"), (5, "12"))
    assert outcome(offer, lines((3, 0), (3, 0), ceilings=("10", "12"))) == (3, 10, [0, 3], ["above_ceiling", None])
