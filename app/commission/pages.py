"""The treasurer's page: commission rules and the books."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.commission import ledger, queries
from app.core.pagination import PAGE_SIZE
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/commission")
def commission_page(request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None) -> Response:
    """Rules, balances and the journal."""
    actor.require(Permission.VIEW_COMMISSION)
    return render(
        request,
        "commission/commission.html",
        rules=queries.list_rules(session),
        balances=ledger.trial_balance(session),
        page=queries.list_postings(session, cursor, PAGE_SIZE),
    )
