"""What a supplier says is on its way: a despatch advice (ASN) for one drop, and the order is shipped."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import func, insert
from sqlmodel import Session, col, select
from stdnum import ean

from app.accounts.actor import Actor
from app.accounts.models import Park
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import marked
from app.orders.consolidation.models.supplier_orders import Drop, SupplierOrder, SupplierOrderStatus
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.consolidation.supplier_events import SupplierEvent, tell_supplier
from app.orders.fulfilment.acknowledgement import (
    acknowledge_order,
    get_supplier_order_of,
    let_asked_prices_lapse,
    require_order_event,
)
from app.orders.fulfilment.models.despatch import DespatchAdvice, DespatchLine, DespatchParcel
from app.orders.fulfilment.queries.supplier_side import ToCome, still_to_come

_SSCC = re.compile(r"[0-9]{18}\Z")
_NOTHING = ToCome(0, 0)
CAN_LEAVE = SUPPLIER_ORDER_LIFE.before(SupplierOrderEvent.DESPATCH)


@dataclass(frozen=True)
class Despatch:
    """A despatch advice: for which park, what (units by SKU; none: all that is still to come), how and when."""

    number: str
    park_code: str
    expected_on: date
    lines: Mapping[str, int] = field(default_factory=dict)
    carrier: str = ""
    tracking: str = ""
    sscc: Sequence[str] = ()


def check_sscc(code: str) -> str:
    """An SSCC of 18 digits. Raises `InvalidInput` for a wrong check digit (GS1 General Specifications, 7.9)."""
    if _SSCC.match(code) and ean.calc_check_digit(code[:17]) == code[17]:
        return code
    raise InvalidInput(
        "{sscc} is not an SSCC: 18 digits, the last of which checks the others.", field="sscc", sscc=code
    )


def advise_despatch(session: Session, actor: Actor, number: str, despatch: Despatch) -> DespatchAdvice:
    """Say what is on its way to a park. An order that was only sent counts as accepted as it is.

    Raises `Conflict` for a number used before or an order in no state to leave, `InvalidInput` for more than is
    to come.
    """
    order = get_supplier_order_of(session, actor, number, lock=True)
    require_order_event(
        order, SupplierOrderEvent.DESPATCH, marked("Order {order} is {status}: nothing of it can leave now.")
    )
    if order.status is SupplierOrderStatus.SENT:
        order = acknowledge_order(session, actor, number)
    if not despatch.number.strip():
        raise InvalidInput("A despatch advice needs a number.", field="number")
    drop_id = find_drop(session, order, despatch.park_code).id or 0
    to_come = still_to_come(session, order.id or 0).get(drop_id, {})
    lines = _lines(despatch.lines, to_come)
    advice = _keep(session, order.id or 0, drop_id, despatch, lines)
    let_asked_prices_lapse(session, order, lines)
    order.status = SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.DESPATCH, order.status)
    order.shipped_at = order.shipped_at or clock.now()
    order.updated_at = clock.now()
    order.version += 1
    audit.record(session, actor.label, "supplier_order.shipped", order, number=number, advice=advice.number)
    session.flush()
    tell_supplier(session, order, SupplierEvent.SHIPPED)
    return advice


def _keep(
    session: Session, supplier_order_id: int, drop_id: int, despatch: Despatch, lines: Mapping[int, int]
) -> DespatchAdvice:
    used = select(func.count()).where(
        DespatchAdvice.supplier_order_id == supplier_order_id, DespatchAdvice.number == despatch.number.strip()
    )
    if session.scalar(used):
        raise Conflict("Despatch advice {number} was sent already.", code="duplicate_despatch", number=despatch.number)
    advice = DespatchAdvice(
        supplier_order_id=supplier_order_id,
        drop_id=drop_id,
        number=despatch.number.strip()[:80],
        carrier=despatch.carrier.strip()[:100],
        tracking=despatch.tracking.strip()[:200],
        expected_on=despatch.expected_on,
        advised_at=clock.now(),
    )
    session.add(advice)
    session.flush()
    session.execute(
        insert(DespatchLine),
        [{"advice_id": advice.id, "offer_id": offer_id, "quantity": units} for offer_id, units in lines.items()],
    )
    if despatch.sscc:
        parcels = [{"advice_id": advice.id, "sscc": check_sscc(code)} for code in dict.fromkeys(despatch.sscc)]
        session.execute(insert(DespatchParcel), parcels)
    return advice


def find_drop(session: Session, order: SupplierOrder, park_code: str) -> Drop:
    """An order's drop at a park. Raises `NotFound`."""
    found = session.exec(
        select(Drop)
        .join(Park, col(Park.id) == Drop.park_id)
        .where(Drop.supplier_order_id == order.id, Park.code == park_code)
    ).one_or_none()
    if found is None:
        raise NotFound("This order brings nothing to the park {park}.", field="park", park=park_code)
    return found


def _lines(asked: Mapping[str, int], to_come: Mapping[str, ToCome]) -> dict[int, int]:
    """Units by offer. Raises where they are not to come."""
    if not asked:
        everything = {one.offer_id: one.units for one in to_come.values()}
        if not everything:
            raise Conflict("All of this came or is on its way already.", code="nothing_to_come")
        return everything
    lines = {}
    for sku, units in asked.items():
        offer_id, most = to_come.get(sku, _NOTHING)
        if not 1 <= units <= most:
            raise InvalidInput(
                "Of {sku} there are {most} units still to come.",
                code="quantity_out_of_range",
                field="lines",
                sku=sku,
                most=most,
            )
        lines[offer_id] = units
    return lines
