"""Invoices on screen: sent by suppliers, accepted or disputed by the association; and a supplier's statement."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.suppliers import require_supplier
from app.core import clock
from app.core.errors import DomainError, InvalidInput, NotFound
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.money import UNIT_PRICE_STEP
from app.core.pagination import PAGE_SIZE, every_row
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.supplying import queries
from app.supplying.labels import difference_words
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice, SupplierInvoiceFile
from app.supplying.pages.linked_order import AnOrder
from app.supplying.pages.orders import order_page
from app.supplying.supplier_invoices import (
    Invoice,
    InvoicedLine,
    attach_file,
    decide_invoice,
    get_invoice_of,
    send_invoice,
)
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.forms import Text, Texts, rows_of, typed_amount, typed_day, typed_quantity
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.post("/supplier/orders/{number}/invoices")
@router.post("/supplier/by-mail/{token}/invoices")
def send_off_invoice(
    request: Request,
    session: SessionDep,
    opened: AnOrder,
    invoice: Text = "",
    issued_on: Text = "",
    due_on: Text = "",
    delivery_fee: Text = "",
    total_amount: Text = "",
    sku: Texts = [],  # noqa: B006 - FastAPI copies it
    quantity: Texts = [],  # noqa: B006
    unit_price: Texts = [],  # noqa: B006
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Send an invoice, with its PDF if there is one."""
    try:
        with session.begin_nested():
            lines = tuple(_lines(rows_of(sku, quantity, unit_price)))
            if sku and not lines:
                raise InvalidInput("Say how much is invoiced.", field="quantity")
            given = Invoice(
                number=invoice,
                issued_on=typed_day(issued_on) or clock.today(),
                due_on=typed_day(due_on),
                lines=lines,
                delivery_fee=typed_amount(delivery_fee, "delivery_fee"),
                total_amount=typed_amount(total_amount, "total_amount"),
            )
            kept = send_invoice(session, opened.actor, opened.number, given)
            if file is not None and file.filename:
                attach_file(session, opened.actor, kept.id or 0, file.filename, file.file.read())
    except DomainError as refusal:
        return order_page(request, session, opened, say(refusal))
    return RedirectResponse(f"{opened.here}#invoices", 303)


def _lines(typed: Iterable[tuple[str, str, str]]) -> Iterable[InvoicedLine]:
    for sku, quantity, unit_price in typed:
        units = typed_quantity(quantity, sku)
        if units:
            yield InvoicedLine(sku, units, typed_amount(unit_price, "unit_price", UNIT_PRICE_STEP))


@router.get("/supplier/orders/{number}/invoices/{invoice_id}/file")
@router.get("/supplier/by-mail/{token}/invoices/{invoice_id}/file")
def own_invoice_file(session: SessionDep, opened: AnOrder, invoice_id: int) -> Response:
    """The invoice as it was sent."""
    invoice = get_invoice_of(session, opened.actor, invoice_id)
    if invoice.supplier_order_id != get_supplier_order_of(session, opened.actor, opened.number).id:
        raise NotFound("There is no such invoice.")
    return _file(session, invoice)


def _file(session: Session, invoice: SupplierInvoice) -> Response:
    kept = session.get(SupplierInvoiceFile, invoice.id)
    if kept is None:
        raise NotFound("This invoice came without a file.")
    return documents({f"{invoice.number}.pdf": kept.content}, invoice.number)


Year = Annotated[int | None, Query(ge=2000, le=2100)]


@router.get("/supplier/statement")
def statement_page(
    request: Request, session: SessionDep, actor: SignedIn, year: Year = None, form: ExportFormat | None = None
) -> Response:
    """A year's orders of my firm: what they bring, the association's commission, what is invoiced."""
    year = year or clock.today().year
    rows = queries.statement(session, require_supplier(session, actor), year)
    columns = [Column(_("Order")), Column(_("Sent"), "day"), Column(_("State"), "status")]
    columns += [Column(_("Goods"), "money"), Column(_("Charges"), "money"), Column(_("Commission"), "money")]
    columns += [Column(_("You receive"), "money"), Column(_("Invoiced"), "money")]
    table = Table(
        f"statement-{year}",
        columns,
        [
            (Link(row.number, f"/supplier/orders/{row.number}", row.round), row.sent_on, row.status, row.amount)
            + (row.eco_contribution + row.delivery_fee, row.commission, row.proceeds, row.invoiced)
            for row in rows
        ],
        (_("Total"), None, None, *queries.totals_of(rows)),
    )
    if form is not None:
        return table.as_file(form)
    return render(request, "supplying/statement.html", table=table, year=year, empty=not rows)


@router.get("/supplier-invoices")
def invoices_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    status: InvoiceStatus | None = None,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """Every supplier's invoices; those that do not agree wait for a decision."""
    actor.require(Permission.APPROVE_ROUNDS)
    if form is not None:
        rows = every_row(lambda at, limit: queries.list_invoices(session, at, limit, status=status))
        return _table(rows).as_file(form)
    return _invoices(request, session, status, cursor)


def _invoices(
    request: Request, session: Session, status: InvoiceStatus | None, cursor: str | None, error: str | None = None
) -> Response:
    return render(
        request,
        "supplying/invoices.html",
        status_code=422 if error else 200,
        page=queries.list_invoices(session, cursor, PAGE_SIZE, status=status),
        difference_words=difference_words(),
        statuses=list(InvoiceStatus),
        chosen=status,
        error=error,
    )


def _table(rows: Iterable[queries.InvoiceRow]) -> Table:
    columns = [Column(_("Invoice")), Column(_("Supplier")), Column(_("Order")), Column(_("Issued"), "day")]
    columns += [Column(_("Due"), "day"), Column(_("Before VAT"), "money"), Column(_("VAT"), "money")]
    columns += [Column(_("Total"), "money"), Column(_("State"), "status"), Column(_("Reason"))]
    return Table(
        "invoices",
        columns,
        (
            (row.number, row.supplier, row.order, row.issued_on, row.due_on, row.net_amount, row.vat_amount)
            + (row.total_amount, row.status, row.reason)
            for row in rows
        ),
    )


@router.get("/supplier-invoices/{invoice_id}/file")
def invoice_file(session: SessionDep, actor: SignedIn, invoice_id: int) -> Response:
    """An invoice as its supplier sent it."""
    actor.require(Permission.APPROVE_ROUNDS)
    return _file(session, get_invoice_of(session, actor, invoice_id))


@router.post("/supplier-invoices/{invoice_id}/decision")
def decide(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    invoice_id: int,
    accept: Annotated[bool, Form()] = False,
    reason: Text = "",
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Accept an invoice in spite of its differences, or dispute it."""
    try:
        with session.begin_nested():
            decide_invoice(session, actor, invoice_id, accept=accept, reason=reason, expected_version=version)
    except InvalidInput as refusal:
        return _invoices(request, session, None, None, say(refusal))
    return RedirectResponse("/supplier-invoices", 303)
