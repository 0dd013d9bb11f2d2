"""What arrived of a supplier order at a park: shared out, booked and told as what a supplier confirms is."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.core import audit, clock
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput
from app.core.i18n import marked
from app.orders.consolidation.drops import Arrival, note_arrivals
from app.orders.consolidation.models.supplier_orders import (
    Drop,
    DropStatus,
    LineAnswer,
    SupplierOrder,
    SupplierOrderStatus,
)
from app.orders.consolidation.round_lifecycle import deliver_if_complete
from app.orders.consolidation.shares import Served, Share, shares_of, write_shares
from app.orders.consolidation.states import DROP_LIFE, SUPPLIER_ORDER_LIFE, DropEvent, SupplierOrderEvent
from app.orders.consolidation.supplier_events import SupplierEvent, tell_supplier
from app.orders.fulfilment.acknowledgement import (
    acknowledge_order,
    get_supplier_order_of,
    let_asked_prices_lapse,
    require_order_event,
)
from app.orders.fulfilment.despatch import find_drop
from app.orders.fulfilment.notices import tell_arrived, tell_buyers
from app.orders.fulfilment.reallocation import share_again
from app.orders.fulfilment.shortages import carry_shortages
from app.orders.fulfilment.supplier_links import follow_driver_link
from app.orders.rounds.models import Round
from app.orders.rounds.sharing_policy import SharingPolicy


class Expected(NamedTuple):
    """What is still to arrive of an article at a park; `comes_later` where its supplier promised a later day."""

    offer_id: int
    sku: str
    name: str
    units: int
    comes_later: bool
    promised_on: date | None


def expected_at(session: Session, drop: Drop) -> list[Expected]:
    """What is still to arrive at a drop, by SKU; articles that nobody gets any more count with 0 units."""
    rows = session.execute(
        text("""
            SELECT f.offer_id, f.sku, f.name, sum(a.served) AS units, l.promised_on,
                coalesce(l.answer = :back_ordered AND coalesce(l.promised_on > :today, true), false) AS comes_later
            FROM allocations a
            JOIN order_lines m ON m.id = a.order_line_id
            JOIN member_orders o ON o.id = m.order_id AND o.park_id = :park
            JOIN supplier_order_lines l ON l.supplier_order_id = a.supplier_order_id AND l.offer_id = a.offer_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            WHERE a.supplier_order_id = :id AND a.received_quantity IS NULL
            GROUP BY f.round_id, f.offer_id, l.supplier_order_id, l.offer_id ORDER BY f.sku
        """),
        {
            "id": drop.supplier_order_id,
            "park": drop.park_id,
            "today": clock.today(),
            "back_ordered": LineAnswer.BACK_ORDERED.value,
        },
    )
    return rows_as(Expected, rows)


def receive_drop(
    session: Session,
    actor: Actor,
    number: str,
    park_code: str,
    arrivals: Sequence[Arrival] = (),
    *,
    rest_came: bool = True,
    expected_version: int | None = None,
) -> SupplierOrder:
    """Record what arrived at a park. What is not named came whole, but for what was promised for a later day; or,
    unless `rest_came`, is still to come.

    What is short or damaged is shared out by the rules of the round; buyers are told, and what they asked to roll over
    does. When all orders of a round have come, it is delivered and its orders are fulfilled.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    return _receive(session, actor, number, park_code, arrivals, rest_came, expected_version)


def receive_by_link(
    session: Session, token: str, arrivals: Sequence[Arrival], *, expected_version: int | None = None
) -> SupplierOrder:
    """Record what arrived as the driver counted it, by the link for that drop; what is not named is still to come."""
    driver, number, park_code = follow_driver_link(session, token)
    return _receive(session, driver, number, park_code, arrivals, False, expected_version)


