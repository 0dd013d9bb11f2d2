"""How SQL is written in the code: states come from the enums, rows are bound by name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Enum
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401 - every table

ROOT = Path(__file__).parents[2]
# What measures, plays or reads files: rows there are no answers of the database, states are set as a story needs them.
_ELSEWHERE = ("app/bench", "app/demo", "app/core/tabular", "app/orders/consolidation/order_book.py")
_SQL = re.compile(r"\b(?:SELECT|UPDATE|INSERT INTO|DELETE FROM|WHERE|JOIN|FILTER)\b")
_QUOTED = re.compile(r"'([a-z][a-z_]*)'")


def states() -> set[str]:
    """Every value of an enumeration that a table keeps."""
    columns = (column for table in SQLModel.metadata.tables.values() for column in table.columns)
    return {value for column in columns if isinstance(column.type, Enum) for value in column.type.enums}


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Each file of the code with its syntax tree."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        name = path.relative_to(ROOT).as_posix()
        if not name.startswith(_ELSEWHERE):
            yield name, ast.parse(path.read_text())


def literals(tree: ast.AST, known: set[str]) -> Iterator[str]:
    """Where a state stands as a literal in SQL."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _SQL.search(node.value):
            yield from (f"{node.lineno}: '{value}'" for value in _QUOTED.findall(node.value) if value in known)


def positions(tree: ast.AST) -> Iterator[str]:
    """Where a row is taken apart by position: `Kind(*row)`, `row[0]`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Starred) and isinstance(node.value, ast.Name) and node.value.id == "row":
            yield f"{node.lineno}: *row"
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name) and node.value.id == "row":
            at = node.slice
            if isinstance(at, ast.Slice) or (isinstance(at, ast.Constant) and isinstance(at.value, int)):
                yield f"{node.lineno}: row[...]"


def test_states_are_bound_never_written_into_sql() -> None:
    found = [f"{name}:{one}" for name, tree in modules() for one in literals(tree, states())]
    assert found == []


def test_rows_are_bound_by_name() -> None:
    found = [f"{name}:{one}" for name, tree in modules() for one in positions(tree)]
    assert found == []


def test_the_reading_finds_what_it_looks_for() -> None:
    tree = ast.parse(
        "session.execute(text(\"SELECT 1 FROM rounds WHERE status = 'open'\"))\nKind(*row)\nrow[0]\nrow[:2]"
    )
    assert list(literals(tree, {"open"})) == ["1: 'open'"]
    assert sorted(positions(tree)) == ["2: *row", "3: row[...]", "4: row[...]"]
