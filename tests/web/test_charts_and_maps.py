"""What is drawn on the server stays inside its frame and says what it is drawn from."""

import re
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.core.places import communes, find_place
from app.web.charts import HEIGHT, WIDTH, part_of_whole_chart, stepped_price_chart
from app.web.maps import HEIGHT as MAP_HEIGHT
from app.web.maps import WIDTH as MAP_WIDTH
from app.web.maps import Marker, map_of

money = st.decimals(0, 10**6, places=2)


@given(st.lists(st.tuples(st.text(max_size=5), money, money), max_size=24))
def test_bars_stay_in_their_frame_and_keep_their_proportions(pairs: list[tuple[str, Decimal, Decimal]]) -> None:
    chart = part_of_whole_chart(pairs)
    largest = max((max(part, whole) for _label, part, whole in pairs), default=Decimal(0))
    for bar, (_label, part, whole) in zip(chart.bars, pairs, strict=True):
        assert 0 <= bar.x <= bar.x + chart.bar_width <= WIDTH
        assert 0 <= bar.whole_y <= chart.floor_y
        assert 0 <= bar.part_y <= chart.floor_y <= HEIGHT
        if largest:
            assert abs(bar.part_height / (chart.floor_y - 10) - float(part / largest)) < 0.01
        assert bar.full is (part > 0 and part >= whole * Decimal("0.9"))


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6), st.integers(0, 400))
def test_the_group_stands_on_the_step_that_it_has_reached(gaps: list[int], wanted: int) -> None:
    tiers = [(sum(gaps[: n + 1]), Decimal(100 - n)) for n in range(len(gaps))]
    chart = stepped_price_chart(tiers, wanted)
    reached = max((n for n, (quantity, _p) in enumerate(tiers) if quantity <= wanted), default=0)
    step = chart.steps[reached]
    assert step.x <= chart.here_x <= step.x + step.width
    assert chart.here_y == step.y


@given(st.lists(st.integers(0, len(communes()) - 1), min_size=1, max_size=12))
def test_a_map_holds_every_marker_of_the_mainland(places: list[int]) -> None:
    markers = [Marker(communes()[at], f"{at}", "supplier" if n else "park") for n, at in enumerate(places)]
    drawn = map_of(markers)
    mainland = [m for m in markers if 41.2 <= m.place.latitude <= 51.2 and -5.3 <= m.place.longitude <= 9.7]
    if drawn is None:
        assert mainland == []
        return
    assert len(drawn.markers) == len(mainland)
    assert all(0 <= m.x <= MAP_WIDTH and 0 <= m.y <= MAP_HEIGHT for m in drawn.markers)
    assert len(drawn.land) < 20_000
    assert re.fullmatch(r"(M\d+ \d+h\d+)+", drawn.land)


def test_words_that_would_lie_over_others_are_left_to_the_list() -> None:
    place = find_place("68200", "Mulhouse")
    assert place is not None
    drawn = map_of([Marker(place, "Parc des Collines", "park"), Marker(place, "Outillage, Mulhouse", "supplier")])
    assert drawn is not None
    assert [(m.words, m.label) for m in drawn.markers] == [
        ("Parc des Collines", "Parc des Collines"),
        ("Outillage, Mulhouse", ""),
    ]
