"""Where Stripe tells what happened."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Request
from fastapi.responses import JSONResponse, Response

from app.billing.service.stripe_events import receive_event
from app.web.edge import SessionDep, TransactionRoute

router = APIRouter(route_class=TransactionRoute)


async def _body(request: Request) -> bytes:
    """The body as it was sent: the signature is of its bytes."""
    return await request.body()


@router.post("/webhooks/stripe")
def stripe_event(
    session: SessionDep, body: Annotated[bytes, Depends(_body)], stripe_signature: Annotated[str, Header()] = ""
) -> Response:
    """Take in an event of Stripe's; one that comes again changes nothing."""
    return JSONResponse({"new": receive_event(session, body, stripe_signature)})
