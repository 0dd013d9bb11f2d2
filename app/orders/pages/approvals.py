"""Pages of the company's approver."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.core.pagination import PAGE_SIZE
from app.orders import queries
from app.orders.service import member_orders
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/approvals")
def approvals_page(request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None) -> Response:
    """Orders that wait for this approver, and the company's budgets."""
    return render(
        request,
        "orders/approvals.html",
        page=queries.list_waiting(session, actor, cursor, PAGE_SIZE),
        budgets=queries.list_budgets(session, actor.require_company()),
    )


@router.post("/approvals/{order_id}")
def decide(
    session: SessionDep,
    actor: SignedIn,
    order_id: int,
    decision: Annotated[str, Form()],
    comment: Annotated[str, Form(max_length=500)] = "",
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Approve or reject."""
    member_orders.decide_order(
        session, actor, order_id, approve=decision == "approve", comment=comment, expected_version=version
    )
    return RedirectResponse("/approvals", 303)
