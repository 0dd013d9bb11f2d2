"""The suppliers' own pages: the orders sent to them, answering these, saying what leaves for which park.

A link in the mail opens one order the same way to a supplier without an account.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.service import get_association
from app.catalog.suppliers import require_supplier
from app.core import clock
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import format_typed_amount, say
from app.core.i18n import gettext as _
from app.core.money import UNIT_PRICE_STEP, round_amount
from app.core.pagination import MAX_PAGE_SIZE, PAGE_SIZE, every_row
from app.core.settings import get_settings
from app.orders.consolidation.models.supplier_orders import SupplierOrderStatus
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order, get_supplier_order_of, refuse_order
from app.orders.fulfilment.despatch import CAN_LEAVE, Despatch, advise_despatch
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_files import forms_of, order_files
from app.orders.fulfilment.labels import answer_words
from app.orders.fulfilment.queries import supplier_side as supplier_side_queries
from app.orders.fulfilment.supplier_links import make_driver_link
from app.supplying import queries as supplying_queries
from app.supplying.labels import difference_words
from app.supplying.pages.linked_order import AnOrder, Opened
from app.supplying.peppol_answers import take_message
from app.supplying.supplier_invoices import CAN_BE_INVOICED
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.forms import Text, Texts, rows_of, typed_amount, typed_day, typed_quantity
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
Version = Annotated[int | None, Form()]


@router.get("/supplier/orders")
def own_orders_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The orders sent to my firm, the newest first; `form` gives them as a file."""
    supplier_id = require_supplier(session, actor)
    if form is not None:
        return _orders(
            every_row(
                lambda at, limit: supplier_side_queries.list_own_orders(
                    session, supplier_id, at, limit, newest_first=True
                )
            )
        ).as_file(form)
    return _orders_page(request, session, supplier_id, cursor)


def _orders_page(
    request: Request, session: Session, supplier_id: int, cursor: str | None, error: str | None = None
) -> Response:
    page = supplier_side_queries.list_own_orders(session, supplier_id, cursor, PAGE_SIZE, newest_first=True)
    status = 422 if error else 200
    return render(
        request, "supplying/orders.html", status_code=status, page=page, table=_orders(page.items), error=error
    )


@router.post("/supplier/documents")
def take_document(
    request: Request, session: SessionDep, actor: SignedIn, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Answer an order, or send goods off, by the Peppol document of one's own system; it names the order."""
    supplier_id = require_supplier(session, actor)
    try:
        with session.begin_nested():
            order = take_message(session, actor, file.file.read() if file else b"")
    except DomainError as refusal:
        return _orders_page(request, session, supplier_id, None, say(refusal))
    return RedirectResponse(f"/supplier/orders/{order.number}", 303)


def _orders(rows: Iterable[supplier_side_queries.OwnOrderRow]) -> Table:
    columns = [Column(_("Order")), Column(_("State"), "status"), Column(_("Sent"), "instant")]
    columns += [Column(_("First delivery"), "day"), Column(_("Lines"), "number"), Column(_("Amount"), "money")]
    return Table(
        "orders",
        columns,
        (
            (Link(row.number, f"/supplier/orders/{row.number}", row.round), row.status, row.sent_at)
            + (row.first_delivery_on, row.line_count, row.amount)
            for row in rows
        ),
    )


@router.get("/supplier/orders/{number}")
@router.get("/supplier/by-mail/{token}")
def own_order_page(
    request: Request, session: SessionDep, opened: AnOrder, form: ExportFormat | None = None
) -> Response:
    """One order: what, where, when; answering it and sending it off. `form` gives its lines as a file."""
    if form is not None:
        order = get_supplier_order_of(session, opened.actor, opened.number)
        return _lines(opened.number, supplier_side_queries.own_lines(session, order.id or 0)).as_file(form)
    return order_page(request, session, opened)


def _lines(number: str, lines: Iterable[supplier_side_queries.OwnLineRow]) -> Table:
    words = answer_words()
    columns = [Column(_("SKU")), Column(_("Article")), Column("GTIN"), Column(_("Pack"), "number")]
    columns += [Column(_("Ordered"), "number"), Column(_("Confirmed"), "number"), Column(_("Unit price"), "unit_price")]
    columns += [Column(_("Amount"), "money"), Column(_("Answer")), Column(_("Reason")), Column(_("Promised"), "day")]
    return Table(
        f"lines-{number}",
        columns,
        (
            (line.sku, line.name, line.gtin, line.pack_size, line.quantity, line.confirmed_quantity, line.unit_price)
            + (line.amount, words[line.answer] if line.answer else None, line.answer_reason, line.promised_on)
            for line in lines
        ),
    )


def order_page(
    request: Request,
    session: Session,
    opened: Opened,
    error: str | None = None,
    driver_link: tuple[str, str] | None = None,
) -> Response:
    """The page of an order; `driver_link` shows a link just made, with its park."""
    order = get_supplier_order_of(session, opened.actor, opened.number)
    order_id = order.id or 0
    to_come = supplier_side_queries.still_to_come(session, order_id)
    return render(
        request,
        "supplying/order.html",
        status_code=422 if error else 200,
        actor=None if opened.by_mail else opened.actor,
        here=opened.here,
        by_mail=opened.by_mail,
        order=order,
        document_forms=forms_of(session, opened.number),
        association=get_association(session),
        lines=supplier_side_queries.own_lines(session, order_id),
        drops=[(drop, to_come.get(drop.id)) for drop in supplier_side_queries.own_drops(session, order_id)],
        advices=supplier_side_queries.own_advices(session, order_id),
        invoices=supplying_queries.list_invoices(session, None, MAX_PAGE_SIZE, supplier_order_id=order_id).items,
        difference_words=difference_words(),
        can_be_invoiced=order.status in CAN_BE_INVOICED,
        takes_answer=SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.ANSWER, order.status),
        is_new=order.status is SupplierOrderStatus.SENT,
        can_leave=order.status in CAN_LEAVE,
        answer_words=answer_words(),
        plain_price=_plain_price,
        today=clock.today(),
        error=error,
        driver_link=driver_link,
    )


