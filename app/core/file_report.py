"""What importing a file did: the part that every report has, whatever the rows say."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

from app.core.tabular import BadCell, TableReader


@dataclass(kw_only=True)
class FileReport:
    """What an import did, or in a dry run would do."""

    file: str
    dry_run: bool
    rows: int = 0
    skipped_count: int = 0
    bad_cells: list[BadCell] = field(default_factory=list)
    doubts: list[BadCell] = field(default_factory=list)
    unknown_columns: list[str] = field(default_factory=list)

    @classmethod
    def begin(cls, reader: TableReader, *, dry_run: bool, skip_bad_rows: bool, **known: Any) -> Self:
        """The report of a file that was read to its end.

        Raises `BadFile` where bad rows stand in the way: they do unless skipped, or in a dry run.
        """
        if not skip_bad_rows and not dry_run:
            reader.stop_if_bad()
        return cls(
            file=reader.name,
            dry_run=dry_run,
            rows=reader.row_count,
            skipped_count=len({bad.line for bad in reader.bad_cells}),
            bad_cells=sorted(reader.bad_cells, key=lambda bad: bad.line),
            doubts=[doubt for doubt in reader.doubts if doubt.line not in reader.bad_lines],
            unknown_columns=reader.unknown_columns,
            **known,
        )

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        cells = {name: [cell._asdict() for cell in getattr(self, name)] for name in ("bad_cells", "doubts")}
        return asdict(self) | cells
