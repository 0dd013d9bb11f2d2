"""Invoices for whom they concern; for the treasurer runs and credit notes."""

from collections.abc import Iterable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.billing.invoicing import credit_notes, runs, service_invoices
from app.billing.invoicing.invoice import InvoiceLine, LineKind
from app.billing.invoicing.issue import archived, get_invoice
from app.billing.invoicing.models import RunStatus
from app.billing.payments.pages.months import Month, last_month, typed_month
from app.billing.payments.queries import InvoiceRow, list_invoices
from app.core.errors import InvalidInput
from app.core.i18n import gettext as _
from app.core.money import UNIT_PRICE_STEP, round_amount
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.forms import attempt, typed_amount, typed_quantity
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/invoices")
def invoices_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The invoices that are mine to see; `form` gives all of them as a file."""
    if form is not None:
        return _table(every_row(lambda at, limit: list_invoices(session, actor, at, limit)), False).as_file(form)
    return _invoices(request, session, actor, cursor=cursor)


def _invoices(
    request: Request, session: Session, actor: Actor, error: str | None = None, cursor: str | None = None
) -> Response:
    page = list_invoices(session, actor, cursor, PAGE_SIZE)
    treasurer = actor.may(Permission.MANAGE_COMMISSION)
    past_runs = runs.list_runs(session) if treasurer else []
    return render(
        request,
        "payments/invoices.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items, _pays(actor)),
        runs=past_runs,
        under_way=any(run.status is not RunStatus.DONE for run in past_runs),
        last_month=last_month(),
        error=error,
    )


def _pays(actor: Actor) -> bool:
    """Whether the list is of a firm's own invoices, for who pays them."""
    return actor.may(Permission.MANAGE_COMPANY) and not actor.may(Permission.VIEW_COMMISSION)


def _table(rows: Iterable[InvoiceRow], pays: bool) -> Table:
    kinds = {"member": _("invoice"), "service": _("service"), "commission": _("commission")}
    kinds["credit_note"] = _("credit note")
    columns = [Column(_("Number")), Column(_("Kind")), Column(_("Supplier")), Column(_("Firm"))]
    columns += [Column(_("Issued"), "short_day"), Column(_("Due"), "short_day"), Column(_("Before VAT"), "money")]
    columns += [Column(_("VAT"), "money"), Column(_("Total with VAT"), "money"), Column(_("Open"), "money")]
    columns += [Column(_("Pay"))] if pays else []
    return Table(
        "invoices",
        columns,
        [
            (Link(row.number, f"/invoices/{row.number}/file", row.credited_by or row.corrects or ""), kinds[row.kind])
            + (
                row.supplier or "–",
                row.company or "–",
                row.issued_on,
                row.due_on,
                row.net_amount,
                row.vat_amount,
                row.total,
            )
            + (row.open,)
            + (
                (Link(_("Pay"), f"/invoices/{row.number}/payment") if row.open and row.open > 0 else "–",)
                if pays
                else ()
            )
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
    show = partial(_invoices, request, session, actor)
    return attempt(session, lambda: runs.start_run(session, actor, typed_month(month)), show, "/invoices")


@router.post("/invoices/services")
def invoice_service(
    request: Request, session: SessionDep, actor: SignedIn, company: Annotated[str, Form(max_length=40)] = "",
    words: Annotated[str, Form(max_length=200)] = "", quantity: Annotated[str, Form(max_length=12)] = "1",
    unit_price: Annotated[str, Form(max_length=20)] = "", vat_rate: Annotated[str, Form(max_length=8)] = "20",
) -> Response:  # fmt: skip
    """Invoice a firm for a service of the park."""

    def take() -> None:
        units = typed_quantity(quantity, words) or 0
        price = typed_amount(unit_price, "unit_price", UNIT_PRICE_STEP)
        rate = typed_amount(vat_rate, "vat_rate")
        if price is None or rate is None or rate >= 100:
            raise InvalidInput("Say the price and the rate of VAT.", field="unit_price")
        line = InvoiceLine(words.strip(), units, price, round_amount(units * price), rate, kind=LineKind.SERVICE)
        service_invoices.issue_service_invoice(session, actor, company.strip(), [line])

    return attempt(session, take, partial(_invoices, request, session, actor), "/invoices")


@router.post("/invoices/credit")
def credit(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    number: Annotated[str, Form(max_length=80)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Credit an invoice whole."""
    show = partial(_invoices, request, session, actor)
    return attempt(
        session, lambda: credit_notes.credit_invoice(session, actor, number.strip(), reason), show, "/invoices"
    )
