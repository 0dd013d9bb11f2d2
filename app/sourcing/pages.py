"""The charter's public page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import OptionalActor
from app.sourcing.charter import FIRST_VERSION, Axis
from app.web.edge import TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/charter")
def charter_page(request: Request, actor: OptionalActor) -> Response:
    """What the association asks of goods and suppliers, in plain words."""
    return render(request, "sourcing/charter.html", charter=FIRST_VERSION, axes=list(Axis))
