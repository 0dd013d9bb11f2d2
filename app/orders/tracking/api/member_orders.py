"""Routes of member orders: the cart, checkout, approval inside the company, withdrawal."""

from fastapi import Response
from sqlmodel import Session

from app.accounts.authentication import SignedIn
from app.core.errors import NotFound
from app.orders.ordering import approvals, member_orders, placed_orders
from app.orders.ordering import schemas as ordering_schemas
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds.schemas import Code
from app.orders.rounds.service import get_round, round_key
from app.orders.tracking import schemas
from app.orders.tracking.queries.served_lines import list_served_lines
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Id, Limit, PageOut, api_router, page_out, set_etag
from app.web.edge import SessionDep

router = api_router("orders")


def _detail(session: Session, response: Response, order_id: int) -> schemas.OrderDetailOut:
    order = order_queries.get_order_row(session, order_id)
    lines = list_served_lines(session, order_id, None, DEFAULT_LIMIT)
    set_etag(response, order.version)
    return schemas.OrderDetailOut(
        **schemas.OrderOut.model_validate(order).model_dump(),
        approvals=[
            ordering_schemas.ApprovalOut.model_validate(step) for step in order_queries.approvals_of(session, order_id)
        ],
        lines=[schemas.OrderLineOut.model_validate(line) for line in lines.items],
        next_lines_cursor=lines.next_cursor,
    )


@router.get("/rounds/{code}/cart")
def read_cart(session: SessionDep, actor: SignedIn, response: Response, code: Code) -> schemas.OrderDetailOut:
    """My cart in a round."""
    cart_id = order_queries.cart_id_of(session, actor.require_person(), round_key(get_round(session, code)))
    if cart_id is None:
        raise NotFound("You have no cart in this round.")
    return _detail(session, response, cart_id)


@router.put("/rounds/{code}/cart/lines/{offer_id}")
def set_cart_line(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    code: Code,
    offer_id: Id,
    line: ordering_schemas.CartLineIn,
) -> schemas.OrderDetailOut:
    """Put an offer into my cart, change it there, or take it out with quantity 0."""
    cart = member_orders.set_cart_line(
        session, actor, round_id=round_key(get_round(session, code)), offer_id=offer_id, **line.model_dump()
    )
    return _detail(session, response, placed_orders.order_key(cart))


@router.get("/orders")
def list_orders(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT, of_company: bool = False
) -> PageOut[schemas.OrderOut]:
    """My placed orders, the newest first; those of the company for its approver."""
    page = order_queries.list_orders(session, actor, cursor, limit, of_company=of_company)
    return page_out(page, schemas.OrderOut)


@router.get("/orders/{order_id}")
def read_order(session: SessionDep, actor: SignedIn, response: Response, order_id: Id) -> schemas.OrderDetailOut:
    """One order."""
    placed_orders.get_own_order(session, actor, order_id)
    return _detail(session, response, order_id)


@router.get("/orders/{order_id}/lines")
def list_order_lines(
    session: SessionDep, actor: SignedIn, order_id: Id, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.OrderLineOut]:
    """The lines of an order."""
    placed_orders.get_own_order(session, actor, order_id)
    return page_out(list_served_lines(session, order_id, cursor, limit), schemas.OrderLineOut)


@router.post("/orders/{order_id}/submit")
def submit_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    order_id: Id,
    checkout: ordering_schemas.CheckoutIn,
    version: ExpectedVersion,
) -> schemas.OrderDetailOut:
    """Check out: place the cart in its round."""
    member_orders.submit_order(session, actor, order_id, **checkout.model_dump(), expected_version=version)
    return _detail(session, response, order_id)


@router.post("/orders/{order_id}/withdraw")
def withdraw_order(
    session: SessionDep, actor: SignedIn, response: Response, order_id: Id, version: ExpectedVersion
) -> schemas.OrderDetailOut:
    """Cancel an order of mine, until the cut-off."""
    member_orders.withdraw_order(session, actor, order_id, version)
    return _detail(session, response, order_id)


@router.get("/approvals")
def list_approvals(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.OrderOut]:
    """Orders of my company whose next step is mine to decide."""
    return page_out(order_queries.list_waiting(session, actor, cursor, limit), schemas.OrderOut)


@router.post("/orders/{order_id}/decision")
def decide_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    order_id: Id,
    decision: ordering_schemas.DecisionIn,
    version: ExpectedVersion,
) -> schemas.OrderDetailOut:
    """Approve or reject the next step of an order of my company."""
    approvals.decide_order(session, actor, order_id, **decision.model_dump(), expected_version=version)
    return _detail(session, response, order_id)
