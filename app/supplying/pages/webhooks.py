"""Webhooks on screen: addresses, their secrets, the log of each, and sending again."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.catalog.suppliers import require_supplier
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.orders.consolidation.supplier_events import SupplierEvent
from app.supplying import queries, webhooks
from app.supplying.labels import event_words
from app.supplying.models.webhooks import DeliveryStatus
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)
Events = Annotated[list[SupplierEvent], Form()]


@router.get("/supplier/webhooks")
def webhooks_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """The addresses that are told, and a form for another."""
    return _page(request, session, actor)


def _page(request: Request, session: Session, actor: Actor, error: str | None = None, url: str = "") -> Response:
    return render(
        request,
        "supplying/webhooks.html",
        status_code=422 if error else 200,
        endpoints=queries.list_endpoints(session, require_supplier(session, actor)),
        event_words=event_words(),
        error=error,
        url=url,
    )


@router.post("/supplier/webhooks")
def add_webhook(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    url: Annotated[str, Form(max_length=2000)] = "",
    event_type: Events = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """Name an address."""
    try:
        with session.begin_nested():
            webhooks.add_endpoint(session, actor, url, event_type)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal), url)
    return RedirectResponse("/supplier/webhooks", 303)


_DOING: dict[str, Callable[[Session, Actor, int], Any]] = {
    "stop": lambda session, actor, key: webhooks.set_endpoint_active(session, actor, key, False),
    "start": lambda session, actor, key: webhooks.set_endpoint_active(session, actor, key, True),
    "remove": webhooks.remove_endpoint,
    "rotate": webhooks.rotate_secret,
    "test": webhooks.send_test,
    "replay": webhooks.replay_failed,
}


@router.post("/supplier/webhooks/{endpoint_id}")
def change_webhook(
    session: SessionDep,
    actor: SignedIn,
    endpoint_id: int,
    do: Annotated[str, Form(pattern="^(stop|start|remove|rotate|test|replay)$")],
) -> Response:
    """Stop or start telling an address, forget it, give it a new secret, try it, or send again what it never took."""
    _DOING[do](session, actor, endpoint_id)
    there = f"/supplier/webhooks/{endpoint_id}" if do in {"test", "replay"} else "/supplier/webhooks"
    return RedirectResponse(there, 303)


@router.get("/supplier/webhooks/{endpoint_id}")
def webhook_log_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    endpoint_id: int,
    status: DeliveryStatus | None = None,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """The log of an address: every message, how often it was tried, what came of it."""
    endpoint = webhooks.get_endpoint(session, actor, endpoint_id)
    if form is not None:
        return _log(session, endpoint_id, status).as_file(form)
    return render(
        request,
        "supplying/webhook_log.html",
        endpoint=endpoint,
        page=queries.list_deliveries(session, endpoint_id, cursor, PAGE_SIZE, status=status),
        event_words=event_words(),
        statuses=list(DeliveryStatus),
        chosen=status,
    )


def _log(session: Session, endpoint_id: int, status: DeliveryStatus | None) -> Table:
    columns = [Column(_("Message")), Column(_("Event")), Column(_("When"), "instant"), Column(_("State"), "status")]
    columns += [Column(_("Tries"), "number"), Column(_("Next try"), "instant"), Column(_("Answer")), Column(_("Error"))]
    rows = every_row(lambda at, most: queries.list_deliveries(session, endpoint_id, at, most, status=status))
    return Table(
        f"webhooks-{endpoint_id}",
        columns,
        (
            (row.message_id, row.type, row.created_at, row.status, row.attempt_count, row.next_attempt_at)
            + (row.last_status_code, row.last_error)
            for row in rows
        ),
    )


@router.post("/supplier/webhook-deliveries/{delivery_id}/replay")
def replay_delivery(session: SessionDep, actor: SignedIn, delivery_id: int) -> Response:
    """Send a message again."""
    delivery = webhooks.replay(session, actor, delivery_id)
    return RedirectResponse(f"/supplier/webhooks/{delivery.endpoint_id}", 303)
