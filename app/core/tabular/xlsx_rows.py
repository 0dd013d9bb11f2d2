"""Rows of the sheet of a workbook that holds the table wanted, cell by cell as Excel shows them.

A sheet is read twice: first its shape, and which cells are merged (that stands at its end); then its rows, streamed.
What is declared about its dimension is not believed. Neither `openpyxl` nor `calamine` reads this: neither tells a
formula without a value from an empty cell, and calamine builds a whole sheet before it gives out the first row, errors
as empty cells; of one long text that many cells share it makes as many copies.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from app.core.errors import InvalidInput
from app.core.i18n import marked
from app.core.tabular.cells import Cure, Row, SheetMoment, SheetNumber, Unreadable
from app.core.tabular.header import ROWS_SEARCHED, Column, is_header
from app.core.tabular.xlsx_formats import shown
from app.core.tabular.xlsx_package import BrokenWorkbook, Workbook, opened_workbook
from app.core.tabular.xlsx_text import LONGEST_TEXT, TextCollector, TextTooLong, unescaped
from app.core.tabular.xml_events import read_events, stream_events

LAST_ROW = 1_048_576
MOST_COLUMNS = 256
_LAST_COLUMN = 16_384
_MOST_MERGED = 100_000
_MOST_REACHED = 500_000  # cells that merged ones reach, over all rows: some seconds of work
_PLACE = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})\Z")
_NUMBER = re.compile(r"[+-]?[0-9]*\.?[0-9]+(?:[eE][+-]?[0-9]{1,3})?\Z")
_ISO_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9:.]{5,15}Z?)?\Z")
_ERROR_CURE = marked("a value: the formula of this cell ends in an error")
_NO_VALUE_CURE = marked("a value: this formula was never computed. Open the file in a spreadsheet program and save it")
_TRUTH_CURE = marked(
    "text or a number, where the workbook has true or false: format the column as text, write it again"
)
_MERGED_NUMBER_CURE = marked("one value for each row: unmerge these cells")
_MERGED_ACROSS_CURE = marked("one value for each column: unmerge these cells")

Range = tuple[int, int, int, int]


def xlsx_rows(path: Path, file: str, columns: Sequence[Column]) -> Iterator[Row]:
    """Stream the rows of the one visible sheet that has the columns, the first sheet where none has them.

    Raises `InvalidInput` for broken workbooks, for sheets beyond any size, and where several sheets have the columns.
    """
    with opened_workbook(path, file) as book:
        part = _choose_sheet(book, columns, file)
        yield from _merged_filled(_rows(book, part), _survey(book, part))


def _choose_sheet(book: Workbook, columns: Sequence[Column], file: str) -> str:
    fitting = []
    for name, part in book.sheets:
        first_rows = islice((row for row in _rows(book, part) if any(row.cells)), ROWS_SEARCHED)
        if len(book.sheets) == 1 or any(is_header(row.cells, columns) for row in first_rows):
            fitting.append((name, part))
    if len(fitting) > 1:
        raise InvalidInput(
            "{file} has several sheets with these columns: {sheets}. Keep one of them, or hide the others.",
            code="several_sheets",
            file=file,
            sheets=", ".join(name for name, _part in fitting),
        )
    return (fitting or book.sheets)[0][1]


def _rows(book: Workbook, part: str) -> Iterator[Row]:
    with book.open_sheet(part) as stream:
        sheet = _Sheet(book)
        for _block in stream_events(stream, sheet.start, sheet.end, sheet.characters):
            yield from sheet.take_rows()


class _Sheet:
    """Puts rows together as an XML reader comes by their cells (ECMA-376, Part 1, 18.3.1)."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._rows: list[Row] = []
        self._cells: list[str] = []
        self._line = self._column = 0
        self._kind = self._style = ""
        self._has_formula = self._taking = self._inside_cell = False
        self._value: list[str] = []
        self._length = 0
        self._inline = TextCollector()

    def take_rows(self) -> list[Row]:
        """The rows that were completed since this was last asked."""
        taken, self._rows = self._rows, []
        return taken

    def start(self, element: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        if element == "c":
            self._begin_cell(attributes)
        elif element == "v":
            self._taking = self._inside_cell
        elif element == "f":
            self._has_formula = True
        elif element == "row":
            self._begin_row(attributes)
        elif self._inside_cell:
            self._inline.start(element)

    def end(self, element: str) -> None:
        """An element ends."""
        if element == "c":
            self._finish_cell()
        elif element == "v":
            self._taking = False
        elif element == "row":
            self._rows.append(Row(self._line, self._cells))
            self._cells = []
        elif self._inside_cell:
            self._inline.end(element)

    def characters(self, piece: str) -> None:
        """Characters of whatever element."""
        if self._taking:
            self._length += len(piece)
            if self._length > 7 * LONGEST_TEXT:
                raise TextTooLong("a text is too long")
            self._value.append(piece)
        elif self._inside_cell:
            self._inline.characters(piece)

    def _begin_row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        line = self._line + 1 if given is None else int(given) if given.isdecimal() and len(given) < 10 else 0
        if not self._line < line <= LAST_ROW:
            raise BrokenWorkbook(f"row {(given or '')[:20]} is out of order, or beyond the last that a sheet can have")
        self._line, self._column = line, 0
        self._cells = []

    def _begin_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        if place is None:
            self._column += 1
        else:
            column, line = _place(place)
            if line != self._line or column <= self._column:
                raise BrokenWorkbook(f"cell {place} is out of order")
            self._column = column
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "0")
        self._has_formula, self._inside_cell = False, True
        self._value.clear()
        self._length = 0
        self._inline.begin()

    def _finish_cell(self) -> None:
        self._inside_cell = False
        cell = self._cell("".join(self._value))
        if not cell:
            return
        if self._column > MOST_COLUMNS:
            raise BrokenWorkbook(f"it has more than {MOST_COLUMNS} columns")
        self._cells.extend([""] * (self._column - len(self._cells) - 1))
        self._cells.append(cell)

    def _cell(self, value: str) -> str:
        kind = self._kind
        if kind == "s" and value:
            text = self._book.texts[_index(value)]
        elif kind in ("s", "inlineStr"):
            text = self._inline.finish()
        elif kind == "str":
            text = unescaped(value)
        elif self._has_formula and not value:
            return Unreadable("=", Cure(_NO_VALUE_CURE))
        elif not value:
            return ""
        else:
            return self._typed_cell(kind, value)
        if len(text) > LONGEST_TEXT:
            raise TextTooLong("a text is too long")
        return text.strip()

    def _typed_cell(self, kind: str, value: str) -> str:
        if kind == "e":
            return Unreadable(value, Cure(_ERROR_CURE))
        if kind == "b":
            return Unreadable("TRUE" if value.strip() in ("1", "true") else "FALSE", Cure(_TRUTH_CURE))
        if kind == "d" and _ISO_MOMENT.match(value):
            return SheetMoment(value.removesuffix("T00:00:00"))
        if kind != "n" or not _NUMBER.match(value.strip()):
            raise BrokenWorkbook(f"row {self._line} has a cell that is no number: {value[:20]}")
        formats, style = self._book.formats, _index(self._style)
        code = formats[style] if style < len(formats) else "General"
        return shown(float(value), code, counts_from_1904=self._book.counts_from_1904)


