"""Sending the approved orders of a round to their suppliers; where nobody can be written to, they are handed over."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.models import Supplier
from app.catalog.suppliers import addresses_of
from app.core import audit, clock, jobs
from app.core.errors import Conflict, NotFound
from app.orders.consolidation.models.supplier_orders import SupplierOrder, SupplierOrderStatus
from app.orders.consolidation.round_lifecycle import deliver_if_complete
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.consolidation.supplier_events import SupplierEvent, tell_suppliers
from app.orders.outbox import SEND_SUPPLIER_ORDER, TELL_MEMBERS_OF_OUTCOME
from app.orders.rounds.models import Round, RoundStatus
from app.orders.rounds.service import get_round, move_on, require_event, round_key
from app.orders.rounds.states import RoundEvent

NAMED = 10


class HeldBack(NamedTuple):
    """An approved order that does not leave: nobody can write to its supplier."""

    number: str
    supplier_code: str
    supplier: str


def send_round(session: Session, actor: Actor, code: str, expected_version: int | None = None) -> Round:
    """Send the approved orders of a round to the suppliers that have an address, each by a job after this transaction.

    The others are held back (`held_back` names them) until they have one and the round is sent again, or until they
    are handed over. Members are told once, when the round is sent first. Raises `Conflict` where nothing can leave.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    sent = get_round(session, code, lock=True)
    check_version(sent.version, expected_version)
    require_event(sent, RoundEvent.SEND)
    round_id = round_key(sent)
    first = sent.status is RoundStatus.APPROVED
    waiting = session.execute(
        select(SupplierOrder.id, SupplierOrder.supplier_id).where(
            SupplierOrder.round_id == round_id, SupplierOrder.status == SupplierOrderStatus.APPROVED
        )
    ).all()
    addresses = addresses_of(session, [order.supplier_id for order in waiting])
    leaving = [order.id or 0 for order in waiting if addresses[order.supplier_id]]
    if not leaving and (waiting or not first):
        raise Conflict(
            "No order of round {round} can be sent. Suppliers without a mail address: {suppliers}."
            " Enter their addresses, or hand their orders over.",
            code="nobody_to_send_to",
            round=code,
            suppliers=_named(held_back(session, round_id)),
        )
    _mark_sent(session, leaving)
    jobs.defer_many(session, SEND_SUPPLIER_ORDER, [{"supplier_order_id": key} for key in leaving])
    if first:
        jobs.defer(session, TELL_MEMBERS_OF_OUTCOME, round_id=round_id)
    move_on(session, actor, sent, RoundEvent.SEND)
    deliver_if_complete(session, actor, round_id)
    return sent


def hand_over(session: Session, actor: Actor, number: str, expected_version: int | None = None) -> SupplierOrder:
    """Note that an order was given to its supplier on paper or by telephone: it counts as sent from now on."""
    actor.require(Permission.MANAGE_ROUNDS)
    order = session.exec(select(SupplierOrder).where(SupplierOrder.number == number)).one_or_none()
    if order is None:
        raise NotFound("There is no such supplier order.")
    of_round = session.get_one(Round, order.round_id, with_for_update=True, populate_existing=True)
    session.refresh(order, with_for_update=True)
    check_version(order.version, expected_version)
    if not SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.SEND, order.status):
        raise Conflict(
            "Order {order} is {status}: it is not to be sent.",
            code="wrong_order_status",
            order=number,
            status=order.status.value,
        )
    _mark_sent(session, [order.id or 0])
    if of_round.status is RoundStatus.APPROVED:
        jobs.defer(session, TELL_MEMBERS_OF_OUTCOME, round_id=order.round_id)
        move_on(session, actor, of_round, RoundEvent.SEND)
    audit.record(session, actor.label, "supplier_order.handed_over", order, number=number)
    session.refresh(order)
    return order


def _named(orders: Sequence[HeldBack]) -> str:
    """Their suppliers, the first ten by name."""
    names = ", ".join(order.supplier for order in orders[:NAMED]) or "–"
    return f"{names}, …" if len(orders) > NAMED else names


def _mark_sent(session: Session, supplier_order_ids: Collection[int]) -> None:
    session.execute(
        update(SupplierOrder)
        .where(col(SupplierOrder.id).in_(supplier_order_ids))
        .values(
            status=SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.SEND, SupplierOrderStatus.APPROVED),
            sent_at=clock.now(),
            updated_at=clock.now(),
            version=SupplierOrder.version + 1,
        )
    )
    tell_suppliers(session, supplier_order_ids, SupplierEvent.SENT)


def held_back(session: Session, round_id: int) -> list[HeldBack]:
    """The approved orders of a round whose suppliers nobody can write to, by number."""
    rows = session.execute(
        select(SupplierOrder.number, SupplierOrder.supplier_id, Supplier.code, Supplier.name)
        .join(Supplier, col(Supplier.id) == SupplierOrder.supplier_id)
        .where(SupplierOrder.round_id == round_id, SupplierOrder.status == SupplierOrderStatus.APPROVED)
        .order_by(col(SupplierOrder.number))
    ).all()
    addresses = addresses_of(session, [row.supplier_id for row in rows])
    return [HeldBack(row.number, row.code, row.name) for row in rows if not addresses[row.supplier_id]]
