"""Properties of the rules: any demand gives what docs/reference/consolidation.md says, whatever the order of rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.catalog.terms import PriceTier, Terms
from app.core.apportion import apportion
from app.orders.consolidation.rules import DemandLine, OfferOutcome, UnfilledReason, consolidate_offer, order_quantity
from app.orders.rounds.sharing_policy import SharingPolicy

START = datetime(2026, 3, 1, tzinfo=UTC)
PRICES = st.integers(1, 4000).map(lambda cents: Decimal(cents) / 100)


@st.composite
def terms(draw: Any) -> Terms:
    quantities = sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=4)))
    tiers = tuple(PriceTier(quantity, draw(PRICES)) for quantity in quantities)
    return Terms(draw(st.integers(1, 12)), draw(st.integers(0, 30)), tiers)


@st.composite
def demand(draw: Any) -> list[DemandLine]:
    count = draw(st.integers(1, 12))
    return [
        DemandLine(
            reference=f"E{number:03d}",
            placed_at=START + timedelta(seconds=draw(st.integers(0, 3))),
            quantity=draw(st.integers(1, 20)),
            tolerance=draw(st.integers(0, 8)),
            ceiling_price=draw(PRICES),
        )
        for number in range(count)
    ]


policies = st.sampled_from(SharingPolicy)


def by_the_book(terms: Terms, lines: list[DemandLine], policy: SharingPolicy) -> dict[str, tuple[int, str | None]]:
    """The rules written out once more, slowly and in other words: share and reason by reference."""
    taken_out: set[str] = set()
    while True:
        kept = [line for line in lines if line.reference not in taken_out]
        wanted, tolerated = sum(line.quantity for line in kept), sum(line.tolerance for line in kept)
        packs = Fraction(wanted, terms.pack_size)
        up = -(-packs.numerator // packs.denominator) * terms.pack_size
        order = up if up <= wanted + tolerated else int(packs) * terms.pack_size
        reached = [tier for tier in terms.tiers if tier.from_quantity <= order]
        reason = None
        if order == 0:
            reason = "short"
        elif order < terms.min_quantity or not reached:
            reason = "below_minimum"
        if reason:
            return {line.reference: (0, "above_ceiling" if line.reference in taken_out else reason) for line in lines}
        too_dear = {line.reference for line in kept if line.ceiling_price < reached[-1].unit_price}
        if not too_dear:
            break
        taken_out |= too_dear
    parts = {line.reference: 0 for line in kept}
    if policy is SharingPolicy.FIRST_COME:
        left = order
        queue = sorted(kept, key=lambda line: (line.placed_at, line.reference))
        for line in queue:
            parts[line.reference] = min(line.quantity, left)
            left -= parts[line.reference]
        for line in queue:
            more = min(line.tolerance, left)
            parts[line.reference] += more
            left -= more
    elif order >= wanted:
        extra = largest_remainder(order - wanted, {line: line.tolerance for line in kept})
        parts = {line.reference: line.quantity + extra[line] for line in kept}
    else:
        cut = largest_remainder(order, {line: line.quantity for line in kept})
        parts = {line.reference: cut[line] for line in kept}
    result: dict[str, tuple[int, str | None]] = dict.fromkeys(taken_out, (0, "above_ceiling"))
    for line in kept:
        share = parts[line.reference]
        result[line.reference] = (share, "short" if share < line.quantity else None)
    return result


def largest_remainder(total: int, bases: dict[DemandLine, int]) -> dict[DemandLine, int]:
    """Hamilton's method with exact fractions, the ties broken as the rules say."""
    whole = sum(bases.values())
    if whole == 0:
        return dict.fromkeys(bases, 0)
    exact = {line: Fraction(total * base, whole) for line, base in bases.items()}
    parts = {line: int(value) for line, value in exact.items()}
    ranked = sorted(bases, key=lambda line: (parts[line] - exact[line], -bases[line], line.placed_at, line.reference))
    for line in ranked[: total - sum(parts.values())]:
        parts[line] += 1
    return parts


