"""What an import of suppliers or offers reports: what is new, what changes, what is gone, prices that jump."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from app.core.file_report import FileReport

LISTED = 200  # rows of each kind that a report lists; its counts are always complete


class Difference(NamedTuple):
    """One row that is new, changed or gone."""

    code: str
    name: str


class PriceJump(NamedTuple):
    """A list price that moved by more than the association's limit."""

    code: str
    name: str
    old_price: Decimal
    new_price: Decimal
    percent: Decimal


@dataclass(kw_only=True)
class ImportReport(FileReport):
    """What an import did, or in a dry run would do. The lists hold the first rows, the counts all."""

    new_count: int = 0
    changed_count: int = 0
    unchanged_count: int = 0
    gone_count: int = 0
    price_jump_count: int = 0
    new: list[Difference] = field(default_factory=list)
    changed: list[Difference] = field(default_factory=list)
    gone: list[Difference] = field(default_factory=list)
    price_jumps: list[PriceJump] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """The report as plain JSON values."""
        plain = super().as_json()
        for name in ("new", "changed", "gone", "price_jumps"):
            plain[name] = [
                {k: str(v) if isinstance(v, Decimal) else v for k, v in row._asdict().items()}
                for row in getattr(self, name)
            ]
        return plain
