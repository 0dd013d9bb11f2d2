"""What commands print: results as tables or JSON, progress and errors on standard error."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from app.core.errors import DomainError

if TYPE_CHECKING:
    from sqlalchemy.exc import OperationalError

    from app.core.tabular import BadCell

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
SHOWN_BAD_CELLS = 20
NOT_ALL_DONE = 2  # exit status of a command that did a part of what it was asked

_chosen = {"json": False}


def _choose_json(wanted: bool) -> bool:
    _chosen["json"] = wanted
    return wanted


ExistingOption = typer.Option(exists=True, dir_okay=False, readable=True)
AsJson = Annotated[bool, typer.Option("--json", callback=_choose_json, help="Print the result as JSON.")]


def as_json() -> bool:
    """Whether the command was asked for JSON."""
    return _chosen["json"]


def print_json(value: Any) -> None:
    """Print a result for programs: amounts as decimal text, instants in ISO 8601."""
    typer.echo(json.dumps(value, default=_plain, ensure_ascii=False, indent=2))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def show(result: Mapping[str, Any], *lines: str) -> None:
    """Print a result: as JSON if asked, else as sentences for people."""
    if as_json():
        print_json(result)
    else:
        for line in lines:
            out.print(line)


def table(title: str, headers: Sequence[str], rows: Sequence[Sequence[Any]], numbers: int = 0) -> Table:
    """A table whose last `numbers` columns are figures."""
    made = Table(title=title, title_justify="left", title_style="bold", header_style="bold", box=None, pad_edge=False)
    for i, header in enumerate(headers):
        made.add_column(header, justify="right" if i >= len(headers) - numbers else "left")
    for row in rows:
        made.add_row(*(escape(str(cell)) for cell in row))
    return made


@contextmanager
def progress_bar(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; the function it gives takes how much is done in all."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=err, transient=True, disable=as_json()) as bars:
        bar = bars.add_task(what, total=total)
        yield lambda done: bars.update(bar, completed=done)


def number(value: str, places: int, maximum: int, option: str) -> Decimal:
    """A number of at most `places` decimals, from 0 to `maximum`, as an option has it. Raises `BadParameter`."""
    from app.core.tabular import decimal

    try:
        return decimal(places, maximum=maximum + Decimal(1).scaleb(-places))(value)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error


def show_unknown_columns(unknown_columns: Mapping[str, Sequence[str]]) -> None:
    """Say which columns of which files are not known."""
    for file, columns in unknown_columns.items():
        err.print(f"{file}: columns not known, ignored: {', '.join(columns)}")


def show_error(error: DomainError) -> None:
    """Say what went wrong. With `--json`, as an object on standard output too, for the program that reads it."""
    from app.core.tabular import BadFile

    bad_cells = error.bad_cells if isinstance(error, BadFile) else []
    if as_json():
        problem = {"error": error.code, "message": str(error), "bad_cells": [cell._asdict() for cell in bad_cells]}
        print_json(problem)
    err.print(f"[bold red]Error:[/] {escape(str(error))}")
    show_bad_cells(bad_cells)


def show_bad_cells(bad_cells: "Sequence[BadCell]") -> None:
    """List the first bad cells of a file with their cures."""
    if not bad_cells:
        return
    rows = [(cell.line, cell.column or "(row)", cell.value, cell.cure) for cell in bad_cells[:SHOWN_BAD_CELLS]]
    err.print(table(f"Bad cells in {bad_cells[0].file}", ("line", "column", "value", "cure"), rows))
    if len(bad_cells) > SHOWN_BAD_CELLS:
        err.print(f"… and {len(bad_cells) - SHOWN_BAD_CELLS} more: --json lists them.")


def show_doubts(doubts: "Sequence[BadCell]") -> None:
    """List the first cells that were taken though they look wrong."""
    if doubts:
        rows = [(cell.line, cell.column, cell.value, cell.cure) for cell in doubts[:SHOWN_BAD_CELLS]]
        err.print(table(f"Taken, though it looks wrong ({len(doubts)})", ("line", "column", "value", "why"), rows))


def show_unreachable_database(error: "OperationalError") -> None:
    """Say that the database does not answer, and where to look."""
    reason = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    err.print(f"[bold red]Error:[/] the database cannot be reached: {escape(reason)}")
    err.print("Run [bold]engrenages doctor[/] to see what is set up, or unset DATABASE_URL to use the embedded one.")


def show_os_error(error: OSError) -> None:
    """Say which file or folder could not be used, and why."""
    place = f"{error.filename}: " if error.filename else ""
    err.print(f"[bold red]Error:[/] {escape(place + (error.strerror or str(error)))}")


def money(value: Decimal) -> str:
    """An amount as the terminal shows it."""
    return f"€{value:,.2f}"
