"""How bids are compared: the formulas shown to bidders, exact, and the same in whatever order bids are read."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.sourcing.tenders.ranking import LotBid, Measure, Priced, rank

D = Decimal
AT = datetime(2026, 5, 4, 10, tzinfo=UTC)
WEIGHTS = {Measure.PRICE: 50, Measure.CHARTER: 30, Measure.LEAD_TIME: 10, Measure.SERVICE: 10}


def a_bid(supplier: int, price: str, score: int = 0, days: int = 5, mark: int = 0, minutes: int = 0) -> LotBid:
    return LotBid(supplier, [Priced(100, D(price), days, score)], mark, AT + timedelta(minutes=minutes))


def test_each_measure_gives_points_by_its_formula() -> None:
    cheap, good = rank([a_bid(1, "8", score=20, days=10, mark=50), a_bid(2, "10", score=80, days=5, mark=90)], WEIGHTS)
    assert (cheap.bid.supplier, good.bid.supplier) == (2, 1)
    assert [cheap.points[measure] for measure in Measure] == [D("80.00"), D(80), D(100), D(90)]
    assert cheap.total == D("83.00")  # 40 + 24 + 10 + 9
    assert good.total == D("66.00")  # 50 + 6 + 5 + 5


def test_a_lots_charter_score_is_weighed_by_amounts_and_its_lead_time_is_its_slowest_line() -> None:
    bid = LotBid(1, [Priced(10, D(30), 3, 100), Priced(10, D(10), 12, 0)], 0, AT)
    (ranked,) = rank([bid], WEIGHTS)
    assert (bid.amount, bid.lead_time_days, ranked.points[Measure.CHARTER]) == (D(400), 12, D(75))


def test_equal_bids_go_by_price_then_charter_then_time() -> None:
    only_service = dict.fromkeys(Measure, 0) | {Measure.SERVICE: 100}
    late, early = a_bid(1, "8", score=5, minutes=9), a_bid(2, "8", score=5)
    better, cheaper = a_bid(3, "8", score=6, minutes=20), a_bid(4, "7", minutes=30)
    order = [one.bid.supplier for one in rank([late, early, better, cheaper], only_service)]
    assert order == [4, 3, 2, 1]


def test_who_asks_nothing_is_the_cheapest_and_nobody_divides_by_zero() -> None:
    ranked = rank([a_bid(1, "0"), a_bid(2, "5")], WEIGHTS)
    assert [one.points[Measure.PRICE] for one in ranked] == [D(100), D(0)]
    assert rank([], WEIGHTS) == []


bids = st.builds(
    a_bid, st.integers(1, 9), st.decimals(0, 500, places=4).map(str), st.integers(0, 100), st.integers(1, 60),
    st.integers(0, 100), st.integers(0, 60),
)  # fmt: skip


@given(st.lists(bids, min_size=1, max_size=6, unique_by=lambda bid: bid.supplier), st.randoms())
def test_the_order_of_reading_does_not_matter_and_points_stay_within_bounds(given_bids: list[LotBid], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = list(given_bids)
    random.shuffle(shuffled)
    ranked = rank(given_bids, WEIGHTS)
    assert rank(shuffled, WEIGHTS) == ranked
    assert all(0 <= points <= 100 for one in ranked for points in (*one.points.values(), one.total))
    assert [one.total for one in ranked] == sorted((one.total for one in ranked), reverse=True)


@given(st.lists(bids, min_size=2, max_size=5, unique_by=lambda bid: bid.supplier))
def test_a_lower_price_never_costs_points(given_bids: list[LotBid]) -> None:
    first, *others = given_bids
    (line,) = first.lines
    cheaper = LotBid(first.supplier, [Priced(line.quantity, line.unit_price / 2, line.lead_time_days, line.score)],
                     first.service_mark, first.received_at)  # fmt: skip
    before = next(one for one in rank(given_bids, WEIGHTS) if one.bid is first)
    after = next(one for one in rank([cheaper, *others], WEIGHTS) if one.bid is cheaper)
    assert after.total >= before.total
