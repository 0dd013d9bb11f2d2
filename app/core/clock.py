"""Time. All code asks here, so tests can set it. Instants are UTC; days and screens are Europe/Paris."""

from calendar import monthrange
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")

_frozen: datetime | None = None


def now() -> datetime:
    """The present instant, in UTC."""
    return _frozen or datetime.now(UTC)


def today() -> date:
    """Today's date in Paris."""
    return now().astimezone(PARIS).date()


def month_end(day: date) -> date:
    """The last day of the month that a day is in."""
    return day.replace(day=monthrange(day.year, day.month)[1])


@contextmanager
def frozen(instant: datetime) -> Iterator[None]:
    """Hold time at `instant` (with a time zone), for tests and for playing the demo's past."""
    global _frozen  # noqa: PLW0603 - one clock a process, seen by all its threads
    before = _frozen
    _frozen = instant.astimezone(UTC)
    try:
        yield
    finally:
        _frozen = before
