"""The command line, `engrenages`: parse, call a use case, print. Rooms by what they are about; no logic."""

import sys
from typing import Annotated

import typer

from app.cli import (
    demo,
    files,
    installation,
    outgoing_files,
    reading,
    rounds,
    serving,
    sourcing,
    supplier_orders,
    terminal,
)
from app.core.errors import DomainError
from app.core.i18n import speaking

app = typer.Typer(
    name="engrenages",
    help="Group purchasing for business parks: many small orders become one good order.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(installation.init)
app.add_typer(installation.database, name="db")
app.command()(serving.serve)
app.command()(demo.demo)
app.command()(installation.doctor)
app.add_typer(files.imports, name="import")
app.add_typer(reading.read, name="read")
app.add_typer(rounds.rounds, name="round")
app.add_typer(supplier_orders.supplier_orders, name="supplier-order")
app.add_typer(outgoing_files.outgoing_files, name="outgoing-file")
app.command()(files.consolidate)
app.command()(sourcing.score)
app.command()(sourcing.optimise)
app.command()(installation.backup)
app.command()(installation.restore)
app.command()(serving.bench)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"engrenages {version('engrenages')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Say the version and end.")
    ] = False,
) -> None:
    """Options of every command."""


def main() -> None:
    """Run a command. Exit status 0 only on success; what went wrong, where, and the cure go to standard error."""
    try:
        with speaking("en"):
            app()
    except DomainError as error:
        terminal.show_error(error)
        sys.exit(1)
    except OSError as error:
        terminal.show_os_error(error)
        sys.exit(1)
    except Exception as error:
        from sqlalchemy.exc import OperationalError

        if not isinstance(error, OperationalError):
            raise
        terminal.show_unreachable_database(error)
        sys.exit(1)
