"""A supplier's orders: fetching them, answering, saying what leaves; nothing of others, nothing of members."""

from typing import Annotated, Any

from fastapi import File, Query, Response, UploadFile
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Scope
from app.core.pagination import MAX_PAGE_SIZE
from app.orders.consolidation.models.supplier_orders import SupplierOrder, SupplierOrderStatus
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order, get_supplier_order_of, refuse_order
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_files import order_files
from app.orders.fulfilment.queries import supplier_side as supplier_side_queries
from app.supplying.api.access import supplier_within
from app.supplying.peppol_answers import take_message
from app.supplying.queries import list_invoices
from app.supplying.schemas import (
    AcknowledgementIn,
    AdviceOut,
    DespatchIn,
    DropOut,
    LineOut,
    Number,
    OrderInvoiceOut,
    OrderOut,
    OrderSummaryOut,
    RefusalIn,
)
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Limit, PageOut, api_router, page_out, set_etag
from app.web.bodies import Instant
from app.web.edge import SessionDep
from app.web.exports import documents

router = api_router("supplier")


@router.get("/supplier/orders")
def list_own_orders(
    session: SessionDep,
    actor: SignedIn,
    updated_since: Annotated[Instant | None, Query(description="Only what changed since then")] = None,
    status: SupplierOrderStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[OrderSummaryOut]:
    """My orders, those that changed last at the end; ask again with `updated_since` to see what is new."""
    supplier_id = supplier_within(session, actor, Scope.ORDERS_READ)
    return page_out(
        supplier_side_queries.list_own_orders(
            session, supplier_id, cursor, limit, updated_since=updated_since, status=status
        ),
        OrderSummaryOut,
    )


@router.get("/supplier/orders/{number}")
def read_own_order(session: SessionDep, actor: SignedIn, response: Response, number: Number) -> OrderOut:
    """One order of mine."""
    supplier_within(session, actor, Scope.ORDERS_READ)
    return _shown(session, response, get_supplier_order_of(session, actor, number))


@router.get("/supplier/orders/{number}/documents/{form}", response_class=Response)
def read_own_documents(session: SessionDep, actor: SignedIn, number: Number, form: DocumentFormat) -> Response:
    """The order as Peppol UBL, Order-X, PDF, CSV or XLSX; a ZIP where it goes to several parks."""
    supplier_within(session, actor, Scope.ORDERS_READ)
    get_supplier_order_of(session, actor, number)
    return documents(order_files(session, number, form), number)


@router.post("/supplier/orders/{number}/acknowledgement")
def acknowledge_own_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Number,
    answer: AcknowledgementIn,
    version: ExpectedVersion,
) -> OrderOut:
    """Accept an order, or change, back-order or refuse lines of it. What is taken away is shared out again at once."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    answered = acknowledge_order(
        session,
        actor,
        number,
        [Answer(**line.model_dump()) for line in answer.lines],
        supplier_reference=answer.supplier_reference,
        expected_version=version,
    )
    return _shown(session, response, answered)


@router.post("/supplier/orders/{number}/refusal")
def refuse_own_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Number,
    refusal: RefusalIn,
    version: ExpectedVersion,
) -> OrderOut:
    """Refuse an order whole."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    refused = refuse_order(session, actor, number, refusal.reason, expected_version=version)
    return _shown(session, response, refused)


@router.post("/supplier/orders/{number}/despatch-advices", status_code=201)
def advise_own_despatch(
    session: SessionDep, actor: SignedIn, response: Response, number: Number, advice: DespatchIn
) -> OrderOut:
    """Say what is on its way to a park. The first advice accepts an order that was not answered."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    given = advice.model_dump(exclude={"park"})
    advise_despatch(session, actor, number, Despatch(park_code=advice.park, **given))
    return _shown(session, response, get_supplier_order_of(session, actor, number))


@router.post("/supplier/documents")
def take_own_document(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    file: Annotated[UploadFile, File(description="Peppol Order Response or Despatch Advice (UBL 2.1)")],
) -> OrderOut:
    """Answer an order, or send goods off, by the document of my own system; it names the order."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    return _shown(session, response, take_message(session, actor, file.file.read()))


def _shown(session: Session, response: Response, order: SupplierOrder) -> OrderOut:
    session.flush()
    order_id = order.id or 0
    shown: dict[str, Any] = {name: getattr(order, name) for name in OrderOut.model_fields if hasattr(order, name)}
    set_etag(response, order.version)
    invoices = list_invoices(session, None, MAX_PAGE_SIZE, supplier_order_id=order_id)
    return OrderOut(
        **shown,
        lines=[LineOut.model_validate(line) for line in supplier_side_queries.own_lines(session, order_id)],
        drops=[DropOut.model_validate(drop) for drop in supplier_side_queries.own_drops(session, order_id)],
        invoices=[OrderInvoiceOut.model_validate(invoice) for invoice in invoices.items],
        despatch_advices=[
            AdviceOut.model_validate(advice) for advice in supplier_side_queries.own_advices(session, order_id)
        ],
    )
