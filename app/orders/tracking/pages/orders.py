"""Pages of member orders: the list, one order with its journey, what became of its lines, comments."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.pagination import PAGE_SIZE, every_row
from app.orders.ordering import comments, member_orders, placed_orders
from app.orders.ordering.approvals import may_decide
from app.orders.ordering.approvers import approvers_of
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds import queries
from app.orders.tracking.pages import exports
from app.orders.tracking.queries import journeys as journey_queries
from app.orders.tracking.queries.served_lines import list_served_lines
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
LINES_A_PAGE = 100


@router.get("/orders")
def orders_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    of_company: bool = False,
    form: ExportFormat | None = None,
) -> Response:
    """My orders, or the company's for its approver; on screen or as a file."""
    actor.require(Permission.VIEW_PRICES)
    if form is not None:
        rows = every_row(lambda at, limit: order_queries.list_orders(session, actor, at, limit, of_company=of_company))
        return exports.orders_table("orders", rows, with_people=of_company).as_file(form)
    page = order_queries.list_orders(session, actor, cursor, PAGE_SIZE, of_company=of_company)
    table = exports.orders_table("", page.items, with_people=of_company)
    return render(request, "tracking/orders.html", page=page, table=table, of_company=of_company)


@router.get("/orders/{order_id}")
def order_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    order_id: int,
    placed: bool = False,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """One order: its lines, its approval, and why shares were cut; `form` gives the lines as a file."""
    stored = placed_orders.get_own_order(session, actor, order_id)
    if form is not None:
        rows = every_row(lambda at, limit: list_served_lines(session, order_id, at, limit))
        return exports.order_lines(form, stored.reference, rows)
    return render(
        request,
        "tracking/order.html",
        order=order_queries.get_order_row(session, order_id),
        own=stored.person_id == actor.person_id,
        page=list_served_lines(session, order_id, cursor, LINES_A_PAGE),
        approvals=order_queries.approvals_of(session, order_id),
        journey=journey_queries.journey_of(session, order_id),
        comments=order_queries.comments_on(session, order_id),
        decides=may_decide(session, actor, stored),
        by_association=not approvers_of(session, stored),
        rounds=queries.open_rounds(session),
        placed=placed,
    )


@router.post("/orders/{order_id}/withdraw")
def withdraw(session: SessionDep, actor: SignedIn, order_id: int) -> Response:
    """Cancel an order until the cut-off."""
    member_orders.withdraw_order(session, actor, order_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/comments")
def comment(
    session: SessionDep, actor: SignedIn, order_id: int, words: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Say something about an order."""
    comments.comment_on_order(session, actor, order_id, words)
    return RedirectResponse(f"/orders/{order_id}#comments", 303)