def _index(value: str) -> int:
    """An index into the texts or formats of a workbook: never negative."""
    index = int(value)
    if index < 0:
        raise BrokenWorkbook(f"{value[:20]} points nowhere")
    return index


def _place(reference: str) -> tuple[int, int]:
    """Column and row of a cell such as `B7`, both from 1."""
    found = _PLACE.match(reference)
    if found is None:
        raise BrokenWorkbook(f"{reference[:20]} is no cell")
    column = 0
    for letter in found[1]:
        column = column * 26 + ord(letter) - 64
    if column > _LAST_COLUMN:
        raise BrokenWorkbook(f"{reference[:20]} is beyond the last column that a sheet can have")
    return column, int(found[2])


def _survey(book: Workbook, part: str) -> list[Range]:
    """Read a sheet once for the merged cells at its end: first and last row, first and last column, by rows."""
    ranges: list[Range] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        if element == "mergeCell":
            first, _colon, last = attributes.get("ref", "").partition(":")
            (left, top), (right, bottom) = _place(first), _place(last or first)
            ranges.append((top, bottom, left, min(right, MOST_COLUMNS)))
            if len(ranges) > _MOST_MERGED:
                raise BrokenWorkbook("it has too many merged cells")

    with book.open_sheet(part) as stream:
        read_events(stream, start)
    return sorted(ranges)


def _merged_filled(rows: Iterator[Row], ranges: list[Range]) -> Iterator[Row]:
    """Rows with merged cells as Excel shows them: one text beside several rows counts for each of these.

    A number beside several rows may be meant once or each time, and a value across columns for any of them: those
    cells are unreadable. Raises `BrokenWorkbook` where they reach over more than a table of people has.
    """
    reached = 0
    coming = iter(ranges)
    following = next(coming, None)
    open_ranges: dict[int, tuple[Range, str]] = {}  # by column: the range that reaches it, and what its corner says
    for row in rows:
        if not open_ranges and (following is None or following[0] > row.line):
            yield row
            continue
        cells = row.cells
        if any(cells):
            open_ranges = {column: kept for column, kept in open_ranges.items() if kept[0][1] >= row.line}
            reached += len(open_ranges)
            for column, (merged, corner) in open_ranges.items():
                _fill(cells, column, merged, corner)
        while following is not None and following[0] <= row.line:
            _top, bottom, left, right = following
            reached += right - left + 1
            corner = cells[left - 1] if following[0] == row.line and left <= len(cells) else ""
            for column in range(left, right + 1) if bottom >= row.line else ():
                if column in open_ranges and open_ranges[column][0][1] >= row.line:
                    raise BrokenWorkbook("its merged cells overlap")
                open_ranges[column] = (following, corner)
                if column > left:
                    _fill(cells, column, following, corner)
            following = next(coming, None)
        if reached > _MOST_REACHED:
            raise BrokenWorkbook("its merged cells reach over too many others")
        yield row


def _fill(cells: list[str], column: int, merged: Range, corner: str) -> None:
    """Put what a merged range shows into one of its cells, other than the corner, on the row at hand."""
    if not corner:
        return
    cells.extend([""] * (column - len(cells)))
    if column > merged[2]:
        cells[column - 1] = Unreadable(corner, Cure(_MERGED_ACROSS_CURE))
    elif isinstance(corner, SheetNumber | SheetMoment | Unreadable):
        cells[column - 1] = Unreadable(corner, Cure(_MERGED_NUMBER_CURE))
    else:
        cells[column - 1] = corner
