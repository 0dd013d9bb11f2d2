"""Member orders: the cart, checkout, and withdrawal until the cut-off."""

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company, Person
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.assortment import hidden_from
from app.catalog.models import Offer, Product, Supplier
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.money import ZERO, round_amount
from app.orders.ordering import budgets
from app.orders.ordering.approval_rules import OrderFacts
from app.orders.ordering.approvals import ask_for_approval
from app.orders.ordering.demand import check_completing, count_demand
from app.orders.ordering.models.company import CostCentre
from app.orders.ordering.models.member_orders import IfUnfilled, MemberOrder, OrderLine, OrderStatus
from app.orders.ordering.placed_orders import lock_with_round, open_round_with, order_key, require_open, take_out
from app.orders.ordering.states import ORDER_LIFE, OrderEvent
from app.orders.rounds.models import Round

MAX_QUANTITY = 1_000_000


def set_cart_line(
    session: Session,
    actor: Actor,
    *,
    round_id: int,
    offer_id: int,
    quantity: int,
    tolerance: int = 0,
    if_unfilled: IfUnfilled = IfUnfilled.ROLL_OVER,
    accepts_equivalents: bool = False,
) -> MemberOrder:
    """Put an offer into the actor's cart of a round, or change it there; `quantity` 0 takes it out."""
    actor.require(Permission.PLACE_ORDERS)
    if not (0 <= quantity <= MAX_QUANTITY and 0 <= tolerance <= MAX_QUANTITY):
        raise InvalidInput("Quantities are whole numbers from 0 to {maximum}.", field="quantity", maximum=MAX_QUANTITY)
    purchasing_round = open_round_with(session, round_id)
    cart = cart_of(session, actor, round_id)
    line = session.exec(
        select(OrderLine).where(OrderLine.order_id == order_key(cart), OrderLine.offer_id == offer_id)
    ).one_or_none()
    if quantity == 0:
        if line is not None:
            session.delete(line)
    else:
        price = _orderable_price(session, actor, purchasing_round, offer_id)
        if line is None:
            line = OrderLine(order_id=order_key(cart), offer_id=offer_id, quantity=quantity, ceiling_price=price)
            session.add(line)
        line.quantity, line.tolerance, line.if_unfilled, line.ceiling_price = (
            quantity,
            tolerance,
            if_unfilled,
            price,
        )
        line.accepts_equivalents = accepts_equivalents
    cart.version += 1
    session.flush()
    return cart


def cart_of(session: Session, actor: Actor, round_id: int) -> MemberOrder:
    """The actor's cart in a round, made at need; the person's row keeps two clicks from making two."""
    person_id, company_id = actor.require_person(), actor.require_company()
    session.get_one(Person, person_id, with_for_update={"key_share": True})
    cart = session.exec(
        select(MemberOrder).where(
            MemberOrder.person_id == person_id,
            MemberOrder.round_id == round_id,
            MemberOrder.status == OrderStatus.CART,
        )
    ).one_or_none()
    if cart is None:
        number = session.scalar(text("SELECT nextval('member_orders_id_seq')"))
        cart = MemberOrder(
            id=number,
            reference=f"E{number:07d}",
            round_id=round_id,
            company_id=company_id,
            person_id=person_id,
            park_id=session.get_one(Company, company_id).park_id,
        )
        session.add(cart)
        session.flush()
    return cart


def _orderable_price(session: Session, actor: Actor, purchasing_round: Round, offer_id: int) -> Decimal:
    """The list price of an offer that can be ordered now: what the buyer is shown, and will never pay above."""
    row = session.execute(
        sa.select(
            col(Offer.tier_prices),
            col(Offer.withdrawn_at),
            col(Supplier.active).label("supplier_active"),
            col(Supplier.id).label("supplier_id"),
            col(Product.category_id),
        )
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .join(Product, col(Product.id) == Offer.product_id)
        .where(col(Offer.id) == offer_id)
    ).one_or_none()
    if row is None or hidden_from(session, actor).covers(offer_id, row.category_id):
        raise NotFound("There is no such offer.", field="offer_id")
    if row.withdrawn_at is not None or not row.supplier_active:
        raise Conflict("This offer is withdrawn. Choose another one of the same product.", code="offer_withdrawn")
    if purchasing_round.only_supplier_id not in {None, row.supplier_id}:
        raise Conflict("This round is open for one supplier only.", code="other_supplier_only")
    price: Decimal = max(row.tier_prices)
    return price


