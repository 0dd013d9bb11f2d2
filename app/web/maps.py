"""Maps drawn on the server from the communes that ship with the product: no tiles, nothing from elsewhere. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import cos, radians

from app.core.places import Place, communes

WIDTH, HEIGHT, CELL = 640, 480, 8
_LEAST_DEGREES = 1.6  # of latitude: about 180 km
_MAINLAND = (41.2, 51.2, -5.3, 9.7)  # south, north, west, east in degrees: metropolitan France with Corsica


@dataclass(frozen=True, slots=True)
class Marker:
    """A place to show, with its words; `kind` says how it is drawn (`park` or `supplier`)."""

    place: Place
    words: str
    kind: str


@dataclass(frozen=True, slots=True)
class DrawnMarker:
    """A marker in pixels; `label` is empty where it would lie over another."""

    x: int
    y: int
    words: str
    label: str
    kind: str
    leftwards: bool


@dataclass(frozen=True, slots=True)
class DrawnMap:
    """The land as a path of lines to be dotted, markers over it, and the way from each supplier to each park."""

    land: str
    markers: list[DrawnMarker]
    ways: list[tuple[int, int, int, int]]
    width: int = WIDTH
    height: int = HEIGHT
    cell: int = CELL


@dataclass(frozen=True, slots=True)
class _Window:
    """The part of the world that is drawn, in degrees."""

    south: float
    north: float
    west: float
    east: float

    def xy(self, latitude: float, longitude: float) -> tuple[int, int]:
        x = (longitude - self.west) / (self.east - self.west) * WIDTH
        y = (self.north - latitude) / (self.north - self.south) * HEIGHT
        return round(x), round(y)


def map_of(markers: Sequence[Marker]) -> DrawnMap | None:
    """The map that holds these markers, as near as they allow; None where none lies in metropolitan France."""
    south, north, west, east = _MAINLAND
    shown = [m for m in markers if south <= m.place.latitude <= north and west <= m.place.longitude <= east]
    if not shown:
        return None
    window = _window([marker.place for marker in shown])
    drawn = _drawn(shown, window)
    parks = [marker for marker in drawn if marker.kind == "park"]
    ways = [(s.x, s.y, p.x, p.y) for s in drawn if s.kind == "supplier" for p in parks]
    return DrawnMap(_land(window), drawn, ways)


def _window(places: Sequence[Place]) -> _Window:
    """The box around the places with room to spare, in the proportions of the map."""
    south, north = min(p.latitude for p in places), max(p.latitude for p in places)
    west, east = min(p.longitude for p in places), max(p.longitude for p in places)
    middle, centre = (south + north) / 2, (west + east) / 2
    stretch = cos(radians(middle))  # a degree of longitude is that much shorter
    tall = max((north - south) * 1.5, (east - west) * 1.5 * stretch * HEIGHT / WIDTH, _LEAST_DEGREES)
    wide = tall * WIDTH / HEIGHT / stretch
    return _Window(
        round(middle - tall / 2, 2),
        round(middle + tall / 2, 2),
        round(centre - wide / 2, 2),
        round(centre + wide / 2, 2),
    )


@lru_cache(maxsize=256)
def _land(window: _Window) -> str:
    """Rows of cells that communes lie in, as lines; dashes of nothing at `CELL` make dots of them."""
    cells = set()
    for place in communes():
        if window.south <= place.latitude <= window.north and window.west <= place.longitude <= window.east:
            x, y = window.xy(place.latitude, place.longitude)
            cells.add((y // CELL, x // CELL))
    half = CELL // 2
    return "".join(f"M{x * CELL + half} {y * CELL + half}h{length * CELL}" for x, y, length in _runs(cells))


def _runs(cells: set[tuple[int, int]]) -> Iterator[tuple[int, int, int]]:
    """Column, row and further cells of each unbroken run of a row."""
    for y, x in sorted(cells):
        if (y, x - 1) not in cells:
            length = 0
            while (y, x + length + 1) in cells:
                length += 1
            yield x, y, length


def _drawn(markers: Sequence[Marker], window: _Window) -> list[DrawnMarker]:
    """Parks first, so that their words win where words would lie over one another."""
    drawn = []
    taken: list[tuple[int, int, int, int]] = []
    for marker in sorted(markers, key=lambda m: (m.kind != "park", m.words)):
        x, y = window.xy(marker.place.latitude, marker.place.longitude)
        leftwards = x > WIDTH * 2 // 3
        length = len(marker.words) * 8 + 14
        box = (x - length, y - 10, x, y + 10) if leftwards else (x, y - 10, x + length, y + 10)
        free = not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
        if free:
            taken.append(box)
        drawn.append(DrawnMarker(x, y, marker.words, marker.words if free else "", marker.kind, leftwards))
    return drawn
