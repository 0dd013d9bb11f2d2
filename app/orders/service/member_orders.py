"""Member orders: the cart, checkout, the company's approval, and withdrawal until the cut-off."""

from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company, Person
from app.accounts.permissions import Permission, Role
from app.accounts.service import check_version
from app.catalog.models import Offer, Product, Supplier
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import format_money, speaking
from app.core.i18n import gettext as _
from app.core.money import ZERO, round_amount
from app.orders.approval_rules import OrderFacts, required_steps
from app.orders.models import (
    ApprovalRule,
    CostCentre,
    IfUnfilled,
    MemberOrder,
    OrderApproval,
    OrderLine,
    OrderStatus,
    Round,
    RoundStatus,
)
from app.orders.service import budgets
from app.orders.service.company_rules import step_rule
from app.web.letters import Action, queue_letter

MAX_QUANTITY = 1_000_000
PLACED = (OrderStatus.AWAITING_APPROVAL, OrderStatus.APPROVED)


def order_key(order: MemberOrder) -> int:
    """The stored order's number."""
    assert order.id is not None
    return order.id


def get_own_order(session: Session, actor: Actor, order_id: int, *, lock: bool = False) -> MemberOrder:
    """An order that the actor may see: their own, or of their company as its approver, or any for the association.

    Raises `NotFound` for others, so that numbers tell nothing.
    """
    order = session.get(MemberOrder, order_id, with_for_update=lock, populate_existing=lock)
    if order is not None:
        own = order.person_id == actor.person_id
        of_company = order.company_id == actor.company_id and actor.may(Permission.APPROVE_COMPANY_ORDERS)
        if own or of_company or actor.may(Permission.MANAGE_ROUNDS):
            return order
    raise NotFound("There is no such order.")


