"""What a supplier answers to its order: accept, change, back-order or refuse, line by line; and what that changes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.suppliers import require_supplier
from app.core import audit, clock, jobs
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import marked
from app.orders.consolidation.models.agreed_terms import RoundOffer
from app.orders.consolidation.models.supplier_orders import (
    LineAnswer,
    SupplierOrder,
    SupplierOrderLine,
    SupplierOrderStatus,
)
from app.orders.consolidation.round_lifecycle import deliver_if_complete
from app.orders.consolidation.shares import Served, Share, shares_of, write_shares
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.consolidation.supplier_events import SupplierEvent, tell_supplier
from app.orders.fulfilment.notices import tell_buyers
from app.orders.fulfilment.reallocation import above_ceiling, share_again
from app.orders.fulfilment.shortages import carry_shortages
from app.orders.outbox import TELL_OF_CANCELLED_ORDER
from app.orders.rounds.models import Round
from app.orders.rounds.sharing_policy import SharingPolicy


@dataclass(frozen=True)
class Answer:
    """What a supplier answers to one line; None leaves what was ordered.

    `back_ordered`: all of it comes, on `promised_on`. A quantity of 0 refuses the line.
    """

    sku: str
    quantity: int | None = None
    unit_price: Decimal | None = None
    promised_on: date | None = None
    back_ordered: bool = False
    reason: str = ""


def get_supplier_order_of(session: Session, actor: Actor, number: str, *, lock: bool = False) -> SupplierOrder:
    """A supplier order that the actor may see: of their own supplier once it is sent, or any for the association.

    Raises `NotFound` for others, so that numbers tell nothing.
    """
    query = select(SupplierOrder).where(SupplierOrder.number == number)
    if lock:
        query = query.with_for_update().execution_options(populate_existing=True)
    order = session.exec(query).one_or_none()
    if order is not None:
        if actor.may(Permission.MANAGE_ROUNDS):
            return order
        if order.supplier_id == require_supplier(session, actor) and order.sent_at is not None:
            return order
    raise NotFound("There is no such supplier order.")


def require_order_event(order: SupplierOrder, event: SupplierOrderEvent, refusal: str) -> None:
    """Raise `Conflict` with a refusal (it may name `{order}` and `{status}`) where the order is in no state for it."""
    if not SUPPLIER_ORDER_LIFE.allows(event, order.status):
        raise Conflict(refusal, code="wrong_order_status", order=order.number, status=order.status.value)


def acknowledge_order(
    session: Session,
    actor: Actor,
    number: str,
    answers: Sequence[Answer] = (),
    *,
    supplier_reference: str = "",
    expected_version: int | None = None,
) -> SupplierOrder:
    """Take a supplier's answer to a sent order; lines that it does not name are accepted as they are.

    Less than was ordered is shared out again; buyers are told, and what they asked to roll over does. A dearer price
    that somebody's ceiling forbids waits for the manager, at the agreed price meanwhile. Until the goods leave, a
    further answer may take more away.
    """
    order = get_supplier_order_of(session, actor, number, lock=True)
    check_version(order.version, expected_version)
    require_order_event(order, SupplierOrderEvent.ANSWER, marked("Order {order} is {status}: it takes no answer now."))
    lines = _lines_by_sku(session, order)
    _check(answers, lines)
    changed = {lines[answer.sku].offer_id: answer for answer in answers}
    lost = _apply(session, order, {line.offer_id: line for line in lines.values()}, changed)
    order.acknowledged_at = order.acknowledged_at or clock.now()
    order.supplier_reference = supplier_reference.strip()[:80] or order.supplier_reference
    order.status = SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.ANSWER, order.status, _status_of(list(lines.values())))
    audit.record(
        session, actor.label, f"supplier_order.{order.status.value}", order, number=number, answers=len(answers)
    )
    session.flush()
    tell_buyers(session, order, lost)
    tell_supplier(session, order, SupplierEvent.ANSWERED)
    carry_shortages(session, actor, order, lost)
    if order.status is SupplierOrderStatus.REFUSED:
        deliver_if_complete(session, actor, order.round_id)
    return order


def refuse_order(
    session: Session, actor: Actor, number: str, reason: str, *, expected_version: int | None = None
) -> SupplierOrder:
    """Take a supplier's refusal of the whole order."""
    lines = _lines_by_sku(session, get_supplier_order_of(session, actor, number, lock=True))
    nothing = [Answer(sku, 0, reason=reason) for sku in lines]
    return acknowledge_order(session, actor, number, nothing, expected_version=expected_version)


def _lines_by_sku(session: Session, order: SupplierOrder) -> dict[str, SupplierOrderLine]:
    rows = session.exec(
        select(RoundOffer.sku, SupplierOrderLine)
        .join(SupplierOrderLine, col(SupplierOrderLine.offer_id) == RoundOffer.offer_id)
        .where(RoundOffer.round_id == order.round_id, SupplierOrderLine.supplier_order_id == order.id)
        .execution_options(populate_existing=True)
    )
    return dict(rows.all())


