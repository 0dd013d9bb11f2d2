"""Routes of supplier orders for the association: what they ask, what came, what went back, dearer prices."""

from fastapi import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.orders.consolidation import schemas as consolidation_schemas
from app.orders.consolidation import sending
from app.orders.consolidation.drops import Arrival
from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
from app.orders.fulfilment import acknowledgement, receipts, returns
from app.orders.fulfilment import schemas as fulfilment_schemas
from app.orders.fulfilment.queries import drops as drop_queries
from app.orders.rounds.schemas import Code
from app.orders.rounds.service import get_round, round_key
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.edge import SessionDep

router = api_router("rounds")


@router.get("/rounds/{code}/supplier-orders")
def list_supplier_orders(
    session: SessionDep, actor: SignedIn, code: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[consolidation_schemas.SupplierOrderOut]:
    """The supplier orders of a round."""
    actor.require(Permission.VIEW_COMMISSION)
    round_id = round_key(get_round(session, code))
    return page_out(
        supplier_order_queries.list_supplier_orders(session, round_id, cursor, limit),
        consolidation_schemas.SupplierOrderOut,
    )


@router.get("/supplier-orders/{number}")
def read_supplier_order(
    session: SessionDep, actor: SignedIn, response: Response, number: Code
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """A supplier order with its drops."""
    actor.require(Permission.VIEW_COMMISSION)
    order = supplier_order_queries.get_supplier_order(session, number)
    set_etag(response, order.version)
    shown = consolidation_schemas.SupplierOrderOut.model_validate(order)
    drops = [fulfilment_schemas.DropOut.model_validate(drop) for drop in drop_queries.drops_of(session, order.id)]
    return fulfilment_schemas.SupplierOrderDetailOut(**shown.model_dump(), drops=drops)


@router.get("/supplier-orders/{number}/lines")
def list_supplier_order_lines(
    session: SessionDep, actor: SignedIn, number: Code, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[fulfilment_schemas.SupplierOrderLineOut]:
    """The lines of a supplier order."""
    actor.require(Permission.VIEW_COMMISSION)
    order = supplier_order_queries.get_supplier_order(session, number)
    page = supplier_order_queries.list_supplier_order_lines(session, order.id, cursor, limit)
    return page_out(page, fulfilment_schemas.SupplierOrderLineOut)


@router.post("/supplier-orders/{number}/hand-over")
def hand_over_order(
    session: SessionDep, actor: SignedIn, response: Response, number: Code, version: ExpectedVersion
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """Note that an approved order was given to its supplier on paper or by telephone: it is sent."""
    sending.hand_over(session, actor, number, version)
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/cancel")
def cancel_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Code,
    cancellation: fulfilment_schemas.CancellationIn,
    version: ExpectedVersion,
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """Call an order off before anything of it left: nobody gets anything of it, what may roll over does."""
    acknowledgement.cancel_order(session, actor, number, cancellation.reason, expected_version=version)
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/drops/{park}/receipt")
def record_receipt(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Code,
    park: Code,
    receipt: fulfilment_schemas.ReceiptIn,
    version: ExpectedVersion,
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """Record what arrived at a park; lines not named came whole, but for those promised for a later day."""
    arrivals = [Arrival(**line.model_dump()) for line in receipt.lines]
    receipts.receive_drop(session, actor, number, park, arrivals, rest_came=receipt.rest_came, expected_version=version)
    session.flush()
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/returns")
def record_return(
    session: SessionDep, actor: SignedIn, response: Response, number: Code, given: fulfilment_schemas.ReturnIn
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """Record that a firm does not keep something it received: amounts, commission and invoices follow."""
    returns.record_return(session, actor, number, given.company, given.sku, given.units, given.reason)
    return read_supplier_order(session, actor, response, number)


@router.post("/supplier-orders/{number}/asked-prices/{offer_id}")
def decide_asked_price(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Code,
    offer_id: Id,
    decision: fulfilment_schemas.PriceDecisionIn,
) -> fulfilment_schemas.SupplierOrderDetailOut:
    """Take the dearer price that a supplier asks for a line, or keep the agreed one."""
    acknowledgement.decide_asked_price(session, actor, number, offer_id, accept=decision.accept)
    session.flush()
    return read_supplier_order(session, actor, response, number)
