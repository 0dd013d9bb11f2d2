"""The carts of the open rounds, and checking out: what it costs, who will be asked, and until when."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.models import Person
from app.accounts.permissions import Permission
from app.core import clock
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import Page, every_row
from app.orders.ordering import approval_settings, approvals, member_orders, placed_orders
from app.orders.ordering.approval_rules import OrderFacts
from app.orders.ordering.models.member_orders import IfUnfilled
from app.orders.ordering.queries import carts as cart_queries
from app.orders.ordering.queries import orders as order_queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, export
from app.web.forms import typed_whole
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
LINES_A_PAGE = 100


@dataclass(frozen=True)
class ShownCart:
    """A cart with a page of its lines, and the steps that its order would have to pass."""

    cart: cart_queries.CartRow
    page: Page[order_queries.OrderLineRow]
    steps: list[approvals.ForeseenStep]
    over_limit: bool


@router.post("/cart/lines")
def change_cart(
    session: SessionDep,
    actor: SignedIn,
    round_id: Annotated[int, Form()],
    offer_id: Annotated[int, Form()],
    quantity: Annotated[int, Form()],
    tolerance: Annotated[int, Form()] = 0,
    if_unfilled: Annotated[IfUnfilled, Form()] = IfUnfilled.ROLL_OVER,
    accepts_equivalents: Annotated[bool, Form()] = False,
    take_out: Annotated[bool, Form()] = False,
) -> Response:
    """Put an offer into the cart, change it there, or take it out."""
    member_orders.set_cart_line(
        session,
        actor,
        round_id=round_id,
        offer_id=offer_id,
        quantity=0 if take_out else quantity,
        tolerance=tolerance,
        if_unfilled=if_unfilled,
        accepts_equivalents=accepts_equivalents,
    )
    return RedirectResponse("/cart", 303)


@router.get("/cart")
def cart_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cart: int | None = None,
    cursor: str | None = None,
    form: ExportFormat | None = None,
    table: int | None = None,
) -> Response:
    """The carts of the open rounds; `cart` and `cursor` ask for a further page of one that is long.

    `form` and `table` (the cart's number) give all lines of a cart as a file.
    """
    actor.require(Permission.VIEW_PRICES)
    if form is not None and table is not None:
        placed_orders.get_own_order(session, actor, table)
        rows = every_row(lambda at, limit: order_queries.list_order_lines(session, table, at, limit))
        return _lines_as_file(form, f"cart-{table}", rows)
    return _page(request, session, actor, cart, cursor)


def _lines_as_file(form: ExportFormat, name: str, rows: Iterable[order_queries.OrderLineRow]) -> Response:
    header = [_("Supplier"), _("SKU"), _("Article"), _("Wanted"), _("Tolerance"), _("Never above"), _("Price now")]
    lines = (
        (row.supplier, row.sku, row.name, row.quantity, row.tolerance, row.ceiling_price, row.progress.price_now)
        for row in rows
    )
    return export(form, name, header, lines)


def _page(
    request: Request, session: Session, actor: Actor, cart_id: int | None = None, cursor: str | None = None,
    error: str | None = None, reference: str = "",
) -> Response:  # fmt: skip
    limit = session.get_one(Person, actor.require_person()).order_limit
    carts = []
    for cart in cart_queries.list_carts(session, actor):
        over_limit = limit is not None and cart.at_most > limit
        facts = OrderFacts(cart.at_most, cart.line_count, frozenset(cart.category_ids), over_limit)
        page = order_queries.list_order_lines(session, cart.id, cursor if cart.id == cart_id else None, LINES_A_PAGE)
        carts.append(ShownCart(cart, page, approvals.foresee_steps(session, actor, facts), over_limit))
    month = clock.today().replace(day=1)
    budgets = order_queries.list_budgets(session, actor.company_id) if carts and actor.company_id else []
    return render(
        request,
        "ordering/cart.html",
        status_code=422 if error else 200,
        carts=carts,
        centres=approval_settings.list_cost_centres(session, actor) if carts else [],
        limit=limit,
        budgets=[budget for budget in budgets if budget.month == month],
        error=error,
        reference=reference,
    )


@router.post("/cart/{order_id}/submit")
def check_out(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    order_id: int,
    company_reference: Annotated[str, Form(max_length=80)] = "",
    cost_centre_id: Annotated[str, Form()] = "",
    version: Annotated[int | None, Form()] = None,
) -> Response:
    """Place the order; a refusal is shown on the cart, which stays as it was."""
    try:
        with session.begin_nested():
            member_orders.submit_order(
                session,
                actor,
                order_id,
                company_reference=company_reference,
                cost_centre_id=typed_whole(cost_centre_id, "cost_centre_id"),
                expected_version=version,
            )
    except DomainError as error:
        return _page(request, session, actor, error=say(error), reference=company_reference)
    return RedirectResponse(f"/orders/{order_id}?placed=true", 303)