def set_cart_line(
    session: Session,
    actor: Actor,
    *,
    round_id: int,
    offer_id: int,
    quantity: int,
    tolerance: int = 0,
    if_unfilled: IfUnfilled = IfUnfilled.ROLL_OVER,
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
        price = _orderable_price(session, purchasing_round, offer_id)
        if line is None:
            line = OrderLine(order_id=order_key(cart), offer_id=offer_id, quantity=quantity, ceiling_price=price)
            session.add(line)
        line.quantity, line.tolerance, line.if_unfilled, line.ceiling_price = (
            quantity,
            tolerance,
            if_unfilled,
            price,
        )
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


def open_round_with(session: Session, round_id: int) -> Round:
    """The round, if orders may enter it now."""
    found = session.get(Round, round_id)
    if found is None:
        raise NotFound("There is no such round.", field="round_id")
    _require_open(found)
    return found


def _require_open(purchasing_round: Round) -> None:
    open_now = purchasing_round.opens_at <= clock.now() < purchasing_round.closes_at
    if purchasing_round.status is not RoundStatus.OPEN or not open_now:
        raise Conflict("Round {round} takes no orders now.", code="round_not_open", round=purchasing_round.code)


def _lock_with_round(session: Session, order_id: int) -> tuple[MemberOrder, Round]:
    """An order, locked, and its round, held against the cut-off: the round first, as the cut-off itself locks."""
    round_id = session.scalar(select(MemberOrder.round_id).where(MemberOrder.id == order_id))
    if round_id is None:
        raise NotFound("There is no such order.")
    purchasing_round = session.get_one(Round, round_id, with_for_update={"read": True}, populate_existing=True)
    return session.get_one(MemberOrder, order_id, with_for_update=True, populate_existing=True), purchasing_round


def _orderable_price(session: Session, purchasing_round: Round, offer_id: int) -> Decimal:
    """The list price of an offer that can be ordered now: what the buyer is shown, and will never pay above."""
    row = session.execute(
        select(Offer.tier_prices, Offer.withdrawn_at, Supplier.active, Supplier.id)
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .where(Offer.id == offer_id)
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such offer.", field="offer_id")
    tier_prices, withdrawn_at, supplier_active, supplier_id = row
    if withdrawn_at is not None or not supplier_active:
        raise Conflict("This offer is withdrawn. Choose another one of the same product.", code="offer_withdrawn")
    if purchasing_round.only_supplier_id not in {None, supplier_id}:
        raise Conflict("This round is open for one supplier only.", code="other_supplier_only")
    price: Decimal = max(tier_prices)
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
    order, purchasing_round = _lock_with_round(session, order_id)
    if order.person_id != actor.person_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if order.status is not OrderStatus.CART:
        raise Conflict("Order {order} was placed already.", code="already_placed", order=order.reference)
    _require_open(purchasing_round)
    if cost_centre_id is not None:
        centre = session.get(CostCentre, cost_centre_id)
        if centre is None or centre.company_id != order.company_id:
            raise InvalidInput("Your company has no such cost centre.", field="cost_centre_id")
    facts = _check_lines(session, order)
    order.cost_centre_id, order.company_reference = cost_centre_id, company_reference.strip()[:80]
    budgets.reserve(session, order, facts.amount)
    steps = _ask_for_approval(session, order, facts)
    order.placed_at = clock.now()
    order.status = OrderStatus.AWAITING_APPROVAL if steps else OrderStatus.APPROVED
    order.version += 1
    session.flush()
    _count_demand(session, order, +1)
    if purchasing_round.completing_from and clock.now() >= purchasing_round.completing_from:
        _check_completing(session, order)
    audit.record(session, actor.label, "order.placed", order, amount=str(facts.amount), steps=steps)
    return order


def _check_lines(session: Session, order: MemberOrder) -> OrderFacts:
    """What the cart would cost at most. Raises where it is empty, or an offer was withdrawn or became dearer."""
    rows = session.execute(
        sa.select(
            OrderLine,
            col(Offer.sku),
            col(Offer.tier_prices),
            col(Offer.withdrawn_at),
            col(Supplier.active),
            col(Product.category_id),
        )
        .join(Offer, col(Offer.id) == OrderLine.offer_id)
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .join(Product, col(Product.id) == Offer.product_id)
        .where(col(OrderLine.order_id) == order_key(order))
    ).all()
    if not rows:
        raise Conflict("This cart is empty.", code="empty_cart")
    amount, categories = ZERO, set()
    for line, sku, tier_prices, withdrawn_at, supplier_active, category_id in rows:
        if withdrawn_at is not None or not supplier_active:
            raise Conflict("{sku} was withdrawn: take it out of the cart.", code="offer_withdrawn", sku=sku)
        if max(tier_prices) > line.ceiling_price:
            raise Conflict(
                "The price of {sku} rose from {old} € to {new} € since you put it into the cart. Put it in again.",
                code="price_rose",
                sku=sku,
                old=line.ceiling_price,
                new=max(tier_prices),
            )
        amount += round_amount((line.quantity + line.tolerance) * line.ceiling_price)
        categories.add(category_id)
    limit = session.get_one(Person, order.person_id).order_limit
    return OrderFacts(amount, len(rows), frozenset(categories), limit is not None and amount > limit)


def _approvers_of(session: Session, order: MemberOrder) -> list[Person]:
    """The approvers of the order's company, but for its buyer."""
    return list(
        session.exec(
            select(Person).where(
                Person.company_id == order.company_id,
                col(Person.active),
                col(Person.roles).contains([Role.APPROVER.value]),
                Person.id != order.person_id,
            )
        )
    )


def _ask_for_approval(session: Session, order: MemberOrder, facts: OrderFacts) -> int:
    """Write down the steps that the order must pass, tell the first approvers; the number of steps.

    A firm whose only approver is the buyer has nobody to ask: its orders pass.
    """
    approvers = _approvers_of(session, order)
    if not approvers:
        return 0
    rules = session.exec(select(ApprovalRule).where(ApprovalRule.company_id == order.company_id)).all()
    steps = required_steps(facts, [step_rule(rule) for rule in rules])
    known = {approver.id for approver in approvers}
    for step in steps:
        asked = step.approver_id if step.approver_id in known else None
        session.add(OrderApproval(order_id=order_key(order), step=step.step, approver_id=asked, because=step.because))
    if steps:
        first = [a for a in approvers if steps[0].approver_id in {None, a.id}] or list(approvers)
        _tell_approvers(session, order, first, facts.amount)
    return len(steps)


def _tell_approvers(session: Session, order: MemberOrder, approvers: list[Person], amount: Decimal) -> None:
    """Mail each a link that decides; after the transaction."""
    from app.orders.service.approval_links import make_approval_links

    links = make_approval_links(session, order_key(order), approvers)
    for approver, link in zip(approvers, links, strict=True):
        with speaking(approver.locale):
            subject = _("Order {reference} waits for your approval").format(reference=order.reference)
            body = _("It may cost up to {amount} before VAT. One that still waits at the cut-off rolls over.").format(
                amount=format_money(amount)
            )
            queue_letter(session, approver.email, subject, [body], Action(_("Look and decide"), link))


def _count_demand(session: Session, order: MemberOrder, sign: int) -> None:
    """Add the lines of a placed order to the group's demand, or take them away; offers in order, against deadlocks."""
    session.execute(
        text(
            """
            INSERT INTO round_demand AS d (round_id, offer_id, quantity, tolerance, line_count)
            SELECT :round_id, offer_id, quantity, tolerance, 1 FROM order_lines WHERE order_id = :order_id
            ORDER BY offer_id
            ON CONFLICT (round_id, offer_id) DO UPDATE
            SET quantity = d.quantity + excluded.quantity, tolerance = d.tolerance + excluded.tolerance,
                line_count = d.line_count + 1
        """
            if sign > 0
            else """
            UPDATE round_demand d SET quantity = d.quantity - l.quantity, tolerance = d.tolerance - l.tolerance,
                line_count = d.line_count - 1
            FROM (SELECT offer_id, quantity, tolerance FROM order_lines WHERE order_id = :order_id) l
            WHERE d.round_id = :round_id AND d.offer_id = l.offer_id
        """
        ),
        {"round_id": order.round_id, "order_id": order.id},
    )


def _check_completing(session: Session, order: MemberOrder, sign: int = 1) -> None:
    """In the completing phase no change may leave more units missing to a full pack than before it."""
    worse = session.scalars(
        text("""
            SELECT f.sku FROM order_lines l
            JOIN offers f ON f.id = l.offer_id
            JOIN round_demand d ON d.round_id = :round_id AND d.offer_id = l.offer_id
            WHERE l.order_id = :order_id
              AND (f.pack_size - d.quantity % f.pack_size) % f.pack_size
                > (f.pack_size - (d.quantity - :sign * l.quantity) % f.pack_size) % f.pack_size
            ORDER BY f.sku
        """),
        {"round_id": order.round_id, "order_id": order.id, "sign": sign},
    ).all()
    if worse:
        raise Conflict(
            "The round is completing its packs: now only orders that fill packs may enter or leave. Not so: {skus}",
            code="completing_phase",
            skus=", ".join(worse[:10]),
        )


def withdraw_order(session: Session, actor: Actor, order_id: int, expected_version: int | None = None) -> MemberOrder:
    """Cancel a placed order of one's own, or throw a cart away, until the cut-off."""
    order, purchasing_round = _lock_with_round(session, order_id)
    if order.person_id != actor.person_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if order.status is OrderStatus.CART:
        order.placed_at = clock.now()
    elif order.status in PLACED:
        _take_out(session, order, purchasing_round)
    else:
        raise Conflict("Order {order} can no longer be cancelled.", code="too_late", order=order.reference)
    order.status = OrderStatus.CANCELLED
    order.version += 1
    audit.record(session, actor.label, "order.cancelled", order)
    return order


def _take_out(session: Session, order: MemberOrder, purchasing_round: Round) -> None:
    """Take a placed order out of its open round: demand and budget go back."""
    _require_open(purchasing_round)
    _count_demand(session, order, -1)
    if purchasing_round.completing_from and clock.now() >= purchasing_round.completing_from:
        _check_completing(session, order, sign=-1)
    budgets.release(session, order_key(order))


def decide_order(
    session: Session, actor: Actor, order_id: int, *, approve: bool, comment: str = "",
    expected_version: int | None = None,
) -> MemberOrder:  # fmt: skip
    """Approve or reject the step of an order that is next; nobody decides on their own order.

    Raises `Conflict` where it is not the actor's turn or the order waits for nothing.
    """
    actor.require(Permission.APPROVE_COMPANY_ORDERS)
    person_id = actor.require_person()
    order, purchasing_round = _lock_with_round(session, order_id)
    if order.company_id != actor.company_id:
        raise NotFound("There is no such order.")
    check_version(order.version, expected_version)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        raise Conflict("Order {order} does not wait for approval.", code="not_waiting", order=order.reference)
    if order.person_id == person_id:
        raise Conflict("Nobody approves their own order: another approver decides.", code="own_order")
    _require_open(purchasing_round)
    waiting = session.exec(
        select(OrderApproval)
        .where(OrderApproval.order_id == order_id, col(OrderApproval.decided_at).is_(None))
        .order_by(col(OrderApproval.step))
    ).all()
    if waiting[0].approver_id not in {None, person_id}:
        raise Conflict("This step is for another approver.", code="not_your_turn")
    step = waiting[0]
    step.decided_by_id, step.decided_at, step.approved, step.comment = (
        person_id,
        clock.now(),
        approve,
        comment.strip(),
    )
    if not approve:
        _take_out(session, order, purchasing_round)
        order.status = OrderStatus.REJECTED
    elif len(waiting) == 1:
        order.status = OrderStatus.APPROVED
    order.version += 1
    session.flush()
    action = "order.step_approved" if approve else "order.rejected"
    audit.record(session, actor.label, action, order, step=step.step, comment=step.comment)
    if order.status is not OrderStatus.AWAITING_APPROVAL:
        _tell_buyer(session, order, step.comment)
    else:
        _ask_next(session, order, waiting[1])
    return order


def _ask_next(session: Session, order: MemberOrder, step: OrderApproval) -> None:
    """Mail whoever decides the step that is next now."""
    asked = [a for a in _approvers_of(session, order) if step.approver_id in {None, a.id}]
    if asked:
        _tell_approvers(session, order, asked, cost_at_most(session, order_key(order)))


def _tell_buyer(session: Session, order: MemberOrder, comment: str) -> None:
    buyer = session.get_one(Person, order.person_id)
    with speaking(buyer.locale):
        sentence = (
            _("Your order {reference} is approved.")
            if order.status is OrderStatus.APPROVED
            else _("Your order {reference} was not approved.")
        ).format(reference=order.reference)
        said = f"“{comment}”" if comment else ""
        action = Action(_("Look at the order"), f"/orders/{order.id}")
        queue_letter(session, buyer.email, sentence, [said], action)


def cost_at_most(session: Session, order_id: int) -> Decimal:
    """What an order costs if every tolerance is taken at its ceiling, in euros before VAT."""
    most = func.round((col(OrderLine.quantity) + OrderLine.tolerance) * OrderLine.ceiling_price, 2)
    total = session.scalar(sa.select(func.coalesce(func.sum(most), 0)).where(col(OrderLine.order_id) == order_id))
    return round_amount(Decimal(total or 0))