def _check(answers: Sequence[Answer], lines: Mapping[str, SupplierOrderLine]) -> None:
    seen: set[str] = set()
    for answer in answers:
        line = lines.get(answer.sku)
        if line is None:
            raise InvalidInput("This order has no line {sku}.", code="unknown_line", field="lines", sku=answer.sku)
        if answer.sku in seen:
            raise InvalidInput("Line {sku} is answered twice.", code="line_twice", field="lines", sku=answer.sku)
        seen.add(answer.sku)
        if answer.quantity is not None and not 0 <= answer.quantity <= line.served:
            raise InvalidInput(
                "Line {sku} was ordered {most}: confirm from 0 to {most}.",
                code="quantity_out_of_range",
                field="lines",
                sku=answer.sku,
                most=line.served,
            )
        if answer.unit_price is not None and answer.unit_price < 0:
            raise InvalidInput("A price is not negative.", field="lines")


def _apply(
    session: Session,
    order: SupplierOrder,
    lines: Mapping[int, SupplierOrderLine],
    answers: Mapping[int, Answer],
) -> dict[int, int]:
    """Write every line's answer and its members' shares; the units that each member line lost."""
    assert order.id is not None
    policy = SharingPolicy(session.get_one(Round, order.round_id).sharing_policy)
    shares = shares_of(session, order.id)
    by_offer: dict[int, list[Share]] = {}
    for share in shares:
        by_offer.setdefault(share.offer_id, []).append(share)
    served = Served()
    lost: dict[int, int] = {}
    for offer_id, line in lines.items():
        members = by_offer.get(offer_id, [])
        standing = [member.standing for member in members]
        has = sum(one.allocated for one in standing)
        answer = answers.get(offer_id)
        quantity = has if answer is None or answer.quantity is None else answer.quantity
        _note_answer(line, answer, quantity)
        if not quantity:
            line.asked_price = None
        elif answer is not None and answer.unit_price is not None:
            waits = answer.unit_price != line.unit_price and bool(above_ceiling(answer.unit_price, standing))
            line.asked_price = answer.unit_price if waits else None
            if not waits:
                served.prices[offer_id] = answer.unit_price
        for member, units in zip(members, share_again(quantity, standing, policy), strict=True):
            served.quantities[member.order_line_id] = units
            if units < member.standing.allocated:
                lost[member.order_line_id] = member.standing.allocated - units
    session.flush()
    write_shares(session, order, shares, served, "confirmed")
    for line in lines.values():
        session.refresh(line)
    return lost


def _note_answer(line: SupplierOrderLine, answer: Answer | None, quantity: int) -> None:
    if answer is None:
        line.answer = line.answer or LineAnswer.ACCEPTED
        return
    line.answer_reason, line.promised_on = answer.reason.strip()[:500], answer.promised_on
    if quantity == 0:
        line.answer = LineAnswer.REFUSED
    elif answer.back_ordered:
        line.answer = LineAnswer.BACK_ORDERED
    elif quantity < line.quantity or answer.unit_price not in {None, line.unit_price} or answer.promised_on:
        line.answer = LineAnswer.CHANGED
    else:
        line.answer = LineAnswer.ACCEPTED


def _status_of(lines: Sequence[SupplierOrderLine]) -> SupplierOrderStatus:
    answers = {line.answer for line in lines}
    if answers == {LineAnswer.ACCEPTED}:
        return SupplierOrderStatus.ACKNOWLEDGED
    if answers == {LineAnswer.REFUSED}:
        return SupplierOrderStatus.REFUSED
    return SupplierOrderStatus.PARTIALLY_ACKNOWLEDGED


