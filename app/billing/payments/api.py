"""Routes of the API for issued invoices: the treasurer's all, a firm's and a supplier's own."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from fastapi import Path, Response

from app.accounts.authentication import SignedIn
from app.billing.invoicing.contents import list_lines
from app.billing.invoicing.invoice import InvoiceKind, LineKind
from app.billing.invoicing.issue import archived, get_invoice
from app.billing.payments.queries import list_invoices
from app.web.api import DEFAULT_LIMIT, Cursor, Limit, PageOut, api_router, page_out
from app.web.bodies import Out, Text
from app.web.edge import SessionDep
from app.web.exports import documents

router = api_router("invoices")
Number = Annotated[Text, Path(max_length=80, examples=["VOSGES-2026-000001"])]


class InvoiceOut(Out):
    """An issued invoice or credit note; amounts in euros."""

    number: str
    kind: InvoiceKind
    supplier: str | None
    company: str | None
    issued_on: date
    due_on: date
    net_amount: Decimal
    vat_amount: Decimal
    total: Decimal
    paid: Decimal
    open: Decimal | None
    credited_by: str | None
    corrects: str | None


@router.get("/invoices")
def list_issued_invoices(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[InvoiceOut]:
    """The invoices that are mine to see, the newest first."""
    return page_out(list_invoices(session, actor, cursor, limit), InvoiceOut)


class InvoiceLineOut(Out):
    """A line of an invoice, or (`delivery`) something charged on all of it; amounts in euros before VAT."""

    position: int
    kind: LineKind
    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    vat_rate: Decimal


class InvoiceDetailOut(Out):
    """An issued invoice or credit note with its lines; amounts in euros."""

    number: str
    kind: InvoiceKind
    issued_on: date
    due_on: date
    net_amount: Decimal
    vat_amount: Decimal
    total: Decimal
    reason: str
    lines: list[InvoiceLineOut]


@router.get("/invoices/{number}")
def read_issued_invoice(session: SessionDep, actor: SignedIn, number: Number) -> InvoiceDetailOut:
    """An invoice that is mine to see, with its lines as they were issued."""
    found = get_invoice(session, actor, number)
    lines = [InvoiceLineOut.model_validate(line) for line in list_lines(session, found.id or 0)]
    return InvoiceDetailOut.model_validate(found.model_dump() | {"lines": lines})


@router.get("/invoices/{number}/file", response_class=Response)
def read_issued_invoice_file(session: SessionDep, actor: SignedIn, number: Number) -> Response:
    """The Factur-X file of an invoice, as it was issued."""
    name = f"{number}.pdf"
    return documents({name: archived(session, get_invoice(session, actor, number))}, name)
