"""What the rows of a file hold before their cells have a type, and how a cell that cannot be read is told.

A cell is a `str`. Workbooks know more of theirs: a number, a day or an instant, something unreadable. These are
kinds of `str` too, so that columns which only want the text need not care.
"""

from decimal import Decimal
from typing import NamedTuple

from app.core.i18n import gettext


class BadCell(NamedTuple):
    """What is wrong in one place of a file, and how to mend it. `column` is empty where it is the whole row."""

    file: str
    line: int
    column: str
    value: str
    cure: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" + (f", column {self.column}" if self.column else "")
        return f"{place}: {self.value!r}: {self.cure}"


class Cure(ValueError):
    """A cell cannot be read: how to mend it, said in the current language."""

    def __init__(self, message: str, **params: object) -> None:
        self.message, self.params = message, params
        super().__init__(message)

    def __str__(self) -> str:
        return gettext(self.message).format(**self.params)


class SheetNumber(str):
    """A number of a workbook: the text is what Excel shows, with a point and no thousands separator.

    `number` is its value to the decimals that are shown; 20 where 20 % is shown, and `is_percent` then.
    """

    number: Decimal
    is_percent: bool

    def __new__(cls, shown: str, number: Decimal, *, is_percent: bool = False) -> "SheetNumber":
        made = super().__new__(cls, shown)
        made.number, made.is_percent = number, is_percent
        return made


class SheetMoment(str):
    """A day, time or instant of a workbook, in ISO 8601, without an offset."""


class Unreadable(str):
    """A cell that says nothing certain, with the cure."""

    cure: Cure

    def __new__(cls, shown: str, cure: Cure) -> "Unreadable":
        made = super().__new__(cls, shown)
        made.cure = cure
        return made


class Row(NamedTuple):
    """One row of a file: its line, its cells, and what is wrong with it as a whole."""

    line: int
    cells: list[str]
    fault: Cure | None = None
