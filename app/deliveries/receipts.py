"""Recording what arrived at a park: the manager signed in, or the supplier's driver by a link for that drop."""

from typing import Annotated, NamedTuple

from fastapi import APIRouter, Depends, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import OptionalActor, signed_in_actor
from app.accounts.permissions import Permission
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.deliveries import queries
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.models.supplier_orders import Drop, SupplierOrder
from app.orders.fulfilment.acknowledgement import get_supplier_order_of
from app.orders.fulfilment.despatch import CAN_LEAVE, find_drop
from app.orders.fulfilment.receipts import expected_at, receive_by_link, receive_drop
from app.orders.fulfilment.returns import CAN_GO_BACK, Receiver, list_returns, receivers, record_return
from app.orders.fulfilment.supplier_links import follow_driver_link
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import Texts, attempt, typed_quantity
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


class _Counting(NamedTuple):
    """A drop that somebody counts: as whom, of which order, at which park; `token` where a driver came by a link."""

    actor: Actor
    number: str
    park_code: str
    here: str
    token: str | None = None


def _counting(request: Request, session: SessionDep, actor: OptionalActor) -> _Counting:
    given = request.path_params
    if "token" in given:
        driver, number, park_code = follow_driver_link(session, given["token"])
        return _Counting(driver, number, park_code, f"/supplier/receipt/{given['token']}", given["token"])
    actor, number, park_code = signed_in_actor(actor), given["number"], given["park_code"]
    actor.require(Permission.MANAGE_ROUNDS)
    return _Counting(actor, number, park_code, f"/supplier-orders/{number}/receipt/{park_code}")


ADrop = Annotated[_Counting, Depends(_counting)]


@router.get("/supplier-orders/{number}/receipt/{park_code}")
@router.get("/supplier/receipt/{token}")
def receipt_page(request: Request, session: SessionDep, counting: ADrop, form: ExportFormat | None = None) -> Response:
    """What is to come of a supplier order to a park, to be counted; `form` gives what came as a file."""
    if form is not None:
        order = get_supplier_order_of(session, counting.actor, counting.number)
        drop = find_drop(session, order, counting.park_code)
        columns = [Column(_("SKU")), Column(_("Article")), Column(_("Ordered"), "number"), Column(_("Good"), "number")]
        columns += [Column(_("Damaged"), "number"), Column(_("Note"))]
        name = f"{counting.number}-{counting.park_code}"
        return Table(name, columns, queries.arrived_lines(session, drop.id or 0)).as_file(form)
    return _receipt(request, session, counting)


def _receipt(request: Request, session: Session, counting: _Counting, error: str | None = None) -> Response:
    order = get_supplier_order_of(session, counting.actor, counting.number)
    drop = find_drop(session, order, counting.park_code)
    round_code, supplier, park = queries.names_of_drop(session, drop.id or 0)
    return render(
        request,
        "deliveries/receipt.html",
        status_code=422 if error else 200,
        actor=None if counting.token else counting.actor,
        by_link=counting.token is not None,
        here=counting.here,
        order=order,
        drop=drop,
        round_code=round_code,
        supplier=supplier,
        park=park,
        open_to_receipt=order.status in CAN_LEAVE and drop.received_at is None,
        expected=expected_at(session, drop),
        arrived=queries.arrived_lines(session, drop.id or 0),
        receivers=_receivers(session, counting, order, drop),
        returned=[] if counting.token else list_returns(session, order.id or 0, drop.park_id),
        error=error,
    )


def _receivers(session: Session, counting: _Counting, order: SupplierOrder, drop: Drop) -> list[Receiver]:
    """Who can give something back: nobody who came by a link sees who bought what."""
    if counting.token or order.status not in CAN_GO_BACK:
        return []
    return receivers(session, order.id or 0, drop.park_id)


@router.post("/supplier-orders/{number}/receipt/{park_code}/returns")
def give_back(
    request: Request,
    session: SessionDep,
    counting: ADrop,
    company: Annotated[str, Form(max_length=40)] = "",
    sku: Annotated[str, Form(max_length=80)] = "",
    units: Annotated[str, Form(max_length=12)] = "",
    reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """Record that a firm does not keep something: it went back, or was missing when it was unpacked."""

    def take() -> None:
        gone = typed_quantity(units, sku) or 0
        record_return(session, counting.actor, counting.number, company, sku.strip(), gone, reason)

    return attempt(session, take, lambda error: _receipt(request, session, counting, error), counting.here)


@router.post("/supplier-orders/{number}/receipt/{park_code}")
@router.post("/supplier/receipt/{token}")
def record_receipt(
    request: Request,
    session: SessionDep,
    counting: ADrop,
    sku: Texts = [],  # noqa: B006 - FastAPI copies it
    good: Texts = [],  # noqa: B006
    damaged: Texts = [],  # noqa: B006
    note: Texts = [],  # noqa: B006
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Record what came; a line whose quantity is emptied is not there yet."""
    try:
        with session.begin_nested():
            arrivals = [
                Arrival(one, units, typed_quantity(broken, one) or 0, words)
                for one, typed, broken, words in zip(sku, good, damaged, note, strict=True)
                if (units := typed_quantity(typed, one)) is not None
            ]
            if not arrivals:
                raise InvalidInput("Say what came.", field="good")
            if counting.token:
                receive_by_link(session, counting.token, arrivals, expected_version=version)
            else:
                actor, number, park = counting.actor, counting.number, counting.park_code
                receive_drop(session, actor, number, park, arrivals, rest_came=False, expected_version=version)
    except DomainError as refusal:
        return _receipt(request, session, counting, say(refusal))
    return RedirectResponse(counting.here, 303)