def _receive(
    session: Session,
    actor: Actor,
    number: str,
    park_code: str,
    arrivals: Sequence[Arrival],
    rest_came: bool,
    expected_version: int | None,
) -> SupplierOrder:
    order = get_supplier_order_of(session, actor, number, lock=True)
    check_version(order.version, expected_version)
    require_order_event(
        order, SupplierOrderEvent.RECEIVE, marked("Order {order} is {status}: nothing of it is to come.")
    )
    if order.status is SupplierOrderStatus.SENT:
        order = acknowledge_order(session, actor, number)
    drop = find_drop(session, order, park_code)
    expected = expected_at(session, drop)
    named = _check(arrivals, {line.sku: line for line in expected})
    arrived = {
        line.offer_id: named.get(line.sku) or Arrival(line.sku, line.units)
        for line in expected
        if line.sku in named or not line.units or (rest_came and not line.comes_later)
    }
    if not (named or any(arrival.good for arrival in arrived.values())):
        raise Conflict("What comes to the park {park} was recorded.", code="received_already", park=park_code)
    let_asked_prices_lapse(session, order, arrived)
    lost = _serve(session, order, drop, arrived)
    note_arrivals(session, drop, arrived)
    if len(arrived) == len(expected):
        drop.status = DROP_LIFE.after(DropEvent.RECEIVE, drop.status, DropStatus.RECEIVED)
        drop.received_at, drop.received_by = clock.now(), actor.label
    _take_status(session, order)
    audit.record(session, actor.label, "supplier_order.received", order, number=number, park=park_code)
    session.flush()
    tell_buyers(session, order, lost)
    tell_arrived(session, drop, arrived)
    tell_supplier(session, order, SupplierEvent.RECEIVED)
    carry_shortages(session, actor, order, lost)
    if order.status is SupplierOrderStatus.RECEIVED:
        deliver_if_complete(session, actor, order.round_id)
    return order


def _check(arrivals: Sequence[Arrival], expected: Mapping[str, Expected]) -> dict[str, Arrival]:
    named: dict[str, Arrival] = {}
    for arrival in arrivals:
        line = expected.get(arrival.sku)
        if line is None or arrival.sku in named:
            raise InvalidInput("{sku} is not to come here.", code="unknown_line", field="lines", sku=arrival.sku)
        if not (0 <= arrival.good <= line.units and 0 <= arrival.damaged <= 1_000_000_000):
            raise InvalidInput(
                "Of {sku}, from 0 to {most} good units can come.",
                code="quantity_out_of_range",
                field="lines",
                sku=arrival.sku,
                most=line.units,
            )
        named[arrival.sku] = arrival
    return named


def _serve(session: Session, order: SupplierOrder, drop: Drop, arrived: Mapping[int, Arrival]) -> dict[int, int]:
    """Share the good units of each article among the park's lines; the units that each line lost."""
    assert order.id is not None
    policy = SharingPolicy(session.get_one(Round, order.round_id).sharing_policy)
    here: dict[int, list[Share]] = {offer_id: [] for offer_id in arrived}
    for share in shares_of(session, order.id, arrived):
        if share.park_id == drop.park_id:
            here[share.offer_id].append(share)
    served, lost = Served(), {}
    for offer_id, shares in here.items():
        standing = [share.standing for share in shares]
        for share, units in zip(shares, share_again(arrived[offer_id].good, standing, policy), strict=True):
            served.quantities[share.order_line_id] = units
            if units < share.standing.allocated:
                lost[share.order_line_id] = share.standing.allocated - units
    session.flush()
    write_shares(session, order, [share for shares in here.values() for share in shares], served, "received")
    return lost


def _take_status(session: Session, order: SupplierOrder) -> None:
    waits = session.scalar(
        text("SELECT EXISTS (SELECT FROM drops WHERE supplier_order_id = :id AND received_at IS NULL)"),
        {"id": order.id},
    )
    reached = SupplierOrderStatus.PARTIALLY_RECEIVED if waits else SupplierOrderStatus.RECEIVED
    order.status = SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.RECEIVE, order.status, reached)
    order.received_at = None if waits else clock.now()
