"""The days on which banks settle payments in euros: those of TARGET. Pure.

Source: the Eurosystem's long-term calendar of closing days (since 2000): Saturdays and Sundays, 1 January, Good Friday,
Easter Monday, 1 May, 25 and 26 December.
"""

from datetime import date, timedelta

_DAY = timedelta(days=1)
_CLOSED_EACH_YEAR = frozenset({(1, 1), (5, 1), (12, 25), (12, 26)})
_SATURDAY = 5


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (the algorithm of Meeus, Jones and Butcher)."""
    century = year // 100
    skipped = century - century // 4 - (8 * century + 13) // 25
    golden = year % 19
    moon = (19 * golden + skipped + 15) % 30
    moon -= (moon + golden // 11) // 29
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    offset = moon - weekday
    month = 3 + (offset + 40) // 44
    return date(year, month, offset + 28 - 31 * (month // 4))


def is_bank_day(day: date) -> bool:
    """Whether banks settle on a day."""
    if day.weekday() >= _SATURDAY or (day.month, day.day) in _CLOSED_EACH_YEAR:
        return False
    sunday = easter(day.year)
    return day not in {sunday - 2 * _DAY, sunday + _DAY}


def bank_day_from(day: date, later: int = 0) -> date:
    """The first bank day that is this day or after it, or the one `later` bank days after that."""
    while not is_bank_day(day):
        day += _DAY
    return day if later <= 0 else bank_day_from(day + _DAY, later - 1)
