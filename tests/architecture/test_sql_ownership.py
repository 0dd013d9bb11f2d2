"""Who may write and read which table, read off the SQL that stands in the code.

A package writes its own tables only, and reads its own and those of the floors below. The floors are those that
import-linter holds for imports (`pyproject.toml`).
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401 - every table

ROOT = Path(__file__).parents[2]
# Packages above all floors may read anything; what measures or plays may write it too.
ABOVE = ("app.bench", "app.cli", "app.demo", "app.doctor", "app.main", "app.server", "app.all_tables")

_WRITTEN = re.compile(r"\b(?:INSERT\s+INTO|UPDATE|DELETE\s+FROM|COPY)\s+(?:ONLY\s+)?([a-z_]+)")
_NAMED = r"[a-z_]+(?:\s+(?:AS\s+)?[a-z_]+)?"
_READ = re.compile(rf"\b(?:FROM|JOIN|USING)\s+(?:ONLY\s+|LATERAL\s+)?({_NAMED}(?:\s*,\s*{_NAMED})*)")


class Use(NamedTuple):
    """A table named in the SQL of a module."""

    module: str
    line: int
    table: str
    written: bool


def floors() -> list[str]:
    """Packages from the lowest to the highest, the inner floors of a domain in place of the domain."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = [c["layers"] for c in contracts if c["type"] == "layers"]
    inner = {tuple(layer[-1].split(".")[:2]): layer for layer in layers[1:]}
    order: list[str] = []
    for layer in reversed(layers[0]):
        for package in map(str.strip, layer.split("|")):
            parts = [part.strip() for one in inner.get(tuple(package.split(".")), []) for part in one.split("|")]
            order += [*reversed(parts), package]
    return order


def floor_of(module: str, order: list[str]) -> str:
    """The innermost floor that a module stands on."""
    return max((f for f in order if module == f or module.startswith(f + ".")), key=len)


def module_of(path: Path) -> str:
    """The dotted name of a file."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def owners() -> dict[str, str]:
    """The module that declares each table."""
    return {m.local_table.name: m.class_.__module__ for m in SQLModel._sa_registry.mappers}


def uses(tables: set[str]) -> Iterator[Use]:
    """Every table named in an SQL literal of the code."""
    for path in sorted((ROOT / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Constant) or not isinstance(node.value, str | bytes):
                continue
            sql = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
            written = set(_WRITTEN.findall(sql)) & tables
            read = {one.split()[0] for several in _READ.findall(sql) for one in several.split(",")}
            for table in sorted(written | read & tables):
                yield Use(module_of(path), node.lineno, table, table in written)


ORDER = floors()
OWNERS = owners()
USES = [use for use in uses(set(OWNERS)) if not use.module.startswith(ABOVE)]


def test_the_reader_of_sql_finds_what_it_looks_for() -> None:
    found = {(use.table, use.written) for use in USES}
    assert {("offers", True), ("offers", False), ("allocations", True), ("round_demand", True)} <= found
    assert len(USES) > 300


@pytest.mark.parametrize("table", sorted(OWNERS))
def test_a_package_writes_its_own_tables_only(table: str) -> None:
    owner = floor_of(OWNERS[table], ORDER)
    strangers = [
        f"{u.module}:{u.line}" for u in USES if u.table == table and u.written and floor_of(u.module, ORDER) != owner
    ]
    assert strangers == [], f"{table} belongs to {owner}"


@pytest.mark.parametrize("table", sorted(OWNERS))
def test_a_package_reads_its_own_tables_and_those_below(table: str) -> None:
    owner = ORDER.index(floor_of(OWNERS[table], ORDER))
    below = [
        f"{u.module}:{u.line}" for u in USES if u.table == table and ORDER.index(floor_of(u.module, ORDER)) < owner
    ]
    assert below == [], f"{table} belongs to {ORDER[owner]}"