def submit_order(
    session: Session,
    actor: Actor,
    order_id: int,
    *,
    company_reference: str = "",
    cost_centre_id: int | None = None,
    expected_version: int | None = None,
) -> MemberOrder:
    """Check out: place the cart in its round, hold its budget, and ask whoever must approve it.

    Raises `Conflict` after the cut-off, for withdrawn offers, or where the budget or the completing phase forbids it.
    """
    actor.require(Permission.PLACE_ORDERS)
    order, purchasing_round = lock_with_round(session, order_id)
    if order.person_id != actor.person_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if not ORDER_LIFE.allows(OrderEvent.PLACE, order.status):
        raise Conflict("Order {order} was placed already.", code="already_placed", order=order.reference)
    require_open(purchasing_round)
    if cost_centre_id is not None:
        centre = session.get(CostCentre, cost_centre_id)
        if centre is None or centre.company_id != order.company_id:
            raise InvalidInput("Your company has no such cost centre.", field="cost_centre_id")
    facts = _check_lines(session, actor, order)
    order.cost_centre_id, order.company_reference = cost_centre_id, company_reference.strip()[:80]
    budgets.reserve(session, order, facts.amount)
    steps = ask_for_approval(session, order, facts)
    order.placed_at = clock.now()
    reached = OrderStatus.AWAITING_APPROVAL if steps else OrderStatus.APPROVED
    order.status = ORDER_LIFE.after(OrderEvent.PLACE, order.status, reached)
    order.version += 1
    session.flush()
    count_demand(session, order, +1)
    if purchasing_round.completing_from and clock.now() >= purchasing_round.completing_from:
        check_completing(session, order)
    audit.record(session, actor.label, "order.placed", order, amount=str(facts.amount), steps=steps)
    return order


def _check_lines(session: Session, actor: Actor, order: MemberOrder) -> OrderFacts:
    """What the cart would cost at most. Raises where it is empty, or an offer can no longer be had as it was."""
    rows = session.execute(
        sa.select(
            OrderLine,
            col(Offer.sku),
            col(Offer.tier_prices),
            col(Offer.withdrawn_at),
            col(Supplier.active).label("supplier_active"),
            col(Product.category_id),
        )
        .join(Offer, col(Offer.id) == OrderLine.offer_id)
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .join(Product, col(Product.id) == Offer.product_id)
        .where(col(OrderLine.order_id) == order_key(order))
    ).all()
    if not rows:
        raise Conflict("This cart is empty.", code="empty_cart")
    hidden = hidden_from(session, actor)
    amount, categories = ZERO, set()
    for row in rows:
        line, list_price = row.OrderLine, max(row.tier_prices)
        if row.withdrawn_at is not None or not row.supplier_active or hidden.covers(line.offer_id, row.category_id):
            raise Conflict("{sku} was withdrawn: take it out of the cart.", code="offer_withdrawn", sku=row.sku)
        if list_price > line.ceiling_price:
            raise Conflict(
                "The price of {sku} rose from {old} € to {new} € since you put it into the cart. Put it in again.",
                code="price_rose",
                sku=row.sku,
                old=line.ceiling_price,
                new=list_price,
            )
        amount += round_amount((line.quantity + line.tolerance) * line.ceiling_price)
        categories.add(row.category_id)
    limit = session.get_one(Person, order.person_id).order_limit
    return OrderFacts(amount, len(rows), frozenset(categories), limit is not None and amount > limit)


def withdraw_order(session: Session, actor: Actor, order_id: int, expected_version: int | None = None) -> MemberOrder:
    """Cancel a placed order of one's own, or throw a cart away, until the cut-off."""
    order, purchasing_round = lock_with_round(session, order_id)
    if order.person_id != actor.person_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if not ORDER_LIFE.allows(OrderEvent.WITHDRAW, order.status):
        raise Conflict("Order {order} can no longer be cancelled.", code="too_late", order=order.reference)
    if order.status is OrderStatus.CART:
        order.placed_at = clock.now()
    else:
        take_out(session, order, purchasing_round)
    order.status = ORDER_LIFE.after(OrderEvent.WITHDRAW, order.status)
    order.version += 1
    audit.record(session, actor.label, "order.cancelled", order)
    return order
