"""Quick order: pasted lines, or a sheet."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import say
from app.orders.ordering import baskets
from app.orders.ordering.order_columns import typed_lines_of
from app.orders.rounds import queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/quick-order")
def quick_order_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Lines to type or paste, or a sheet to send."""
    actor.require(Permission.PLACE_ORDERS)
    rounds = queries.open_rounds(session)
    return render(request, "ordering/quick_order.html", rounds=rounds, typed="", bad_lines=[], error=None)


@router.post("/quick-order")
def quick_order(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    round_id: Annotated[int, Form()],
    typed: Annotated[str, Form(max_length=200_000)] = "",
    skip_bad_lines: Annotated[bool, Form()] = False,
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Put what is typed or sent into the cart; bad lines come back with their cure, and nothing is taken."""
    bad_lines: list[baskets.BadLine] = []
    error = None
    try:
        with session.begin_nested():
            if file is not None and file.filename:
                typed = typed_lines_of(file.file.read(), file.filename)
            order = baskets.read_quick_order(session, actor, typed)
            bad_lines = order.bad_lines
            if order.wishes and (skip_bad_lines or not bad_lines):
                baskets.fill_cart(session, actor, round_id, order.wishes)
                return RedirectResponse("/cart", 303)
    except DomainError as refusal:
        error = say(refusal)
    return render(
        request,
        "ordering/quick_order.html",
        status_code=422,
        rounds=queries.open_rounds(session),
        typed=typed,
        bad_lines=bad_lines,
        error=error,
    )
