"""Pages of the shop: home, catalogue, product, cart, checkout, my orders."""

from dataclasses import dataclass
from decimal import Decimal
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
from app.core.errors import DomainError, NotSignedIn
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.orders import queries
from app.orders.consolidation import PriceTier, Terms
from app.orders.models import IfUnfilled
from app.orders.pages import exports
from app.orders.pages.comparing import chosen
from app.orders.pages.showing import ShownOffer, shown_offers, sources_of
from app.orders.service import company_rules, conversation, member_orders, placed_orders
from app.orders.service.rounds import round_key
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
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
    """The first page of whoever signed in: open rounds, and their own last orders."""
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
    sort: Sort = Sort.RELEVANCE,
    cursor: str | None = None,
) -> Response:
    """The catalogue: search, facets, group prices."""
    try:
        require_prices(session, actor)
    except NotSignedIn:
        return RedirectResponse("/sign-in?next=/catalogue", 303)
    hidden = hidden_from(session, actor)
    wanted = CatalogFilter(q, category, supplier, hidden=hidden)
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
        sources=sources_of(session, actor, list({offer.supplier_id: None for offer in product.offers})),
    )


@router.post("/cart/lines")
def change_cart(
    session: SessionDep,
    actor: SignedIn,
    round_id: Annotated[int, Form()],
    offer_id: Annotated[int, Form()],
    quantity: Annotated[int, Form()],
    tolerance: Annotated[int, Form()] = 0,
    if_unfilled: Annotated[IfUnfilled, Form()] = IfUnfilled.ROLL_OVER,
) -> Response:
    """Put an offer into the cart, change it there, or take it out."""
    member_orders.set_cart_line(
        session,
        actor,
        round_id=round_id,
        offer_id=offer_id,
        quantity=quantity,
        tolerance=tolerance,
        if_unfilled=if_unfilled,
    )
    return RedirectResponse("/cart", 303)


@router.get("/cart")
def cart_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """The carts of the open rounds, with what they cost at most and what they project to."""
    return _cart(request, session, actor)


def _cart(request: Request, session: Session, actor: Actor, error: str | None = None, reference: str = "") -> Response:
    carts = []
    for purchasing_round in queries.open_rounds(session):
        cart_id = queries.cart_id_of(session, actor.require_person(), round_key(purchasing_round))
        if cart_id is None:
            continue
        lines = queries.list_order_lines(session, cart_id, None, LINES_A_PAGE)
        if lines.items:
            carts.append(
                (purchasing_round, queries.get_order_row(session, cart_id), lines.items, _projection(lines.items))
            )
    centres = company_rules.list_cost_centres(session, actor)
    return render(
        request,
        "orders/cart.html",
        status_code=422 if error else 200,
        carts=carts,
        centres=centres,
        error=error,
        reference=reference,
        deliveries=[queries.deliveries_of(session, round_key(r)) for r, *_rest in carts],
        most=[placed_orders.cost_at_most(session, cart.id) for _r, cart, *_rest in carts],
    )


def _projection(lines: list[queries.OrderLineRow]) -> Decimal:
    """What the lines cost at the price the group has reached with them."""
    total = Decimal(0)
    for line in lines:
        tiers = tuple(map(PriceTier, line.tier_quantities, line.tier_prices))
        terms = Terms(line.pack_size, line.min_quantity, tiers)
        total += line.quantity * queries.progress_on(terms, line.group_quantity + line.quantity).price_now
    return total.quantize(Decimal("0.01"))


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
                cost_centre_id=int(cost_centre_id) if cost_centre_id.isdigit() else None,
                expected_version=version,
            )
    except DomainError as error:
        return _cart(request, session, actor, say(error), company_reference)
    return RedirectResponse(f"/orders/{order_id}?placed=true", 303)


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
) -> Response:
    """One order: its lines, its approval, and why shares were cut."""
    stored = placed_orders.get_own_order(session, actor, order_id)
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
