"""Test orders, with a key of the sandbox: made on demand, and received as the association would."""

from fastapi import Response
from pydantic import BaseModel

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Scope
from app.supplying.api.access import supplier_within
from app.supplying.sandbox import make_test_order, receive_test_order
from app.supplying.schemas import Number
from app.web.api import api_router
from app.web.edge import SessionDep

router = api_router("supplier")


class SandboxOrderOut(BaseModel):
    """A test order, by its number."""

    number: str
    status: str


@router.post("/supplier/sandbox/orders", status_code=201)
def make_own_test_order(session: SessionDep, actor: SignedIn, response: Response) -> SandboxOrderOut:
    """Make a test order of up to five of my offers, sent to me at once. With keys of the sandbox alone."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    order = make_test_order(session, actor)
    response.headers["Location"] = f"/api/v1/supplier/orders/{order.number}"
    return SandboxOrderOut(number=order.number, status=order.status)


@router.post("/supplier/sandbox/orders/{number}/receipt")
def receive_own_test_order(session: SessionDep, actor: SignedIn, number: Number) -> SandboxOrderOut:
    """Let all of a test order arrive, as the association would record it. With keys of the sandbox alone."""
    supplier_within(session, actor, Scope.ORDERS_WRITE)
    order = receive_test_order(session, actor, number)
    return SandboxOrderOut(number=order.number, status=order.status)
