"""Invoices for whom they concern; for the treasurer runs, credit notes, the books and their closing."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing import books
from app.billing.models import RunStatus
from app.billing.queries import InvoiceRow, list_invoices
from app.billing.service import closing, crediting, runs
from app.billing.service.issuing import archived, get_invoice
from app.core import clock
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
Month = Annotated[str, Form(max_length=7)]


@router.get("/invoices")
def invoices_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The invoices that are mine to see; `form` gives all of them as a file."""
    if form is not None:
        return _table(every_row(lambda at, limit: list_invoices(session, actor, at, limit))).as_file(form)
    return _invoices(request, session, actor, cursor)


def _invoices(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None
) -> Response:
    page = list_invoices(session, actor, cursor, PAGE_SIZE)
    treasurer = actor.may(Permission.MANAGE_COMMISSION)
    past_runs = runs.list_runs(session) if treasurer else []
    return render(
        request,
        "billing/invoices.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items),
        runs=past_runs,
        under_way=any(run.status is not RunStatus.DONE for run in past_runs),
        last_month=_last_month(),
        error=error,
    )


def _last_month() -> str:
    today = clock.today()
    return f"{today.year - (today.month == 1):04d}-{today.month - 1 or 12:02d}"


def _table(rows: Iterable[InvoiceRow]) -> Table:
    kinds = {"member": _("invoice"), "commission": _("commission"), "credit_note": _("credit note")}
    columns = [Column(_("Number")), Column(_("Kind")), Column(_("Supplier")), Column(_("Firm"))]
    columns += [Column(_("Issued"), "day"), Column(_("Due"), "day"), Column(_("Before VAT"), "money")]
    columns += [Column(_("VAT"), "money"), Column(_("Total with VAT"), "money")]
    return Table(
        "invoices",
        columns,
        [
            (Link(row.number, f"/invoices/{row.number}/file", row.credited_by or row.corrects or ""), kinds[row.kind])
            + (row.supplier, row.company or "–", row.issued_on, row.due_on, row.net_amount, row.vat_amount, row.total)
            for row in rows
        ],
    )


@router.get("/invoices/{number}/file")
def invoice_file(session: SessionDep, actor: SignedIn, number: str) -> Response:
    """The Factur-X file of an invoice, as it was issued."""
    name = f"{number}.pdf"
    return documents({name: archived(session, get_invoice(session, actor, number))}, name)


@router.post("/invoices/runs")
def start_run(request: Request, session: SessionDep, actor: SignedIn, month: Month = "") -> Response:
    """Have the invoices of a month issued."""
    try:
        with session.begin_nested():
            runs.start_run(session, actor, _typed_month(month))
    except DomainError as refusal:
        return _invoices(request, session, actor, error=say(refusal))
    return RedirectResponse("/invoices", 303)


@router.post("/invoices/credit")
def credit(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    number: Annotated[str, Form(max_length=80)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Credit an invoice whole."""
    try:
        with session.begin_nested():
            crediting.credit_invoice(session, actor, number.strip(), reason)
    except DomainError as refusal:
        return _invoices(request, session, actor, error=say(refusal))
    return RedirectResponse("/invoices", 303)


def _typed_month(typed: str) -> date:
    try:
        return date.fromisoformat(f"{typed.strip()}-01")
    except ValueError as error:
        raise InvalidInput("{value} is no month: write it as 2026-05.", field="month", value=typed) from error


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
        "billing/books.html",
        status_code=422 if error else 200,
        year=year,
        trial=_trial(session, first, last),
        account=account,
        page=page,
        ledger=_ledger(account, page.items) if page else None,
        aged=_aged(session),
        closed_until=closing.closed_until(session),
        last_month=_last_month(),
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
    columns = [Column(_("Day"), "day"), Column(_("Document")), Column(_("Label")), Column(_("Third party"))]
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
            for row in books.aged_balance(session)
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
    try:
        with session.begin_nested():
            closing.close_month(session, actor, _typed_month(month))
    except DomainError as refusal:
        actor.require(Permission.VIEW_COMMISSION)
        return _books(request, session, clock.today().year, error=say(refusal))
    return RedirectResponse("/books", 303)