def cancel_order(
    session: Session, actor: Actor, number: str, reason: str, *, expected_version: int | None = None
) -> SupplierOrder:
    """Call an approved or sent order off before anything of it left, as when its supplier cannot deliver at all.

    Its members get nothing of it: they are told, and what they asked to roll over does. Raises `InvalidInput` without
    a reason, `Conflict` once goods are on their way.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    round_id = get_supplier_order_of(session, actor, number).round_id
    session.get_one(Round, round_id, with_for_update=True, populate_existing=True)  # before the order: as sending does
    order = get_supplier_order_of(session, actor, number, lock=True)
    check_version(order.version, expected_version)
    require_order_event(
        order, SupplierOrderEvent.CANCEL, marked("Order {order} is {status}: it cannot be cancelled now.")
    )
    if not reason.strip():
        raise InvalidInput("Say why the order is cancelled: its supplier reads it.", field="reason")
    lines = _lines_by_sku(session, order)
    nothing = {line.offer_id: Answer(sku, 0, reason=reason) for sku, line in lines.items()}
    lost = _apply(session, order, {line.offer_id: line for line in lines.values()}, nothing)
    was_sent = order.sent_at is not None
    order.status = SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.CANCEL, order.status)
    audit.record(session, actor.label, "supplier_order.cancelled", order, number=number, reason=reason.strip()[:500])
    session.flush()
    tell_buyers(session, order, lost)
    if was_sent:
        tell_supplier(session, order, SupplierEvent.CANCELLED)
        jobs.defer(session, TELL_OF_CANCELLED_ORDER, supplier_order_id=order.id, reason=reason.strip()[:500])
    carry_shortages(session, actor, order, lost)
    deliver_if_complete(session, actor, order.round_id)
    return order


def let_asked_prices_lapse(session: Session, order: SupplierOrder, offer_ids: Collection[int]) -> None:
    """Goods that leave or come before the manager decided keep the agreed price; their supplier is told."""
    lines = session.exec(
        select(SupplierOrderLine)
        .where(
            SupplierOrderLine.supplier_order_id == order.id,
            col(SupplierOrderLine.offer_id).in_(offer_ids),
            col(SupplierOrderLine.asked_price).is_not(None),
        )
        .execution_options(populate_existing=True)
    ).all()
    for line in lines:
        audit.record(
            session, SYSTEM.label, "supplier_order.asked_price_lapsed", order, number=order.number,
            offer_id=line.offer_id, asked=str(line.asked_price),
        )  # fmt: skip
        line.asked_price = None
    session.flush()
    if lines:
        tell_supplier(session, order, SupplierEvent.PRICE_DECIDED)


def decide_asked_price(session: Session, actor: Actor, number: str, offer_id: int, *, accept: bool) -> SupplierOrder:
    """Decide about a dearer price that a supplier asks: refuse it (the agreed one stays), or take it.

    Taking it takes out the members whose ceiling lies under it; the supplier delivers that much less. It waits for as
    long as nothing of the line has left or come (`let_asked_prices_lapse`).
    """
    actor.require(Permission.MANAGE_ROUNDS)
    order = get_supplier_order_of(session, actor, number, lock=True)
    assert order.id is not None
    line = session.get(SupplierOrderLine, (order.id, offer_id), populate_existing=True)
    if (
        line is None
        or line.asked_price is None
        or not SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.DECIDE_PRICE, order.status)
    ):
        raise Conflict("No price waits for a decision here.", code="no_price_asked")
    price, line.asked_price = line.asked_price, None
    lost: dict[int, int] = {}
    if accept:
        shares = shares_of(session, order.id, [offer_id])
        out = set(above_ceiling(price, [share.standing for share in shares]))
        served = Served(
            {s.order_line_id: 0 if at in out else s.standing.allocated for at, s in enumerate(shares)},
            {offer_id: price},
        )
        lost = {shares[at].order_line_id: shares[at].standing.allocated for at in out}
        session.flush()
        write_shares(session, order, shares, served, "confirmed")
    audit.record(session, actor.label, "supplier_order.price_decided", order, number=number, accepted=accept)
    order.updated_at = clock.now()
    order.version += 1
    session.flush()
    tell_buyers(session, order, lost)
    tell_supplier(session, order, SupplierEvent.PRICE_DECIDED)
    carry_shortages(session, actor, order, lost)
    return order


class AskedPrice(NamedTuple):
    """A dearer price that waits for the manager, and what taking it would cost: lines and units over their ceiling."""

    offer_id: int
    sku: str
    name: str
    agreed: Decimal
    asked: Decimal
    lines_out: int
    units_out: int


def asked_prices(session: Session, supplier_order_id: int) -> list[AskedPrice]:
    """The prices of an order that wait for the manager, by SKU."""
    rows = session.execute(
        text("""
            SELECT l.offer_id, f.sku, f.name, l.unit_price AS agreed, l.asked_price AS asked,
                count(*) FILTER (WHERE barred.units > 0) AS lines_out, coalesce(sum(barred.units), 0) AS units_out
            FROM supplier_order_lines l
            JOIN supplier_orders o ON o.id = l.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            JOIN allocations a ON a.supplier_order_id = l.supplier_order_id AND a.offer_id = l.offer_id
            JOIN order_lines m ON m.id = a.order_line_id
            LEFT JOIN LATERAL (
                SELECT a.served AS units WHERE m.ceiling_price < l.asked_price
            ) barred ON true
            WHERE l.supplier_order_id = :id AND l.asked_price IS NOT NULL
            GROUP BY l.supplier_order_id, l.offer_id, f.round_id, f.offer_id ORDER BY f.sku
        """),
        {"id": supplier_order_id},
    )
    return rows_as(AskedPrice, rows)
