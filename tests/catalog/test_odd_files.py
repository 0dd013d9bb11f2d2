"""Small odd files, made after failures that users of such systems reported: what is kept of each, or which refusal.

A row stands by its values that are not the column's default. Refusals of cells stand as `column: cure`, of files as
their first words. The table is tests/data/odd_files.json.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from app.catalog.columns import OFFER_COLUMNS
from app.core.errors import DomainError
from app.core.tabular import TableReader
from app.orders.ordering.order_columns import ORDER_COLUMNS

INPUTS = Path(__file__).parents[1] / "data" / "inputs"
FIRST_WORDS = 48

Outcome = tuple[list[dict[str, str]], list[str]]


def outcome(path: Path) -> Outcome:
    """The rows that are kept, and what is wrong with the others, or with the file."""
    columns = ORDER_COLUMNS if path.name.startswith("orders") else OFFER_COLUMNS
    reader = TableReader(path, columns)
    try:
        rows = [values for _line, values in reader]
    except DomainError as refusal:
        return [], [str(refusal)[:FIRST_WORDS]]
    kept = [
        {column.name: str(value) for column, value in zip(columns, row, strict=True) if value != column.default}
        for row in rows
    ]
    return kept, [f"{cell.column}: {cell.cure}"[:FIRST_WORDS] for cell in reader.bad_cells]


EXPECTED: dict[str, dict[str, list[Any]]] = json.loads(INPUTS.with_name("odd_files.json").read_text())


def test_every_file_is_in_the_table() -> None:
    assert sorted(path.name for path in INPUTS.iterdir()) == sorted(EXPECTED)


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_a_file_is_read_as_its_person_sees_it_or_refused(name: str) -> None:
    assert outcome(INPUTS / name) == (EXPECTED[name]["kept"], EXPECTED[name]["refused"])
