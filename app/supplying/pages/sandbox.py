"""The sandbox on screen: a key for it, test orders, and how they stand."""

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.catalog.suppliers import require_supplier
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.supplying.sandbox import end_sandbox_keys, make_own_test_order, make_sandbox_key, read_sandbox
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/supplier/sandbox")
def sandbox_page(request: Request, session: SessionDep, actor: SignedIn, form: ExportFormat | None = None) -> Response:
    """Where a supplier's developer gets a key and test orders; `form` gives the latest of them as a file."""
    if form is not None:
        require_supplier(session, actor)
        columns = [Column(_("Order")), Column(_("State"), "status"), Column(_("Sent"), "instant")]
        return Table("sandbox", columns, read_sandbox(session, actor).orders).as_file(form)
    return _page(request, session, actor)


def _page(request: Request, session: Session, actor: Actor, error: str | None = None, secret: str = "") -> Response:
    require_supplier(session, actor)
    return render(
        request,
        "supplying/sandbox.html",
        status_code=422 if error else 200,
        found=read_sandbox(session, actor),
        error=error,
        secret=secret,
    )


@router.post("/supplier/sandbox/keys")
def add_sandbox_key(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Make a key of the sandbox; its text is on this page and nowhere else."""
    try:
        secret = make_sandbox_key(session, actor)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return _page(request, session, actor, secret=secret)


@router.post("/supplier/sandbox/keys/end")
def end_keys_of_sandbox(session: SessionDep, actor: SignedIn) -> Response:
    """End every key of the sandbox that is one's own."""
    require_supplier(session, actor)
    end_sandbox_keys(session, actor)
    return RedirectResponse("/supplier/sandbox", 303)


@router.post("/supplier/sandbox/orders")
def add_test_order(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Make a test order."""
    require_supplier(session, actor)
    try:
        make_own_test_order(session, actor)
    except DomainError as refusal:
        return _page(request, session, actor, say(refusal))
    return RedirectResponse("/supplier/sandbox", 303)
