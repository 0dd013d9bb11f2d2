"""Charts drawn on the server: coordinates for templates, which write the SVG and a table beside it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

WIDTH, HEIGHT = 640, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 8, 8, 34, 30


@dataclass(frozen=True, slots=True)
class Step:
    """A tier on the chart: where it begins, its price, whether the group has reached it."""

    x: int
    y: int
    width: int
    from_quantity: int
    price: Decimal
    reached: bool


@dataclass(frozen=True, slots=True)
class StepChart:
    """Price against group quantity: the line of steps, and where the group is now. Coordinates in pixels."""

    steps: list[Step]
    line: str
    here_x: int
    here_y: int
    floor_y: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def stepped_price_chart(tiers: Sequence[tuple[int, Decimal]], wanted: int) -> StepChart:
    """The chart of an offer's tiers `(from_quantity, unit_price)`, with the group at `wanted` units.

    Tiers stand at even distances (their quantities often differ a hundredfold); between them the way is linear.
    """
    room = (WIDTH - _LEFT - _RIGHT) // len(tiers)
    low, high = min(price for _q, price in tiers), max(price for _q, price in tiers)
    span = high - low or Decimal(1)
    drawable = HEIGHT - _TOP - _BOTTOM - 30

    def y_of(price: Decimal) -> int:
        return _TOP + int((high - price) / span * drawable)

    steps = [
        Step(_LEFT + i * room, y_of(price), room, quantity, price, quantity <= max(wanted, tiers[0][0]))
        for i, (quantity, price) in enumerate(tiers)
    ]
    points = " ".join(f"{x},{step.y}" for step in steps for x in (step.x, step.x + step.width))
    here = max((i for i, (quantity, _p) in enumerate(tiers) if quantity <= wanted), default=0)
    begin = tiers[here][0] if wanted >= tiers[0][0] else 0
    end = tiers[here + 1][0] if here + 1 < len(tiers) else max(wanted + 1, begin * 2)
    part = min(max((wanted - begin) / max(end - begin, 1), 0.0), 0.97)
    return StepChart(steps, points, steps[here].x + int(part * room), steps[here].y)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of two amounts, one inside the other; coordinates in pixels."""

    label: str
    x: int
    whole_y: int
    whole_height: int
    part_y: int
    part_height: int
    full: bool


@dataclass(frozen=True, slots=True)
class BarChart:
    """Bars side by side, each a part of a whole: budgets and what is committed of them."""

    bars: list[Bar]
    bar_width: int
    floor_y: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def part_of_whole_chart(pairs: Sequence[tuple[str, Decimal, Decimal]]) -> BarChart:
    """The chart of `(label, part, whole)`, from left to right; at 90 % of its whole a bar counts as full."""
    room = (WIDTH - _LEFT - _RIGHT) // max(len(pairs), 1)
    bar_width = min(room * 2 // 3, 64)
    largest = max((max(part, whole) for _label, part, whole in pairs), default=Decimal(1)) or Decimal(1)
    drawable, floor = HEIGHT - 10 - _BOTTOM, HEIGHT - _BOTTOM

    def height(amount: Decimal) -> int:
        return int(amount / largest * drawable)

    bars = []
    for at, (label, part, whole) in enumerate(pairs):
        part_height, whole_height = height(part), height(whole)
        x = _LEFT + at * room + (room - bar_width) // 2
        full = part * 10 >= whole * 9 and part > 0
        bars.append(Bar(label, x, floor - whole_height, whole_height, floor - part_height, part_height, full))
    return BarChart(bars, bar_width)


@dataclass(frozen=True, slots=True)
class FrontPoint:
    """A point of a front: its place in pixels, and which it is."""

    x: int
    y: int
    label: str
    kind: str


@dataclass(frozen=True, slots=True)
class FrontChart:
    """What is paid against a score: the way through the points, and where an axis begins and ends."""

    points: list[FrontPoint]
    line: str
    scores: tuple[int, int]
    amounts: tuple[Decimal, Decimal]
    floor_y: int = HEIGHT - _BOTTOM
    width: int = WIDTH
    height: int = HEIGHT


def front_chart(points: Sequence[tuple[Decimal, Decimal, str, str]]) -> FrontChart:
    """The chart of `(score, amount, label, kind)`: a better score is further right, a lower amount further down.

    The way goes through the points of kind `point` and `applied`, from left to right.
    """
    scores, amounts = [score for score, *_rest in points], [amount for _score, amount, *_rest in points]
    low, high, least, most = min(scores), max(scores), min(amounts), max(amounts)
    left, right, top = _LEFT + 108, 90, 22

    def place(score: Decimal, amount: Decimal) -> tuple[int, int]:
        x = left + int((score - low) / (high - low or 1) * (WIDTH - left - right))
        return x, top + int((most - amount) / (most - least or 1) * (HEIGHT - top - _BOTTOM - 16))

    drawn = [FrontPoint(*place(score, amount), label, kind) for score, amount, label, kind in points]
    way = sorted((point.x, point.y) for point in drawn if point.kind != "plain")
    line = " ".join(f"{x},{y}" for x, y in way)
    return FrontChart(drawn, line, (int(low), int(high)), (least, most))