def shares_of(outcome: OfferOutcome, lines: list[DemandLine]) -> dict[str, tuple[int, str | None]]:
    return {
        line.reference: (share.allocated, share.reason and share.reason.value)
        for line, share in zip(lines, outcome.shares, strict=True)
    }


@given(terms(), demand(), policies)
def test_the_outcome_is_the_one_of_the_rules_written_out_again(
    terms: Terms, lines: list[DemandLine], policy: SharingPolicy
) -> None:
    assert shares_of(consolidate_offer(terms, lines, policy), lines) == by_the_book(terms, lines, policy)


@given(terms(), demand(), policies, st.randoms())
def test_the_order_of_rows_does_not_matter(
    terms: Terms, lines: list[DemandLine], policy: SharingPolicy, random: Any
) -> None:
    shuffled = random.sample(lines, len(lines))
    straight, mixed = consolidate_offer(terms, lines, policy), consolidate_offer(terms, shuffled, policy)
    assert shares_of(straight, lines) == shares_of(mixed, shuffled)
    assert (straight.quantity, straight.unit_price) == (mixed.quantity, mixed.unit_price)


@given(terms(), demand(), policies)
def test_every_unit_is_accounted_for_and_nobody_pays_above_the_ceiling(
    terms: Terms, lines: list[DemandLine], policy: SharingPolicy
) -> None:
    outcome = consolidate_offer(terms, lines, policy)
    assert sum(share.allocated for share in outcome.shares) == outcome.quantity
    assert outcome.quantity % terms.pack_size == 0
    for line, share in zip(lines, outcome.shares, strict=True):
        assert 0 <= share.allocated <= line.quantity + line.tolerance
        assert (share.allocated < line.quantity) == (share.reason is not None)
        if share.allocated:
            assert outcome.unit_price is not None
            assert outcome.unit_price <= line.ceiling_price
            assert outcome.quantity >= terms.min_quantity
            assert outcome.unit_price == terms.price_at(outcome.quantity)


@given(terms(), demand(), policies, st.integers(0, 40))
def test_the_managers_own_packs_stay_within_what_is_wanted_and_tolerated(
    terms: Terms, lines: list[DemandLine], policy: SharingPolicy, packs: int
) -> None:
    outcome = consolidate_offer(terms, lines, policy, packs)
    assert outcome.quantity <= packs * terms.pack_size
    assert sum(share.allocated for share in outcome.shares) == outcome.quantity
    for line, share in zip(lines, outcome.shares, strict=True):
        assert share.allocated <= line.quantity + line.tolerance


@given(terms(), demand(), policies)
def test_a_line_taken_out_for_its_ceiling_could_not_have_stayed(
    terms: Terms, lines: list[DemandLine], policy: SharingPolicy
) -> None:
    outcome = consolidate_offer(terms, lines, policy)
    for line, share in zip(lines, outcome.shares, strict=True):
        if share.reason is UnfilledReason.ABOVE_CEILING:
            assert line.ceiling_price < max(tier.unit_price for tier in terms.tiers)


@given(st.integers(1, 500), st.integers(0, 100), st.integers(1, 40))
def test_the_order_quantity_is_the_nearest_full_pack_that_the_tolerances_allow(
    wanted: int, tolerance: int, pack: int
) -> None:
    quantity = order_quantity(wanted, tolerance, pack)
    assert quantity % pack == 0
    assert wanted - pack < quantity <= wanted + tolerance
    assert (quantity >= wanted) == any(n % pack == 0 for n in range(wanted, wanted + tolerance + 1))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=15).filter(any), st.integers(0, 300))
def test_apportioning_is_exact_fair_and_within_a_unit_of_the_quota(weights: list[int], total: int) -> None:
    parts = apportion(total, weights, range(len(weights)))
    assert sum(parts) == total
    for part, weight in zip(parts, weights, strict=True):
        assert abs(Fraction(part) - Fraction(total * weight, sum(weights))) < 1
    ordered = sorted(zip(weights, parts, strict=True))
    assert all(a[1] <= b[1] for a, b in pairwise(ordered) if a[0] < b[0])