def _plain_price(price: Decimal) -> str:
    """A price as somebody types it: two decimals, or four where it needs them."""
    return format_typed_amount(round_amount(price) if price == round_amount(price) else price)


@router.get("/supplier/orders/{number}/documents/{form}")
@router.get("/supplier/by-mail/{token}/documents/{form}")
def own_documents(session: SessionDep, opened: AnOrder, form: DocumentFormat) -> Response:
    """The order as its supplier's system takes it: the file, or a ZIP where it goes to several parks."""
    get_supplier_order_of(session, opened.actor, opened.number)
    return documents(order_files(session, opened.number, form), opened.number)


@router.post("/supplier/orders/{number}/driver-links/{park}")
@router.post("/supplier/by-mail/{token}/driver-links/{park}")
def link_for_driver(request: Request, session: SessionDep, opened: AnOrder, park: str) -> Response:
    """Make a link with which the driver records what arrives at a park, and show it."""
    try:
        link = make_driver_link(session, opened.actor, opened.number, park)
    except DomainError as refusal:
        return order_page(request, session, opened, say(refusal))
    return order_page(request, session, opened, driver_link=(park, get_settings().address_of(link)))


@router.post("/supplier/orders/{number}/answer")
@router.post("/supplier/by-mail/{token}/answer")
def answer_order(
    request: Request,
    session: SessionDep,
    opened: AnOrder,
    sku: Texts = [],  # noqa: B006 - FastAPI copies it
    quantity: Texts = [],  # noqa: B006
    unit_price: Texts = [],  # noqa: B006
    promised_on: Texts = [],  # noqa: B006
    reason: Texts = [],  # noqa: B006
    what: Annotated[str, Form(pattern="^(accept|change|refuse)$")] = "accept",
    why: Text = "",
    supplier_reference: Text = "",
    version: Version = None,
) -> Response:
    """Accept an order as it is, change lines of it, or refuse it whole."""
    try:
        with session.begin_nested():
            if what == "refuse":
                if not why.strip():
                    raise InvalidInput("Say why you refuse the order.", field="why")
                refuse_order(session, opened.actor, opened.number, why, expected_version=version)
            else:
                answers: list[Answer] = []
                if what == "change":
                    order = get_supplier_order_of(session, opened.actor, opened.number)
                    lines = {line.sku: line for line in supplier_side_queries.own_lines(session, order.id or 0)}
                    answers = list(_changed(lines, rows_of(sku, quantity, unit_price, promised_on, reason)))
                acknowledge_order(
                    session,
                    opened.actor,
                    opened.number,
                    answers,
                    supplier_reference=supplier_reference,
                    expected_version=version,
                )
    except DomainError as refusal:
        return order_page(request, session, opened, say(refusal))
    return RedirectResponse(opened.here, 303)


def _changed(
    lines: dict[str, supplier_side_queries.OwnLineRow], typed: Iterable[tuple[str, str, str, str, str]]
) -> Iterator[Answer]:
    """The lines that somebody typed something else into."""
    for sku, quantity, unit_price, promised_on, reason in typed:
        line = lines.get(sku)
        if line is None:
            raise InvalidInput("This order has no line {sku}.", code="unknown_line", field="lines", sku=sku)
        units = typed_quantity(quantity, sku)
        price: Decimal | None = typed_amount(unit_price, "unit_price", UNIT_PRICE_STEP)
        day = typed_day(promised_on)
        same = units in {None, line.served} and price in {None, line.asked_price or line.unit_price}
        if not same or day or reason.strip():
            yield Answer(sku, units, price, day, back_ordered=day is not None, reason=reason)


@router.post("/supplier/orders/{number}/despatch-advices")
@router.post("/supplier/by-mail/{token}/despatch-advices")
def send_off(
    request: Request,
    session: SessionDep,
    opened: AnOrder,
    park: Text = "",
    advice: Text = "",
    expected_on: Text = "",
    carrier: Text = "",
    tracking: Text = "",
    sscc: Annotated[str, Form(max_length=20_000)] = "",
    sku: Texts = [],  # noqa: B006
    quantity: Texts = [],  # noqa: B006
) -> Response:
    """Say what leaves for a park."""
    try:
        with session.begin_nested():
            day = typed_day(expected_on)
            if day is None:
                raise InvalidInput("Say on which day it arrives.", field="expected_on")
            units = {one: typed_quantity(typed, one) or 0 for one, typed in rows_of(sku, quantity)}
            lines = {one: count for one, count in units.items() if count}
            if units and not lines:
                raise InvalidInput("Say how much leaves.", field="quantity")
            advise_despatch(
                session,
                opened.actor,
                opened.number,
                Despatch(advice, park, day, lines, carrier, tracking, sscc.split()),
            )
    except DomainError as refusal:
        return order_page(request, session, opened, say(refusal))
    return RedirectResponse(opened.here, 303)
