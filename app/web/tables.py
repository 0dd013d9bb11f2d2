"""A table described once: its columns and rows, for the screen (`data_table` of components.html) and for files."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from fastapi.responses import Response

from app.web.exports import ExportFormat, export
from app.web.labels import status_words

Kind = Literal[
    "text", "number", "money", "unit_price", "percent", "hours", "instant", "day", "short_day", "month", "status"
]


class Column(NamedTuple):
    """A heading and what stands under it; figures stand to the right."""

    label: str
    kind: Kind = "text"

    @property
    def is_figure(self) -> bool:
        """Whether it holds figures."""
        return self.kind in {"number", "money", "unit_price", "percent", "hours"}


class Link(NamedTuple):
    """Words that lead somewhere, with a smaller line below if there is one; a file takes the words."""

    words: str
    href: str = ""
    below: str = ""


@dataclass(frozen=True)
class Table:
    """Rows under columns; `totals` is a last row, None where a column has none."""

    name: str
    columns: Sequence[Column]
    rows: Iterable[Sequence[Any]]
    totals: Sequence[Any] | None = None

    def as_file(self, form: ExportFormat) -> Response:
        """The rows as a file to save, without the totals."""
        header = [column.label for column in self.columns]
        words = status_words()
        kinds = [column.kind for column in self.columns]

        def plain(cell: Any, kind: Kind) -> Any:
            if isinstance(cell, Link):
                return cell.words
            return words[cell] if kind == "status" else cell

        rows = ([plain(*pair) for pair in zip(row, kinds, strict=True)] for row in self.rows)
        return export(form, self.name, header, rows)
