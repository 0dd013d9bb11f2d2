"""Commands that read a file as the product would, and keep nothing."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli import terminal
from app.core.errors import DomainError

read = typer.Typer(help="Say what would be taken of a file, and keep nothing.", no_args_is_help=True)
AFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The file to read.")]


@read.command("statement")
def read_statement(
    file: AFile,
    account: Annotated[
        str, typer.Option(metavar="IBAN", help="The account that it has to be of; else the association's.")
    ] = "",
    json: terminal.AsJson = False,
) -> None:
    """Read a bank statement (CAMT.053 or CSV)."""
    from app.billing.payments.bank_statements import read_statement

    def taken() -> dict[str, Any]:
        statement = read_statement(file.read_bytes(), "".join(account.split()).upper() or _own_account())
        movements = [
            {
                "day": one.booked_on,
                "amount": one.amount,
                "reference": one.reference,
                "words": one.words,
                "counterparty": one.counterparty,
            }
            for one in statement.movements
        ]
        return {"account": statement.account or None, "movements": movements}

    found = _or_refused(taken)
    movements = found["movements"]
    if terminal.as_json():
        terminal.print_json(found)
        return
    rows = [tuple(one.values()) for one in movements]
    title = f"{file.name}: {found['account'] or 'account not said'}"
    terminal.out.print(terminal.table(title, ("day", "amount", "reference", "words", "counterparty"), rows))


@read.command("invoice")
def read_invoice(file: AFile, json: terminal.AsJson = False) -> None:
    """Read an electronic invoice or credit note: UBL, CII or Factur-X."""

    def taken() -> dict[str, Any]:
        from app.billing.einvoicing.received_invoice import read_invoice

        found = read_invoice(file.read_bytes())
        lines = [
            {"sku": line.sku, "quantity": _plain(line.quantity), "unit_price": _plain(line.unit_price), "net": line.net}
            for line in found.lines
        ]
        sums = {name: getattr(found, name) for name in ("net", "vat", "gross", "prepaid", "payable")}
        return {"kind": found.kind, "number": found.number, "currency": found.currency, **sums, "lines": lines}

    found = _or_refused(taken)
    if terminal.as_json():
        terminal.print_json(found)
        return
    sums = ", ".join(f"{name} {found[name]}" for name in ("net", "vat", "gross", "prepaid", "payable"))
    title = f"{found['kind']} {found['number']} in {found['currency']}: {sums}"
    rows = [tuple(line.values()) for line in found["lines"]]
    terminal.out.print(terminal.table(title, ("sku", "quantity", "unit price", "net"), rows, numbers=3))


@read.command("answer")
def read_answer(file: AFile, json: terminal.AsJson = False) -> None:
    """Read a supplier's answer: an Order Response or a Despatch Advice of UBL."""
    from dataclasses import asdict

    def taken() -> dict[str, Any]:
        from app.supplying.answer_messages import OrderResponse, read_message

        message = read_message(file.read_bytes())
        kind = "order_response" if isinstance(message, OrderResponse) else "despatch_advice"
        plain: dict[str, Any] = {"kind": kind, **asdict(message)}
        plain["lines"] = [
            {name: _plain(value) if isinstance(value, Decimal) else value for name, value in line.items()}
            for line in plain["lines"]
        ]
        return plain

    found = _or_refused(taken)
    if terminal.as_json():
        terminal.print_json(found)
        return
    lines = found.pop("lines")
    terminal.out.print(", ".join(f"{name} {value}" for name, value in found.items() if value))
    if lines:
        terminal.out.print(terminal.table("Lines", tuple(lines[0]), [tuple(line.values()) for line in lines]))


def _plain(number: Decimal) -> str:
    """A number without noughts that say nothing."""
    return f"{number.normalize():f}"


def _or_refused(take: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What is taken of a file; where it is refused, with `--json`, the code and the message, and exit status 1."""
    try:
        return take()
    except DomainError as refusal:
        if not terminal.as_json():
            raise
        terminal.print_json({"refused": refusal.code, "message": str(refusal)})
        raise typer.Exit(1) from refusal


def _own_account() -> str:
    """The association's IBAN where a database is set up; nothing where there is none."""
    from app.core.settings import get_settings

    settings = get_settings()
    if not settings.database_url and not (settings.data_dir / "postgres").exists():
        return ""
    from sqlalchemy.exc import DBAPIError

    from app.accounts.service import get_association
    from app.core.database import transaction

    try:
        with transaction() as session:
            return get_association(session).iban
    except (DBAPIError, DomainError):  # nothing is there yet: a file can be read all the same
        return ""
