"""Where a supplier's system wants to be told, how telling went, and telling again."""

from datetime import datetime

from fastapi import Response
from pydantic import BaseModel, Field
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Scope
from app.orders.consolidation.supplier_events import SupplierEvent
from app.supplying import queries, webhooks
from app.supplying.api.access import supplier_within
from app.supplying.models.webhooks import DeliveryStatus, WebhookEndpoint
from app.web.api import DEFAULT_LIMIT, Cursor, Id, Limit, PageOut, api_router, page_out
from app.web.bodies import Body, Flag, Out, Text
from app.web.edge import SessionDep

router = api_router("supplier")


class EndpointIn(Body):
    """An address to be told."""

    url: Text = Field(max_length=2000, examples=["https://erp.vosges.example/engrenages"])
    event_types: list[SupplierEvent] = Field(default_factory=list, max_length=20, description="Empty: everything")


class EndpointOut(Out):
    """An address that is told. `secret` verifies what comes (Standard Webhooks, `whsec_…`)."""

    id: int
    url: str
    event_types: list[str]
    secret: str
    active: bool
    disabled_because: str
    created_at: datetime
    old_secret_until: datetime | None = Field(description="Until then messages are signed with the old secret too")


class EndpointChange(Body):
    """Stop telling an address, or begin again."""

    active: Flag


class DeliveryOut(Out):
    """A message on its way to an address; `message_id` is its `webhook-id`, the same at every try."""

    id: int
    message_id: str
    type: str
    payload: str
    status: DeliveryStatus
    created_at: datetime
    attempt_count: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_status_code: int | None
    last_error: str | None
    last_duration_ms: int | None


class ReplayedOut(BaseModel):
    """How many messages are sent again."""

    count: int


@router.get("/supplier/webhooks")
def list_webhooks(session: SessionDep, actor: SignedIn) -> list[EndpointOut]:
    """My addresses."""
    supplier_id = supplier_within(session, actor, Scope.ORDERS_READ)
    return [EndpointOut.model_validate(row) for row in queries.list_endpoints(session, supplier_id)]


@router.post("/supplier/webhooks", status_code=201)
def add_webhook(session: SessionDep, actor: SignedIn, response: Response, endpoint: EndpointIn) -> EndpointOut:
    """Name an address: https, and not in a private network. At most ten."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    added = webhooks.add_endpoint(session, actor, endpoint.url, endpoint.event_types)
    response.headers["Location"] = f"/api/v1/supplier/webhooks/{added.id}"
    return EndpointOut.model_validate(added)


@router.patch("/supplier/webhooks/{endpoint_id}")
def change_webhook(session: SessionDep, actor: SignedIn, endpoint_id: Id, change: EndpointChange) -> EndpointOut:
    """Stop telling an address, or begin again: what was not told meanwhile is sent then."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    return _out(session, webhooks.set_endpoint_active(session, actor, endpoint_id, change.active))


@router.delete("/supplier/webhooks/{endpoint_id}", status_code=204)
def remove_webhook(session: SessionDep, actor: SignedIn, endpoint_id: Id) -> None:
    """Forget an address and its log."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    webhooks.remove_endpoint(session, actor, endpoint_id)


@router.post("/supplier/webhooks/{endpoint_id}/secret")
def rotate_webhook_secret(session: SessionDep, actor: SignedIn, endpoint_id: Id) -> EndpointOut:
    """A new secret; for a day messages are signed with the old one too."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    return _out(session, webhooks.rotate_secret(session, actor, endpoint_id))


@router.post("/supplier/webhooks/{endpoint_id}/test", status_code=202)
def test_webhook(session: SessionDep, actor: SignedIn, endpoint_id: Id) -> ReplayedOut:
    """Send an address a message of type `test`."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    webhooks.send_test(session, actor, endpoint_id)
    return ReplayedOut(count=1)


@router.get("/supplier/webhooks/{endpoint_id}/deliveries")
def list_webhook_deliveries(
    session: SessionDep,
    actor: SignedIn,
    endpoint_id: Id,
    status: DeliveryStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[DeliveryOut]:
    """The log of an address, the newest first."""
    supplier_within(session, actor, Scope.ORDERS_READ)
    webhooks.get_endpoint(session, actor, endpoint_id)
    return page_out(queries.list_deliveries(session, endpoint_id, cursor, limit, status=status), DeliveryOut)


@router.post("/supplier/webhooks/{endpoint_id}/replay", status_code=202)
def replay_failed_webhooks(session: SessionDep, actor: SignedIn, endpoint_id: Id) -> ReplayedOut:
    """Send again everything that this address never took."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    return ReplayedOut(count=webhooks.replay_failed(session, actor, endpoint_id))


@router.post("/supplier/webhook-deliveries/{delivery_id}/replay", status_code=202)
def replay_webhook(session: SessionDep, actor: SignedIn, delivery_id: Id) -> ReplayedOut:
    """Send one message again, whatever became of it."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    webhooks.replay(session, actor, delivery_id)
    return ReplayedOut(count=1)


def _out(session: Session, endpoint: WebhookEndpoint) -> EndpointOut:
    session.flush()
    return EndpointOut.model_validate(endpoint)
