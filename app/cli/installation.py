"""Commands about the installation itself: first run, schema, check-up, backup and restore."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import terminal
from app.core.errors import InvalidInput

database = typer.Typer(help="The database's schema.", no_args_is_help=True)


def init(
    name: Annotated[str, typer.Option(prompt="Name of the association")],
    park: Annotated[
        list[str] | None, typer.Option(metavar="CODE=NAME", help="A business park; give it once for each.")
    ] = None,
    manager_email: Annotated[str, typer.Option(prompt="Mail address of the first purchasing manager")] = "",
    manager_name: Annotated[str, typer.Option(prompt="Their name")] = "",
    commission: Annotated[str | None, typer.Option(help="Commission on everything, in percent.")] = None,
    json: terminal.AsJson = False,
) -> None:
    """Set up a new association: its name, parks and first manager. Ends with a link that signs them in."""
    from app.accounts.actor import COMMAND_LINE
    from app.accounts.service import set_up_installation
    from app.accounts.sign_in import INVITATION_LASTS, make_link
    from app.commission.service import create_rule
    from app.core import schema
    from app.core.database import get_engine, transaction

    parks = dict(_park(entry) for entry in park or _ask_for_parks())
    percent = terminal.number(commission, 2, 100, "--commission") if commission else None
    schema.upgrade(get_engine())
    with transaction() as session:
        manager = set_up_installation(
            session, COMMAND_LINE, name=name, parks=parks, manager_email=manager_email, manager_name=manager_name
        )
        if percent is not None:
            create_rule(session, COMMAND_LINE, percent=percent)
        link = make_link(session, manager, INVITATION_LASTS)
    terminal.show(
        {"association": name, "parks": parks, "manager": manager.email, "sign_in_link": link},
        f"[bold]{name}[/] is set up, with {len(parks)} park(s). {manager.name} manages it.",
        "Start the site with [bold]engrenages serve[/], then sign in with this link (once, within 14 days):",
        link,
    )


def _ask_for_parks() -> list[str]:
    entries: list[str] = []
    while True:
        entry = typer.prompt("A park, as code=name (empty to go on)", default="", show_default=False)
        if not entry:
            if entries:
                return entries
            typer.echo("There must be one park at least.", err=True)
            continue
        entries.append(entry)


def _park(entry: str) -> tuple[str, str]:
    code, separator, name = entry.partition("=")
    if not separator or not code.strip() or not name.strip():
        raise InvalidInput("A park is given as code=name, such as nord=Parc Nord; not {entry}", entry=entry)
    return code.strip(), name.strip()


@database.command()
def upgrade(json: terminal.AsJson = False) -> None:
    """Bring the schema up to date; safe to repeat."""
    from app.core import schema

    schema.upgrade_all()
    revision = schema.head_revision()
    terminal.show({"revision": revision}, f"The database is at revision {revision}, the newest.")


@database.command()
def status(json: terminal.AsJson = False) -> None:
    """Which revision the database is at, and which one this program needs. Exit status 1 where they differ."""
    from app.core import schema
    from app.core.database import get_engine

    with get_engine().connect() as connection:
        current = schema.current_revision(connection)
    head = schema.head_revision()
    verdict = "up to date" if current == head else "behind: run engrenages db upgrade"
    terminal.show(
        {"revision": current, "newest": head, "up_to_date": current == head},
        f"Revision {current or '(empty)'} of {head}: {verdict}.",
    )
    if current != head:
        raise typer.Exit(1)


def doctor(json: terminal.AsJson = False) -> None:
    """Say what is wrong with the set-up, and how to mend it. Exit status 1 where something must be mended."""
    from app.doctor import Health, examine

    findings = examine()
    if terminal.as_json():
        terminal.print_json([finding._asdict() for finding in findings])
    else:
        marks = {Health.GOOD: "[green]✓[/]", Health.WARNING: "[yellow]![/]", Health.BAD: "[red]✗[/]"}
        for finding in findings:
            terminal.out.print(f"{marks[finding.health]} [bold]{finding.what}[/]: {finding.found}")
            if finding.cure:
                terminal.out.print(f"  → {finding.cure}")
    if any(finding.health is Health.BAD for finding in findings):
        raise typer.Exit(1)


def backup(
    file: Annotated[Path, typer.Argument(help="Where to write; replaced if it is there.")],
    json: terminal.AsJson = False,
) -> None:
    """Write the whole database into one file."""
    from app.core.backup import dump

    with terminal.progress_bar("Writing"):
        size = dump(file)
    terminal.show({"file": str(file), "bytes": size}, f"Backup written: {file}, {size / 1e6:,.1f} MB.")


def restore(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True)],
    yes: Annotated[bool, typer.Option("--yes", help="Replace the present data without asking.")] = False,
    json: terminal.AsJson = False,
) -> None:
    """Put a backup back. Everything that the database holds now is replaced."""
    from app.accounts.service import holds_data
    from app.core.backup import load
    from app.core.database import get_engine

    if holds_data(get_engine()) and not yes:
        typer.confirm("The database holds data. Replace all of it by the backup?", abort=True)
    with terminal.progress_bar("Restoring"):
        load(file)
    terminal.show({"restored": str(file)}, f"Restored from {file}.")
