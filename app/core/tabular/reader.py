"""Reading a table: its columns found by name, its cells parsed, every bad cell noted."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any

from app.core.errors import InvalidInput
from app.core.i18n import gettext, marked
from app.core.tabular.cells import BadCell, Cure, Row, Unreadable
from app.core.tabular.csv_rows import csv_rows
from app.core.tabular.header import ROWS_SEARCHED, Column, Header, choose_header
from app.core.tabular.xlsx_package import looks_like_workbook, refuse_other_formats
from app.core.tabular.xlsx_rows import xlsx_rows

BAD_CELLS_KEPT = 1000
_TOO_WIDE = marked("the header has {width} cells: quote cells that hold a separator, give every column a title")


class BadFile(InvalidInput):
    """A file with rows that cannot be taken. `bad_cells` lists the first of them."""

    default_code = "bad_file"

    def __init__(self, bad_cells: Sequence[BadCell], total: int) -> None:
        self.bad_cells = list(bad_cells)
        super().__init__(
            "{total} cells cannot be read, nothing was imported. First: {first}",
            total=total,
            first=str(bad_cells[0]),
        )


@dataclass
class TableReader:
    """Streams the rows of one file as `(line, values)`, values in the order of `columns`.

    `progress` is told the number of rows read, every thousand.
    After the iteration the lists of cells, columns and lines, and the counts, are complete.
    """

    path: Path
    columns: Sequence[Column]
    name: str = ""
    progress: Callable[[int], None] | None = None
    bad_cells: list[BadCell] = field(default_factory=list)
    bad_cell_count: int = 0
    bad_lines: set[int] = field(default_factory=set)
    doubts: list[BadCell] = field(default_factory=list)
    row_count: int = 0
    unknown_columns: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or self.path.name

    def __iter__(self) -> Iterator[tuple[int, list[Any]]]:
        refuse_other_formats(self.path, self.name)
        read_rows = xlsx_rows if looks_like_workbook(self.path) else csv_rows
        rows = (row for row in read_rows(self.path, self.name, self.columns) if row.fault or any(row.cells))
        first_rows = list(islice(rows, ROWS_SEARCHED))
        if not first_rows:
            raise InvalidInput("{file} is empty: it needs at least the header row.", code="empty", file=self.name)
        header = choose_header(first_rows, self.columns, self.name)
        self.unknown_columns = header.unknown_columns
        below = first_rows[first_rows.index(header.row) + 1 :]
        yield from self._parsed(chain(below, rows), header)

    def reject(self, line: int, column: str, value: object, cure: str, **params: object) -> None:
        """Note a bad cell with its cure (a message, and what fills it in); all are counted, the first thousand kept."""
        self._note(line, column, value, gettext(cure).format(**params))

    def doubt(self, line: int, column: str, value: object, why: str) -> None:
        """Note a cell that is taken but looks wrong, with why (a message); the first thousand are kept."""
        if len(self.doubts) < BAD_CELLS_KEPT:
            self.doubts.append(BadCell(self.name, line, column, str(value)[:200], gettext(why)))

    def _note(self, line: int, column: str, value: object, cure: str) -> None:
        self.bad_cell_count += 1
        self.bad_lines.add(line)
        if len(self.bad_cells) < BAD_CELLS_KEPT:
            self.bad_cells.append(BadCell(self.name, line, column, str(value)[:200], cure))

    def stop_if_bad(self) -> None:
        """Raise `BadFile` if any cell was bad."""
        if self.bad_cell_count:
            raise BadFile(sorted(self.bad_cells, key=lambda bad: bad.line), self.bad_cell_count)

    def _parsed(self, rows: Iterator[Row], header: Header) -> Iterator[tuple[int, list[Any]]]:
        plan = [(i, c.parse, c.required, c.default) for i, c in zip(header.positions, self.columns, strict=True)]
        width = header.width
        for line, cells, fault in rows:
            self.row_count += 1
            if self.progress and self.row_count % 1000 == 0:
                self.progress(self.row_count)
            if fault or any(cells[width:]):
                self._reject_shape(line, cells, fault, width)
                continue
            cells.extend([""] * (width - len(cells)))  # what a row lacks at its end is empty
            try:
                values = []
                for i, parse, required, default in plan:
                    text = cells[i] if i >= 0 else ""
                    if text.__class__ is Unreadable:
                        raise ValueError
                    if text:
                        values.append(parse(text))
                    elif required and default is None:
                        raise ValueError
                    else:
                        values.append(default)
            except ValueError:
                self._reject_row(line, cells, header.positions)
                continue
            yield line, values

    def _reject_shape(self, line: int, cells: list[str], fault: Cure | None, width: int) -> None:
        cure = fault or Cure(_TOO_WIDE, width=width)
        self._note(line, "", len(cells) or "", str(cure))

    def _reject_row(self, line: int, cells: list[str], positions: list[int]) -> None:
        """Go over a bad row again, cell by cell, and note each fault."""
        for i, column in zip(positions, self.columns, strict=True):
            text = cells[i] if i >= 0 else ""
            try:
                if isinstance(text, Unreadable):
                    raise text.cure
                if text:
                    column.parse(text)
                elif column.required and column.default is None:
                    raise Cure("this cell must not be empty")
            except ValueError as error:
                self._note(line, column.name, text, str(error))
