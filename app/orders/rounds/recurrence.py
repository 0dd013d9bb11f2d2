"""When the rounds of a series open, close and deliver. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Every `every_weeks` weeks: a cut-off on a weekday (0 is Monday) at an hour, delivery some days after.

    `anchor` is the day of the first cut-off; instants are on the clocks of `zone`.
    """

    anchor: date
    cut_off_at: time
    every_weeks: int
    delivery_after_days: int
    zone: ZoneInfo

    def cut_offs(self, after: datetime) -> Iterator[datetime]:
        """The cut-offs of the series that come after an instant, for ever."""
        period = timedelta(weeks=self.every_weeks)
        passed = max((after.astimezone(self.zone).date() - self.anchor) // period, 0)
        day = self.anchor + period * passed
        while True:
            instant = datetime.combine(day, self.cut_off_at, self.zone)
            if instant > after:
                yield instant
            day += period

    def delivery_day(self, cut_off: datetime) -> date:
        """The delivery day of the round that closes at a cut-off."""
        return cut_off.astimezone(self.zone).date() + timedelta(days=self.delivery_after_days)
