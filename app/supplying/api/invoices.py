"""A supplier's invoices: sent, looked at, their file; and the association's answer to them."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import File, Query, Response, UploadFile
from pydantic import BaseModel, Field
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission, Scope
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.supplying import queries
from app.supplying.api.access import supplier_within
from app.supplying.invoice_matching import DifferenceKind
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice
from app.supplying.schemas import Number, Sku
from app.supplying.supplier_invoices import (
    Invoice,
    InvoicedLine,
    attach_file,
    decide_invoice,
    get_invoice_of,
    send_invoice,
)
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.bodies import Body, Day, Euros, Flag, Named, Out, Text, UnitPrice, Whole
from app.web.edge import SessionDep

router = api_router("supplier")


class InvoicedLineIn(Body):
    """A line of an invoice; what is left out is as agreed."""

    sku: Sku
    quantity: Whole = Field(ge=1, le=1_000_000_000, description="Sales units", examples=[12])
    unit_price: UnitPrice | None = Field(default=None, examples=["7.9000"])
    eco_contribution: Euros | None = Field(default=None, description="Of the whole line")


class InvoiceIn(Body):
    """An invoice. Without lines it is for everything agreed that is not invoiced yet."""

    number: Named = Field(max_length=80, examples=["FA-2026-0118"])
    issued_on: Day
    due_on: Day | None = None
    lines: list[InvoicedLineIn] = Field(default_factory=list, max_length=10_000)
    delivery_fee: Euros | None = Field(default=None, description="Before VAT; left out: what was agreed")
    total_amount: Euros | None = Field(default=None, description="With VAT. Where it is given it has to add up")


class DifferenceOut(BaseModel):
    """Something asked beyond what is due: units, or euros before VAT. `sku` is empty for charges."""

    kind: DifferenceKind
    sku: str
    due: Decimal
    asked: Decimal


class InvoiceLineOut(Out):
    """A line of an invoice; amounts in euros before VAT."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    eco_contribution: Decimal
    vat_rate: Decimal


class InvoiceSummaryOut(Out):
    """An invoice in a list. Amounts are euros."""

    id: int
    number: str
    order: str
    supplier: str
    issued_on: date
    due_on: date | None
    net_amount: Decimal
    vat_amount: Decimal
    total_amount: Decimal
    status: InvoiceStatus
    differences: list[DifferenceOut]
    reason: str = Field(description="Why it is disputed")
    received_at: datetime
    has_file: bool


class InvoiceOut(BaseModel):
    """An invoice with its lines, and how it agrees with order and receipt."""

    id: int
    number: str
    order: str
    issued_on: date
    due_on: date | None
    delivery_fee: Decimal
    eco_contribution: Decimal
    net_amount: Decimal
    vat_amount: Decimal
    total_amount: Decimal
    status: InvoiceStatus
    differences: list[DifferenceOut]
    reason: str
    lines: list[InvoiceLineOut]


class InvoiceFileOut(Out):
    """A file that was kept."""

    name: str
    sha256: str


class InvoiceDecisionIn(Body):
    """Accept an invoice in spite of its differences, or dispute it."""

    accept: Flag
    reason: Text = Field(default="", max_length=500, description="Its supplier reads it", examples=["4 reams came"])


@router.post("/supplier/orders/{number}/invoices", status_code=201)
def send_own_invoice(
    session: SessionDep, actor: SignedIn, response: Response, number: Number, invoice: InvoiceIn
) -> InvoiceOut:
    """Send an invoice for an order that is on its way or came; it is matched with order and receipt at once."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    lines = tuple(InvoicedLine(**line.model_dump()) for line in invoice.lines)
    kept = send_invoice(session, actor, number, Invoice(**invoice.model_dump(exclude={"lines"}), lines=lines))
    return _shown(session, response, kept)


@router.get("/supplier/invoices")
def list_own_invoices(
    session: SessionDep,
    actor: SignedIn,
    status: InvoiceStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[InvoiceSummaryOut]:
    """My invoices, the newest first."""
    supplier_id = supplier_within(session, actor, Scope.ORDERS_READ)
    page = queries.list_invoices(session, cursor, limit, supplier_id=supplier_id, status=status)
    return page_out(page, InvoiceSummaryOut)


@router.get("/supplier/invoices/{invoice_id}")
def read_own_invoice(session: SessionDep, actor: SignedIn, response: Response, invoice_id: Id) -> InvoiceOut:
    """One invoice of mine."""
    supplier_within(session, actor, Scope.ORDERS_READ)
    return _shown(session, response, get_invoice_of(session, actor, invoice_id))


@router.put("/supplier/invoices/{invoice_id}/file", status_code=201)
def put_own_invoice_file(
    session: SessionDep,
    actor: SignedIn,
    invoice_id: Id,
    file: Annotated[UploadFile, File(description="The invoice as PDF (Factur-X is one)")],
) -> InvoiceFileOut:
    """Add the invoice as it was made, once."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    kept = attach_file(session, actor, invoice_id, file.filename or "", file.file.read())
    return InvoiceFileOut.model_validate(kept)


@router.get("/supplier-invoices", tags=["rounds"])
def list_supplier_invoices(
    session: SessionDep,
    actor: SignedIn,
    order: Annotated[Text | None, Query(max_length=200, description="The number of an order")] = None,
    status: InvoiceStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[InvoiceSummaryOut]:
    """Every supplier's invoices, the newest first."""
    actor.require(Permission.APPROVE_ROUNDS)
    order_id = None if order is None else get_supplier_order_of(session, actor, order).id
    page = queries.list_invoices(session, cursor, limit, supplier_order_id=order_id, status=status)
    return page_out(page, InvoiceSummaryOut)


@router.post("/supplier-invoices/{invoice_id}/decision", tags=["rounds"])
def decide_supplier_invoice(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    invoice_id: Id,
    decision: InvoiceDecisionIn,
    version: ExpectedVersion,
) -> InvoiceOut:
    """Accept an invoice in spite of its differences, or dispute it with the reason that its supplier reads."""
    decided = decide_invoice(
        session, actor, invoice_id, accept=decision.accept, reason=decision.reason, expected_version=version
    )
    return _shown(session, response, decided)


def _shown(session: Session, response: Response, invoice: SupplierInvoice) -> InvoiceOut:
    session.flush()
    set_etag(response, invoice.version)
    known = {name: getattr(invoice, name) for name in InvoiceOut.model_fields if hasattr(invoice, name)}
    lines = queries.invoice_lines(session, invoice.id or 0)
    return InvoiceOut(
        **known,
        order=session.get_one(SupplierOrder, invoice.supplier_order_id).number,
        lines=[InvoiceLineOut.model_validate(line) for line in lines],
    )
