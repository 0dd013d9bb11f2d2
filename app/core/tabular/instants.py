"""Instants of files: ISO 8601; without an offset they are read on a Paris clock, as our exports write them."""

import re
from datetime import UTC, datetime

from app.core.clock import PARIS
from app.core.tabular.cells import Cure

_ISO = re.compile(
    r"(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:[T ](?P<time>[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]{1,6})?)?)"
    r" ?(?P<offset>Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?\Z",
    re.IGNORECASE,
)
_YEARS = range(1990, 2100)


def instant(value: str) -> datetime:
    """An ISO 8601 instant, in UTC; a day alone begins at midnight.

    Raises `Cure` for other writings, for years outside 1990 to 2099, and for times without an offset that the Paris
    clock skips in spring or shows twice in autumn.
    """
    found = _ISO.match(value)
    try:
        if found is None:
            raise ValueError
        parsed = datetime.fromisoformat(f"{found['day']}T{found['time'] or '00:00'}{(found['offset'] or '').upper()}")
    except ValueError:
        raise Cure("an ISO 8601 instant, such as 2026-03-02T09:30:00Z") from None
    if parsed.year not in _YEARS:
        raise Cure("an instant from {first} to {last}", first=_YEARS[0], last=_YEARS[-1])
    return (parsed if parsed.tzinfo else _on_paris_clock(parsed)).astimezone(UTC)


def _on_paris_clock(local: datetime) -> datetime:
    earlier, later = (local.replace(tzinfo=PARIS, fold=fold) for fold in (0, 1))
    if earlier.utcoffset() == later.utcoffset():
        return earlier
    if earlier.astimezone(UTC).astimezone(PARIS).replace(tzinfo=None) == local:
        raise Cure("the clocks show this time twice that night: write +02:00 or +01:00 behind it")
    raise Cure("the clocks skip this time that night: write another, or its offset from UTC")
