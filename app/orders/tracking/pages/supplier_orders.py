"""The page of a supplier order: lines, packs, drops, documents, prices that were asked."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.pagination import PAGE_SIZE, every_row
from app.orders.consolidation.models.supplier_orders import SupplierOrderStatus
from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
from app.orders.consolidation.sending import hand_over
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.fulfilment.acknowledgement import asked_prices, cancel_order, decide_asked_price, get_supplier_order_of
from app.orders.fulfilment.documents.formats import DocumentFormat
from app.orders.fulfilment.documents.order_files import forms_of, order_files
from app.orders.fulfilment.labels import answer_words
from app.orders.fulfilment.queries import drops as drop_queries
from app.orders.rounds.service import get_round
from app.orders.tracking.pages import exports
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


def _require_view(actor: Actor) -> None:
    if not actor.may(Permission.APPROVE_ROUNDS):
        actor.require(Permission.MANAGE_ROUNDS)


@router.get("/supplier-orders/{number}")
def supplier_order_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    number: str,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """One supplier order: lines, packs, drops; `form` gives its lines as a file."""
    _require_view(actor)
    order = supplier_order_queries.get_supplier_order(session, number)
    if form is not None:
        rows = every_row(
            lambda at, limit: supplier_order_queries.list_supplier_order_lines(session, order.id, at, limit)
        )
        return exports.supplier_order_lines(form, number, rows)
    return render(
        request,
        "tracking/supplier_order.html",
        document_forms=forms_of(session, number),
        order=order,
        page=supplier_order_queries.list_supplier_order_lines(session, order.id, cursor, PAGE_SIZE),
        drops=drop_queries.drops_of(session, order.id),
        editable=get_round(session, order.round_code).status == "consolidated",
        answered=order.acknowledged_at is not None,
        answer_words=answer_words(),
        asked_prices=asked_prices(session, order.id),
        can_be_cancelled=SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.CANCEL, SupplierOrderStatus(order.status)),
        can_be_handed_over=SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.SEND, SupplierOrderStatus(order.status)),
    )


@router.post("/supplier-orders/{number}/hand-over")
def hand_over_order(
    session: SessionDep, actor: SignedIn, number: str, version: Annotated[int | None, Form()] = None
) -> Response:
    """Note that an order was given to its supplier on paper or by telephone."""
    hand_over(session, actor, number, version)
    return RedirectResponse(f"/supplier-orders/{number}", 303)


@router.post("/supplier-orders/{number}/cancel")
def cancel_supplier_order(
    session: SessionDep,
    actor: SignedIn,
    number: str,
    reason: Annotated[str, Form(max_length=500)] = "",
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Call an order off before anything of it left."""
    cancel_order(session, actor, number, reason, expected_version=version)
    return RedirectResponse(f"/supplier-orders/{number}", 303)


@router.post("/supplier-orders/{number}/prices/{offer_id}")
def decide_price(
    session: SessionDep, actor: SignedIn, number: str, offer_id: int, accept: Annotated[bool, Form()] = False
) -> Response:
    """Take the dearer price that a supplier asks, or keep the agreed one."""
    decide_asked_price(session, actor, number, offer_id, accept=accept)
    return RedirectResponse(f"/supplier-orders/{number}", 303)


@router.get("/supplier-orders/{number}/documents/{form}")
def supplier_order_documents(session: SessionDep, actor: SignedIn, number: str, form: DocumentFormat) -> Response:
    """The order as its supplier's system takes it: the file, or a ZIP where it goes to several parks."""
    get_supplier_order_of(session, actor, number)
    return documents(order_files(session, number, form), number)
