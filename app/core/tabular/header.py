"""The header of a table: columns are found by their names, in any order, below a title if there is one."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from app.core.errors import InvalidInput
from app.core.tabular.cells import Row

ROWS_SEARCHED = 10  # a title, a date, an empty row may stand above the header
_EDGES = "\ufeff\u200b \t\r\n\u00a0\u202f\"'"
_GAPS = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Column:
    """A column found by its name. `parse` raises `ValueError` with the cure; empty cells become `default`."""

    name: str
    parse: Callable[[str], Any]
    required: bool = True
    default: Any = None


@dataclass(frozen=True)
class Header:
    """Where a file has its columns: `positions` in the order of the columns wanted, -1 for one that is left out."""

    row: Row
    positions: list[int]
    unknown_columns: list[str]

    @property
    def width(self) -> int:
        """How many cells a row may have."""
        return len(self.row.cells)


def column_name(cell: str) -> str:
    """A column's name as it is compared: small letters, `_` for blanks and hyphens, nothing invisible around it."""
    return _GAPS.sub("_", cell.strip(_EDGES)).lower()


def names_found(cells: Sequence[str], columns: Sequence[Column]) -> int:
    """How many of the columns a row names; all the required ones count for more than any number of others."""
    names = {column_name(cell) for cell in cells}
    found = sum(column.name in names for column in columns)
    complete = all(column.name in names for column in columns if column.required)
    return found + (len(columns) if complete else 0)


def is_header(cells: Sequence[str], columns: Sequence[Column]) -> bool:
    """Whether a row names every required column."""
    return names_found(cells, columns) >= len(columns) > 0


def choose_header(rows: Sequence[Row], columns: Sequence[Column], file: str) -> Header:
    """The header among the first rows of a file. Raises `InvalidInput` where a column is missing or stands twice."""
    row = max(rows, key=lambda row: names_found(row.cells, columns))  # the first of those that name most
    names = [column_name(cell) for cell in row.cells]
    known_names = {column.name for column in columns}
    missing = [column.name for column in columns if column.required and column.name not in names]
    twice = sorted({name for name in names if name in known_names and names.count(name) > 1})
    if missing or twice:
        raise InvalidInput(
            "{file}, line {line}: the header is not right ({wrong}). The columns are: {known}",
            code="bad_header",
            file=file,
            line=row.line,
            wrong=f"missing: {', '.join(missing)}" if missing else f"twice: {', '.join(twice)}",
            known=", ".join(column.name for column in columns),
        )
    return Header(
        row,
        [names.index(column.name) if column.name in names else -1 for column in columns],
        [name for name in names if name and name not in known_names],
    )
