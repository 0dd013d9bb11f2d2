"""Commands about the files that go to the bank or a platform."""

from pathlib import Path
from typing import Annotated, Any

import typer

from app.billing.payments.models.outgoing_files import FileKind
from app.cli import terminal

outgoing_files = typer.Typer(
    help="Files for the bank or a platform: transfers, debits, invoices.", no_args_is_help=True
)

Number = Annotated[int, typer.Argument(metavar="ID")]


@outgoing_files.command("list")
def list_kept(json: terminal.AsJson = False) -> None:
    """List the files, the last made first."""
    from app.accounts.actor import COMMAND_LINE
    from app.billing.payments.outgoing_files import list_files
    from app.core.database import transaction
    from app.core.pagination import every_row

    with transaction() as session:
        found = list(every_row(lambda at, limit: list_files(session, COMMAND_LINE, at, limit)))
    if terminal.as_json():
        terminal.print_json([one._asdict() for one in found])
        return
    rows = [(one.id, one.name, one.status, one.entries, terminal.money(one.amount)) for one in found]
    terminal.out.print(terminal.table("Files sent", ("id", "file", "state", "entries", "amount"), rows, 2))


@outgoing_files.command()
def make(kind: FileKind, json: terminal.AsJson = False) -> None:
    """Make a file of everything of a kind that waits to be sent."""
    from app.accounts.actor import COMMAND_LINE
    from app.billing.outgoing.service import make_file
    from app.core.database import transaction

    with transaction() as session:
        made = _told(make_file(session, COMMAND_LINE, kind))
    terminal.show(made, f"Made {made['name']}: {made['entries']} entries, {terminal.money(made['amount'])}.")


@outgoing_files.command()
def fetch(
    number: Number,
    output: Annotated[Path, typer.Option("--output", metavar="DIR", file_okay=False, help="Where the file goes.")],
    json: terminal.AsJson = False,
) -> None:
    """Write a file as it was made, the same bytes each time."""
    from app.accounts.actor import COMMAND_LINE
    from app.billing.payments.outgoing_files import get_file
    from app.core.database import transaction

    with transaction() as session:
        kept = get_file(session, COMMAND_LINE, number)
        path, content, digest = output / kept.name, kept.content, kept.sha256
    output.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    terminal.show({"file": str(path), "sha256": digest}, f"{path}  {len(content):,} bytes")


@outgoing_files.command()
def take_back(number: Number, json: terminal.AsJson = False) -> None:
    """Say that a file is not sent after all; refused once the bank's statement or the platform confirmed it."""
    from app.accounts.actor import COMMAND_LINE
    from app.billing.outgoing.service import take_back as take_file_back
    from app.core.database import transaction

    with transaction() as session:
        taken = _told(take_file_back(session, COMMAND_LINE, number))
    terminal.show(taken, f"Took {taken['name']} back: what it was to move stands in the next file.")


def _told(kept: Any) -> dict[str, Any]:
    fields = ("id", "kind", "name", "sha256", "entries", "amount", "status")
    return {name: getattr(kept, name) for name in fields}
