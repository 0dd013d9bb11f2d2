"""Offers side by side: up to four, kept in a cookie while one looks around; an address of its own to pass on."""

import re
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import OptionalActor
from app.catalog import queries as catalog
from app.catalog.assortment import hidden_from
from app.catalog.service import require_prices
from app.orders import queries
from app.orders.pages.showing import shown_offers
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import local_address
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)

MOST = 4
COOKIE = "compare"
_KEPT_SECONDS = 7 * 24 * 3600
_NUMBERS = re.compile(r"\d{1,9}")


def chosen(request: Request) -> list[int]:
    """The offers that this browser compares."""
    return _offer_ids(request.cookies.get(COOKIE, ""))


def _offer_ids(value: str) -> list[int]:
    return list(dict.fromkeys(int(number) for number in _NUMBERS.findall(value)))[:MOST]


@router.get("/compare")
def compare_page(
    request: Request,
    session: SessionDep,
    actor: OptionalActor,
    offers: Annotated[str, Query(max_length=60)] = "",
    full: bool = False,
) -> Response:
    """The offers of the address (`offers=1-2-3`), or those that this browser compares, side by side."""
    require_prices(session, actor)
    rounds = queries.open_rounds(session)
    wanted = _offer_ids(offers) if offers else chosen(request)
    found = catalog.get_offers(session, wanted, hidden_from(session, actor))
    return render(
        request,
        "orders/compare.html",
        shown=shown_offers(session, found, rounds[0] if rounds else None),
        round=rounds[0] if rounds else None,
        kept=chosen(request),
        full=full,
        most=MOST,
    )


@router.post("/compare")
def change_comparison(
    request: Request,
    offer_id: Annotated[int, Form(ge=1, le=2_147_483_647)],
    take_out: Annotated[bool, Form()] = False,
    next: Annotated[str, Form(max_length=2000)] = "/compare",  # noqa: A002 - the usual name
) -> Response:
    """Put an offer into the comparison, or take it out; a fifth one is not taken, and the page says so."""
    kept = [offer for offer in chosen(request) if offer != offer_id]
    if not take_out:
        if len(kept) == MOST:
            return RedirectResponse("/compare?full=true", 303)
        kept.append(offer_id)
    response = RedirectResponse(local_address(next, "/compare"), 303)
    response.set_cookie(COOKIE, "-".join(map(str, kept)), max_age=_KEPT_SECONDS, httponly=True, samesite="lax")
    return response
