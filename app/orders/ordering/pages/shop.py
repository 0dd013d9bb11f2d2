"""Pages of the shop: home, catalogue, product, cart, checkout, my orders."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import announcements
from app.accounts.actor import Actor
from app.accounts.authentication import OptionalActor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.catalog import queries as catalog
from app.catalog.assortment import hidden_from
from app.catalog.queries import CatalogFilter, ProductRow, Sort
from app.catalog.service import require_prices
from app.core.errors import InvalidInput, NotSignedIn
from app.orders.ordering.pages.comparison import chosen
from app.orders.ordering.pages.offer_cards import ShownOffer, shown_offers, sources_of
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds import queries
from app.sourcing.charter.stored_scores import explain
from app.web.edge import SessionDep, TransactionRoute
from app.web.forms import typed_amount
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)

PRODUCTS_A_PAGE = 24
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
    orders = order_queries.list_orders(session, actor, None, 5) if actor.may(Permission.PLACE_ORDERS) else None
    return render(
        request,
        "ordering/home.html",
        association=get_association(session),
        rounds=queries.open_rounds(session),
        orders=orders,
        announcements=announcements.announcements(session),
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
        "ordering/catalogue.html",
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
        "ordering/product.html",
        product=product,
        offers=offers,
        rounds=rounds,
        compared=chosen(request),
        why=explain(session, product.offers),
        sources=sources_of(session, actor, list({offer.supplier_id: None for offer in product.offers})),
    )
