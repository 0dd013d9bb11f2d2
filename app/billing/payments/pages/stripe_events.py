"""Where Stripe tells what happened."""

from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import JSONResponse, Response

from app.billing.payments.stripe_events import receive_event
from app.web.edge import RawBody, SessionDep, TransactionRoute

router = APIRouter(route_class=TransactionRoute)


@router.post("/webhooks/stripe")
def stripe_event(session: SessionDep, body: RawBody, stripe_signature: Annotated[str, Header()] = "") -> Response:
    """Take in an event of Stripe's; one that comes again changes nothing."""
    return JSONResponse({"new": receive_event(session, body, stripe_signature)})
