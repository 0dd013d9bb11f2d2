"""The manager's first page: what needs them today."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.orders import queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/cockpit")
def cockpit_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Rounds that wait for a step, tiers about to be reached, minimums not reached, approvals that are late."""
    actor.require(Permission.MANAGE_ROUNDS)
    rounds = queries.rounds_under_way(session)
    open_ids = [row.id for row in rounds if row.status == "open"]
    return render(
        request,
        "orders/cockpit.html",
        rounds=rounds,
        near_tiers=queries.tiers_nearly_reached(session, open_ids),
        near_packs=queries.packs_nearly_full(session, open_ids),
        waiting=queries.waiting_by_company(session, open_ids),
        under_minimum=queries.suppliers_under_minimum(session, open_ids),
    )
