"""Which order a supplier has open, and by which door: signed in, or by the link of a letter."""

from typing import Annotated, NamedTuple

from fastapi import Depends, Request

from app.accounts.actor import Actor
from app.accounts.authentication import OptionalActor, signed_in_actor
from app.catalog.suppliers import require_supplier
from app.orders.fulfilment.supplier_links import follow_order_link
from app.web.edge import SessionDep


class Opened(NamedTuple):
    """An order that somebody has open: as whom, which, and where its pages are."""

    actor: Actor
    number: str
    here: str
    by_mail: bool = False


def _open(request: Request, session: SessionDep, actor: OptionalActor) -> Opened:
    token = request.path_params.get("token")
    if token is not None:
        speaker, number = follow_order_link(session, token)
        return Opened(speaker, number, f"/supplier/by-mail/{token}", by_mail=True)
    actor, number = signed_in_actor(actor), request.path_params["number"]
    require_supplier(session, actor)
    return Opened(actor, number, f"/supplier/orders/{number}")


AnOrder = Annotated[Opened, Depends(_open)]
