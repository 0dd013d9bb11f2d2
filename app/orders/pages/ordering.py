"""Ordering many lines at once: the quick order, lists, ordering again."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import say
from app.orders import queries
from app.orders.exchange import typed_lines_of
from app.orders.models import StandingRhythm
from app.orders.service import carts, lists, standing
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/quick-order")
def quick_order_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Lines to type or paste, or a sheet to send."""
    actor.require(Permission.PLACE_ORDERS)
    rounds = queries.open_rounds(session)
    return render(request, "orders/quick_order.html", rounds=rounds, typed="", bad_lines=[], error=None)


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
    bad_lines: list[carts.BadLine] = []
    error = None
    try:
        with session.begin_nested():
            if file is not None and file.filename:
                typed = typed_lines_of(file.file.read(), file.filename)
            order = carts.read_quick_order(session, actor, typed)
            bad_lines = order.bad_lines
            if order.wishes and (skip_bad_lines or not bad_lines):
                carts.fill_cart(session, actor, round_id, order.wishes)
                return RedirectResponse("/cart", 303)
    except DomainError as refusal:
        error = say(refusal)
    return render(
        request,
        "orders/quick_order.html",
        status_code=422,
        rounds=queries.open_rounds(session),
        typed=typed,
        bad_lines=bad_lines,
        error=error,
    )


@router.post("/orders/{order_id}/again")
def order_again(session: SessionDep, actor: SignedIn, order_id: int, round_id: Annotated[int, Form()]) -> Response:
    """Put an order's lines into the cart again."""
    carts.order_again(session, actor, order_id, round_id)
    return RedirectResponse("/cart", 303)


@router.post("/orders/{order_id}/change")
def change_order(
    session: SessionDep, actor: SignedIn, order_id: int, version: Annotated[int | None, Form()] = None
) -> Response:
    """Take a placed order back into the cart, to change it."""
    carts.change_order(session, actor, order_id, version)
    return RedirectResponse("/cart", 303)


@router.get("/lists")
def lists_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """My lists, with what they cost now."""
    actor.require(Permission.PLACE_ORDERS)
    return render(
        request,
        "orders/lists.html",
        lists=queries.list_rows(session, actor.require_person()),
        rounds=queries.open_rounds(session),
    )


@router.post("/orders/{order_id}/list")
def save_as_list(
    session: SessionDep, actor: SignedIn, order_id: int, name: Annotated[str, Form(max_length=100)] = ""
) -> Response:
    """Keep a cart or an order as a list."""
    lists.save_as_list(session, actor, order_id, name)
    return RedirectResponse("/lists", 303)


@router.post("/lists/{list_id}/order")
def order_list(session: SessionDep, actor: SignedIn, list_id: int, round_id: Annotated[int, Form()]) -> Response:
    """Put a list into the cart."""
    lists.order_list(session, actor, list_id, round_id)
    return RedirectResponse("/cart", 303)


@router.post("/lists/{list_id}/standing")
def set_standing(
    session: SessionDep, actor: SignedIn, list_id: int, rhythm: Annotated[StandingRhythm, Form()]
) -> Response:
    """Let a list order itself, or stop it."""
    standing.set_standing(session, actor, list_id, rhythm)
    return RedirectResponse("/lists", 303)


@router.post("/lists/{list_id}/skip")
def skip_next(session: SessionDep, actor: SignedIn, list_id: int, skip: Annotated[bool, Form()] = False) -> Response:
    """Leave the next round out, or do not."""
    standing.set_skip_next(session, actor, list_id, skip)
    return RedirectResponse("/lists", 303)


@router.post("/lists/{list_id}/delete")
def delete_list(session: SessionDep, actor: SignedIn, list_id: int) -> Response:
    """Throw a list away."""
    lists.delete_list(session, actor, list_id)
    return RedirectResponse("/lists", 303)
