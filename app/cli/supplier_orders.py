"""Commands about supplier orders."""

from pathlib import Path
from typing import Annotated

import typer

from app.cli import terminal
from app.orders.fulfilment.documents.formats import DocumentFormat

supplier_orders = typer.Typer(help="Supplier orders: as documents, handed over, cancelled.", no_args_is_help=True)


@supplier_orders.command()
def export(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    form: Annotated[DocumentFormat, typer.Option("--format", help="How the order is written.")],
    output: Annotated[Path, typer.Option("--output", metavar="DIR", file_okay=False, help="Where the files go.")],
    language: Annotated[str, typer.Option(help="fr or en, for what people read.")] = "fr",
    json: terminal.AsJson = False,
) -> None:
    """Write a supplier order to files, one for each park that it is delivered to."""
    from app.core.database import transaction
    from app.core.i18n import LOCALES, speaking
    from app.orders.fulfilment.documents.order_files import write_order_files

    if language not in LOCALES:
        raise typer.BadParameter("fr or en", param_hint="--language")
    with transaction() as session, speaking(language):
        written = write_order_files(session, number, form, output)
    if terminal.as_json():
        terminal.print_json([str(path) for path in written])
        return
    for path in written:
        terminal.out.print(f"{path}  {path.stat().st_size:,} bytes")


@supplier_orders.command("hand-over")
def hand_over(number: Annotated[str, typer.Argument(metavar="NUMBER")], json: terminal.AsJson = False) -> None:
    """Note that an approved order was given to its supplier on paper or by telephone: it is sent."""
    from app.accounts.actor import COMMAND_LINE
    from app.core.database import transaction
    from app.orders.consolidation import sending

    with transaction() as session:
        status = sending.hand_over(session, COMMAND_LINE, number).status
    terminal.show({"number": number, "status": status.value}, f"{number}: [bold]{status.value}[/]")


@supplier_orders.command()
def cancel(
    number: Annotated[str, typer.Argument(metavar="NUMBER")],
    because: Annotated[str, typer.Option(help="Why; the supplier reads it.")],
    json: terminal.AsJson = False,
) -> None:
    """Call an order off before anything of it left; its members are told, what may roll over does."""
    from app.accounts.actor import COMMAND_LINE
    from app.core.database import transaction
    from app.orders.fulfilment.acknowledgement import cancel_order

    with transaction() as session:
        status = cancel_order(session, COMMAND_LINE, number, because).status
    terminal.show({"number": number, "status": status.value}, f"{number}: [bold]{status.value}[/]")
