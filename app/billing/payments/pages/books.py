"""The books: trial balance, ledgers, what members owe by age, the file for the tax administration, closing."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing import queries
from app.billing.payments.pages.months import Month, last_month, typed_month
from app.commission.ledger import books, closing
from app.core import clock
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import attempt
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/books")
def books_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    year: Annotated[int | None, Query(ge=2000, le=2100)] = None,
    account: Annotated[str, Query(max_length=12)] = "",
    cursor: str | None = None,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern="^(trial|ledger|aged|)$")] = "",
) -> Response:
    """Trial balance, an account's ledger, what members owe by age; `form` and `table` give one of them as a file."""
    actor.require(Permission.VIEW_COMMISSION)
    shown = year or clock.today().year
    first, last = date(shown, 1, 1), date(shown, 12, 31)
    if form is not None:
        if table == "ledger":
            rows = every_row(lambda at, limit: books.general_ledger(session, account, first, last, at, limit))
            return _ledger(account, rows).as_file(form)
        return (_aged(session) if table == "aged" else _trial(session, first, last)).as_file(form)
    return _books(request, session, shown, account, cursor)


def _books(
    request: Request, session: Session, year: int, account: str = "", cursor: str | None = None,
    error: str | None = None,
) -> Response:  # fmt: skip
    first, last = date(year, 1, 1), date(year, 12, 31)
    page = books.general_ledger(session, account, first, last, cursor, PAGE_SIZE) if account else None
    return render(
        request,
        "payments/books.html",
        status_code=422 if error else 200,
        year=year,
        trial=_trial(session, first, last),
        account=account,
        page=page,
        ledger=_ledger(account, page.items) if page else None,
        aged=_aged(session),
        closed_until=closing.closed_until(session),
        last_month=last_month(),
        error=error,
    )


def _trial(session: Session, first: date, last: date) -> Table:
    columns = [Column(_("Account")), Column(_("Label")), Column(_("Debit"), "money"), Column(_("Credit"), "money")]
    columns.append(Column(_("Balance"), "money"))
    found = books.trial_balance(session, first, last)
    totals = (None, None, sum(row.debit for row in found), sum(row.credit for row in found), None)
    return Table(
        f"trial-balance-{first.year}",
        columns,
        [
            (Link(row.account, f"/books?year={first.year}&account={row.account}"), row.label, row.debit, row.credit)
            + (row.balance,)
            for row in found
        ],
        totals,
    )


def _ledger(account: str, rows: Iterable[books.LedgerRow]) -> Table:
    columns = [Column(_("Day"), "short_day"), Column(_("Document")), Column(_("Label")), Column(_("Third party"))]
    columns += [Column(_("Debit"), "money"), Column(_("Credit"), "money"), Column(_("Balance"), "money")]
    return Table(
        f"ledger-{account}",
        columns,
        [(row.booked_on, row.document, row.label, row.third_party, row.debit, row.credit, row.balance) for row in rows],
    )


def _aged(session: Session) -> Table:
    columns = [Column(_("Firm")), Column(_("Not due yet"), "money"), Column(_("Up to 30 days late"), "money")]
    columns += [Column(_("Up to 60 days late"), "money"), Column(_("Later"), "money"), Column(_("Total"), "money")]
    return Table(
        "aged-balance",
        columns,
        [
            (row.company, row.not_due, row.to_30_days, row.to_60_days, row.beyond, row.total)
            for row in queries.aged_balance(session)
        ],
    )


@router.get("/books/{year:int}/fec")
def fec(session: SessionDep, actor: SignedIn, year: int) -> Response:
    """The *Fichier des écritures comptables* of a year."""
    actor.require(Permission.VIEW_COMMISSION)
    name = books.fec_name(get_association(session).siret, year)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(books.fec_file(session, year), media_type="text/plain; charset=utf-8", headers=headers)


@router.post("/books/closing")
def close(request: Request, session: SessionDep, actor: SignedIn, month: Month = "") -> Response:
    """Close a month, for ever."""
    actor.require(Permission.VIEW_COMMISSION)

    def show(error: str) -> Response:
        return _books(request, session, clock.today().year, error=error)

    return attempt(session, lambda: closing.close_month(session, actor, typed_month(month)), show, "/books")
