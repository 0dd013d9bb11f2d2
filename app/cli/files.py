"""Commands that read files: imports, and consolidating without a database."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from app.cli import terminal
from app.core.errors import DomainError
from app.orders.rounds.sharing_policy import SharingPolicy

if TYPE_CHECKING:
    from sqlmodel import Session

    from app.accounts.actor import Actor
    from app.core.tabular import Column, TableReader
    from app.orders.consolidation.order_book import OfferResult

imports = typer.Typer(help="Import suppliers, offers, people or orders from CSV or XLSX.", no_args_is_help=True)

ExistingFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV or XLSX")]
DryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Report what would happen, change nothing; --json: each row as kept."),
]
SkipBadRows = Annotated[bool, typer.Option("--skip-bad-rows", help="Import the good rows, report the others.")]


def _run(columns: "tuple[Column, ...]", file: Path, importer: Callable[..., Any], **options: Any) -> None:
    """Import one file in one transaction, with a bar by rows read, and print the report."""
    from app.accounts.actor import COMMAND_LINE
    from app.core.database import transaction
    from app.core.tabular import TableReader

    rehearsal = options["dry_run"] and terminal.as_json()
    try:
        with terminal.progress_bar(f"Reading {file.name}", _count_lines(file)) as tell:
            reader = TableReader(file, columns, progress=tell)
            with transaction() as session:
                report = importer(session, COMMAND_LINE, reader, **options)
    except DomainError as refusal:
        if not rehearsal:
            raise
        problem = {"code": refusal.code, "message": str(refusal)}
        terminal.print_json({"rows": [], "problems": [problem], "error": refusal.code, "message": str(refusal)})
        raise typer.Exit(1) from refusal
    plain = report.as_json()
    if rehearsal:
        kept = _rows_kept(TableReader(file, columns), reader.bad_lines)
        problems = [cell._asdict() | {"taken": cell in report.doubts} for cell in (*report.bad_cells, *report.doubts)]
        plain |= {"row_count": plain["rows"], "rows": kept, "problems": problems}
    if terminal.as_json():
        terminal.print_json(plain)
        return
    _print_report(plain)
    terminal.show_bad_cells(report.bad_cells)
    terminal.show_doubts(report.doubts)


def _rows_kept(reader: "TableReader", bad_lines: set[int]) -> list[dict[str, Any]]:
    """Each row as it would be kept, by column; numbers as decimal text, price tiers as they are written."""
    names = [column.name for column in reader.columns]
    return [
        {name: _as_kept(name, value) for name, value in zip(names, values, strict=True)}
        for line, values in reader
        if line not in bad_lines
    ]


def _as_kept(column: str, value: Any) -> Any:
    if column == "price_tiers":
        return "|".join(f"{quantity}:{_decimal(price)}" for quantity, price in value)
    if column == "roles":
        return "|".join(sorted(value))
    if isinstance(value, tuple):  # a measure: how much, of what
        return " ".join(_decimal(part) if isinstance(part, Decimal) else str(part) for part in value)
    return _decimal(value) if isinstance(value, Decimal) else value


def _decimal(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _count_lines(file: Path) -> int | None:
    """About how many rows a text file has; None for a workbook."""
    with file.open("rb") as stream:
        if stream.read(2) == b"PK":
            return None
        stream.seek(0)
        return max(sum(block.count(b"\n") for block in iter(lambda: stream.read(1 << 20), b"")) - 1, 1)


def _print_report(report: dict[str, Any]) -> None:
    done = "Dry run, nothing was changed" if report["dry_run"] else "Imported"
    counts = [
        f"{value} {name.removesuffix('_count').replace('_', ' ')}"
        for name, value in sorted(report.items(), key=lambda item: item[0] == "skipped_count")
        if name.endswith("_count") and value
    ]
    terminal.out.print(f"[bold]{done}:[/] {report['file']}, {report['rows']} rows: {', '.join(counts) or 'no change'}")
    for name, headers in (
        ("new", ("code", "name")),
        ("changed", ("code", "name")),
        ("gone", ("code", "name")),
        ("price_jumps", ("code", "name", "old price", "new price", "percent")),
    ):
        rows = report.get(name) or []
        if rows and (report["dry_run"] or name == "price_jumps"):
            shown = [tuple(row.values()) for row in rows[:10]]
            terminal.out.print(terminal.table(f"{name.replace('_', ' ')} ({len(rows)})", headers, shown))
    if report["unknown_columns"]:
        terminal.err.print(f"Columns not known, ignored: {', '.join(report['unknown_columns'])}")


@imports.command("suppliers")
def import_suppliers(
    file: ExistingFile, dry_run: DryRun = False, skip_bad_rows: SkipBadRows = False, json: terminal.AsJson = False
) -> None:
    """Import suppliers (columns: docs/reference/files.md)."""
    from app.catalog.imports import SUPPLIER_COLUMNS, import_suppliers

    _run(SUPPLIER_COLUMNS, file, import_suppliers, dry_run=dry_run, skip_bad_rows=skip_bad_rows)


@imports.command("offers")
def import_offers(
    file: ExistingFile,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
    withdraw_missing: Annotated[
        bool, typer.Option("--withdraw-missing", help="Withdraw offers of the file's suppliers that it leaves out.")
    ] = False,
    json: terminal.AsJson = False,
) -> None:
    """Import offers, and the products and categories they name."""
    from app.catalog.imports import OFFER_COLUMNS, import_offers

    options = {"dry_run": dry_run, "skip_bad_rows": skip_bad_rows, "withdraw_missing": withdraw_missing}
    _run(OFFER_COLUMNS, file, import_offers, **options)


@imports.command("people")
def import_people(
    file: ExistingFile, dry_run: DryRun = False, skip_bad_rows: SkipBadRows = False, json: terminal.AsJson = False
) -> None:
    """Add people, and the companies they name, and invite them by mail."""
    from app.accounts.imports import PEOPLE_COLUMNS, import_people

    _run(PEOPLE_COLUMNS, file, import_people, dry_run=dry_run, skip_bad_rows=skip_bad_rows)


@imports.command("orders")
def import_orders(
    file: ExistingFile,
    round_code: Annotated[str, typer.Option("--round", metavar="CODE", help="The round they are for.")],
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
    json: terminal.AsJson = False,
) -> None:
    """Import member orders into a planned or open round, as approved ones."""
    from app.orders.ordering.order_columns import ORDER_COLUMNS
    from app.orders.ordering.order_imports import import_orders

    def importer(session: "Session", actor: "Actor", reader: "TableReader", **options: Any) -> Any:
        return import_orders(session, actor, reader, round_code, **options)

    _run(ORDER_COLUMNS, file, importer, dry_run=dry_run, skip_bad_rows=skip_bad_rows)


def consolidate(
    suppliers: Annotated[Path, terminal.ExistingOption],
    offers: Annotated[Path, terminal.ExistingOption],
    orders: Annotated[Path, terminal.ExistingOption],
    output: Annotated[Path, typer.Option(file_okay=False, help="Folder for the two result files.")],
    policy: SharingPolicy = SharingPolicy.PROPORTIONAL,
    rate: Annotated[str, typer.Option(help="Commission in percent.")] = "0",
    json: terminal.AsJson = False,
) -> None:
    """Consolidate orders from files, without a database, by the rules that rounds use."""
    from app.commission.tariff import Rate
    from app.orders.consolidation.order_book import consolidate_book, read_order_book
    from app.orders.consolidation.result_files import write_consolidation

    percent = terminal.number(rate, 2, 100, "--rate")
    started = time.perf_counter()
    with terminal.progress_bar("Reading"):
        book = read_order_book(suppliers, offers, orders)
    with terminal.progress_bar("Consolidating", len(book.rows)) as tell:

        def told() -> "Iterator[OfferResult]":
            done = 0
            for result in consolidate_book(book, policy):
                done += len(result.positions)
                tell(done)
                yield result

        totals = write_consolidation(told(), book, Rate(percent), output)
    result = asdict(totals) | {
        "policy": policy.value,
        "seconds": round(time.perf_counter() - started, 3),
        "files": [str(output / "supplier_orders.csv"), str(output / "allocations.csv")],
    }
    terminal.show_unknown_columns(book.unknown_columns)
    terminal.show(
        result,
        f"{totals.lines} lines consolidated into {totals.offers_ordered} supplier order lines"
        f" worth [bold]{terminal.money(totals.amount)}[/], commission {terminal.money(totals.commission)}.",
        f"Allocated {totals.allocated} of {totals.wanted} units wanted; {totals.unfilled} unfilled.",
        f"Written: {' and '.join(result['files'])}",
    )
