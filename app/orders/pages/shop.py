"""Pages of the shop: home, catalogue, product, cart, checkout, my orders."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import OptionalActor, SignedIn
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.catalog import queries as catalog
from app.catalog.assortment import hidden_from
from app.catalog.queries import CatalogFilter, ProductRow, Sort
from app.catalog.service import require_prices
from app.core.errors import InvalidInput, NotSignedIn
from app.core.pagination import PAGE_SIZE, every_row
from app.orders import queries
from app.orders.pages import exports
from app.orders.pages.comparing import chosen
from app.orders.pages.showing import ShownOffer, shown_offers, sources_of
from app.orders.service import conversation, member_orders, placed_orders
from app.sourcing.scores import explain
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import typed_amount
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)

PRODUCTS_A_PAGE = 24
LINES_A_PAGE = 100
OptionalNumber = Annotated[int | None, Query(ge=1, le=2_147_483_647)]


@dataclass(frozen=True)
class ShownProduct:
    """A product of the list with its best offer now."""

    product: ProductRow
    best: ShownOffer
    offer_count: int


def home_page(request: Request, session: Session, actor: Actor) -> Response:
    """The first page of whoever signed in: open rounds, and their own last orders; for suppliers, orders for them."""
    if actor.may(Permission.SUPPLY):
        return RedirectResponse("/supplier/orders", 303)
    orders = queries.list_orders(session, actor, None, 5) if actor.may(Permission.PLACE_ORDERS) else None
    return render(
        request,
        "orders/home.html",
        association=get_association(session),
        rounds=queries.open_rounds(session),
        orders=orders,
        announcements=conversation.announcements(session),
    )


@router.get("/catalogue")
def catalogue(
    request: Request,
    session: SessionDep,
    actor: OptionalActor,
    q: Annotated[str, Query(max_length=200)] = "",
    category: OptionalNumber = None,
    supplier: OptionalNumber = None,
    max_price: Annotated[str, Query(max_length=20)] = "",
    grade: Annotated[str | None, Query(pattern="^[A-E]$")] = None,
    sort: Sort = Sort.RELEVANCE,
    cursor: str | None = None,
) -> Response:
    """The catalogue: search, facets, group prices."""
    try:
        require_prices(session, actor)
    except NotSignedIn:
        return RedirectResponse("/sign-in?next=/catalogue", 303)
    hidden = hidden_from(session, actor)
    try:
        highest = typed_amount(max_price, "max_price")
    except InvalidInput:
        highest = None  # what is no amount narrows nothing down; it stays in its field
    wanted = CatalogFilter(q, category, supplier, highest, grade, hidden)
    search = catalog.find(session, wanted)
    page = catalog.list_products(session, wanted, sort, cursor, PRODUCTS_A_PAGE, search)
    current = next(iter(queries.open_rounds(session)), None)
    offers = catalog.offers_of(session, [product.id for product in page.items], hidden)
    by_product: dict[int, list[ShownOffer]] = {}
    for shown in shown_offers(session, offers, current):
        by_product.setdefault(shown.offer.product_id, []).append(shown)
    products = [
        ShownProduct(
            product, min(by_product[product.id], key=lambda o: o.progress.price_now), len(by_product[product.id])
        )
        for product in page.items
    ]
    return render(
        request,
        "orders/catalogue.html",
        products=products,
        page=page,
        facets=catalog.count_facets(session, wanted, search),
        wanted=wanted,
        max_price=max_price,
        sort=sort,
        sorts=list(Sort),
        round=current,
        compared=chosen(request),
    )


@router.get("/products/{product_id}")
def product_page(request: Request, session: SessionDep, actor: OptionalActor, product_id: int) -> Response:
    """A product: its offers side by side, and the group's progress."""
    require_prices(session, actor)
    product = catalog.get_product(session, product_id, hidden_from(session, actor))
    rounds = queries.open_rounds(session)
    offers = shown_offers(session, product.offers, rounds[0] if rounds else None)
    return render(
        request,
        "orders/product.html",
        product=product,
        offers=offers,
        rounds=rounds,
        compared=chosen(request),
        why=explain(session, product.offers),
        sources=sources_of(session, actor, list({offer.supplier_id: None for offer in product.offers})),
    )


@router.get("/orders")
def orders_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    of_company: bool = False,
    form: ExportFormat | None = None,
) -> Response:
    """My orders, or the company's for its approver; on screen or as a file."""
    actor.require(Permission.VIEW_PRICES)
    if form is not None:
        rows = every_row(lambda at, limit: queries.list_orders(session, actor, at, limit, of_company=of_company))
        return exports.orders_table("orders", rows, with_people=of_company).as_file(form)
    page = queries.list_orders(session, actor, cursor, PAGE_SIZE, of_company=of_company)
    table = exports.orders_table("", page.items, with_people=of_company)
    return render(request, "orders/orders.html", page=page, table=table, of_company=of_company)


@router.get("/orders/{order_id}")
def order_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    order_id: int,
    placed: bool = False,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """One order: its lines, its approval, and why shares were cut; `form` gives the lines as a file."""
    stored = placed_orders.get_own_order(session, actor, order_id)
    if form is not None:
        rows = every_row(lambda at, limit: queries.list_order_lines(session, order_id, at, limit))
        return exports.order_lines(form, stored.reference, rows)
    return render(
        request,
        "orders/order.html",
        order=queries.get_order_row(session, order_id),
        own=stored.person_id == actor.person_id,
        page=queries.list_order_lines(session, order_id, cursor, LINES_A_PAGE),
        approvals=queries.approvals_of(session, order_id),
        journey=queries.journey_of(session, order_id),
        comments=queries.comments_on(session, order_id),
        rounds=queries.open_rounds(session),
        placed=placed,
    )


@router.post("/orders/{order_id}/withdraw")
def withdraw(session: SessionDep, actor: SignedIn, order_id: int) -> Response:
    """Cancel an order until the cut-off."""
    member_orders.withdraw_order(session, actor, order_id)
    return RedirectResponse(f"/orders/{order_id}", 303)


@router.post("/orders/{order_id}/comments")
def comment(
    session: SessionDep, actor: SignedIn, order_id: int, words: Annotated[str, Form(max_length=1000)] = ""
) -> Response:
    """Say something about an order."""
    conversation.comment_on_order(session, actor, order_id, words)
    return RedirectResponse(f"/orders/{order_id}#comments", 303)
