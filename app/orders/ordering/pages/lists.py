"""Ordering many lines at once: the quick order, lists, ordering again."""

from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.orders.ordering import baskets, lists, standing_orders
from app.orders.ordering.models.member_orders import StandingRhythm
from app.orders.ordering.queries import carts as cart_queries
from app.orders.rounds import queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.post("/orders/{order_id}/again")
def order_again(session: SessionDep, actor: SignedIn, order_id: int, round_id: Annotated[int, Form()]) -> Response:
    """Put an order's lines into the cart again."""
    baskets.order_again(session, actor, order_id, round_id)
    return RedirectResponse("/cart", 303)


@router.post("/orders/{order_id}/change")
def change_order(
    session: SessionDep, actor: SignedIn, order_id: int, version: Annotated[int | None, Form()] = None
) -> Response:
    """Take a placed order back into the cart, to change it."""
    baskets.change_order(session, actor, order_id, version)
    return RedirectResponse("/cart", 303)


@router.get("/lists")
def lists_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """My lists, with what they cost now."""
    actor.require(Permission.PLACE_ORDERS)
    return render(
        request,
        "ordering/lists.html",
        lists=cart_queries.list_rows(session, actor.require_person()),
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
    standing_orders.set_standing(session, actor, list_id, rhythm)
    return RedirectResponse("/lists", 303)


@router.post("/lists/{list_id}/skip")
def skip_next(session: SessionDep, actor: SignedIn, list_id: int, skip: Annotated[bool, Form()] = False) -> Response:
    """Leave the next round out, or do not."""
    standing_orders.set_skip_next(session, actor, list_id, skip)
    return RedirectResponse("/lists", 303)


@router.post("/lists/{list_id}/delete")
def delete_list(session: SessionDep, actor: SignedIn, list_id: int) -> Response:
    """Throw a list away."""
    lists.delete_list(session, actor, list_id)
    return RedirectResponse("/lists", 303)
