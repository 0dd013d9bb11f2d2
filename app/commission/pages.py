"""The treasurer's page: commission rules and the books."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.queries import list_categories, list_suppliers
from app.commission import ledger, queries, service
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import typed_amount
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/commission")
def commission_page(request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None) -> Response:
    """Rules, balances and the journal."""
    return _page(request, session, actor, cursor)


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None
) -> Response:
    actor.require(Permission.VIEW_COMMISSION)
    return render(
        request,
        "commission/commission.html",
        status_code=422 if error else 200,
        error=error,
        suppliers=list_suppliers(session, None, 200).items,
        categories=list_categories(session),
        rules=queries.list_rules(session),
        balances=ledger.trial_balance(session),
        page=queries.list_postings(session, cursor, PAGE_SIZE),
    )


@router.post("/commission/rules")
def add_rule(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    percent: Annotated[str, Form(max_length=20)] = "",
    supplier_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
    category_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
    minimum: Annotated[str, Form(max_length=20)] = "",
    maximum: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Add a commission rule; it holds for rounds that close from then on."""
    try:
        with session.begin_nested():
            rate = typed_amount(percent, "percent")
            if rate is None:
                raise InvalidInput("A rule needs a rate in percent.", field="percent")
            service.create_rule(
                session,
                actor,
                percent=rate,
                supplier_id=int(supplier_id) if supplier_id else None,
                category_id=int(category_id) if category_id else None,
                minimum=typed_amount(minimum, "minimum"),
                maximum=typed_amount(maximum, "maximum"),
            )
    except DomainError as refusal:
        return _page(request, session, actor, error=say(refusal))
    return RedirectResponse("/commission", 303)
