"""Goods that go back: what a firm received and returned, or missed when it unpacked, is not its to pay for.

Amounts and commission follow as at the receipt; a document that asks for more than was kept is credited by billing.
"""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import audit, clock
from app.core.database import rows_as
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import marked
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.shares import Served, shares_of, write_shares
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.fulfilment.acknowledgement import get_supplier_order_of, require_order_event
from app.orders.fulfilment.models.returns import GoodsReturn
from app.orders.fulfilment.notices import tell_buyers

CAN_GO_BACK = SUPPLIER_ORDER_LIFE.before(SupplierOrderEvent.RETURN)


class Receiver(NamedTuple):
    """A firm that received something of a supplier order."""

    code: str
    name: str


def receivers(session: Session, supplier_order_id: int, park_id: int) -> list[Receiver]:
    """The firms of a park that keep something of a supplier order, by name."""
    rows = session.execute(
        text("""
            SELECT DISTINCT c.code, c.name
            FROM allocations a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id AND o.park_id = :park
            JOIN companies c ON c.id = o.company_id
            WHERE a.supplier_order_id = :id AND a.received_quantity > 0
            ORDER BY c.name, c.code
        """),
        {"id": supplier_order_id, "park": park_id},
    )
    return rows_as(Receiver, rows)


class Returned(NamedTuple):
    """Units that went back, of whom and why."""

    company: str
    sku: str
    name: str
    units: int
    reason: str
    recorded_at: datetime
    recorded_by: str


def list_returns(session: Session, supplier_order_id: int, park_id: int) -> list[Returned]:
    """What of a supplier order's delivery to a park went back, the last first."""
    rows = session.execute(
        text("""
            SELECT c.name AS company, f.sku, f.name, sum(r.units) AS units, r.reason, r.recorded_at, r.recorded_by
            FROM goods_returns r
            JOIN allocations a ON a.order_line_id = r.order_line_id AND a.supplier_order_id = :id
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id AND o.park_id = :park
            JOIN companies c ON c.id = o.company_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            GROUP BY c.id, f.round_id, f.offer_id, r.reason, r.recorded_at, r.recorded_by
            ORDER BY r.recorded_at DESC, c.name
        """),
        {"id": supplier_order_id, "park": park_id},
    )
    return rows_as(Returned, rows)


def record_return(
    session: Session, actor: Actor, number: str, company_code: str, sku: str, units: int, reason: str
) -> SupplierOrder:
    """Record that a firm does not keep units of an article; the lines placed last give first.

    Raises `InvalidInput` for more than the firm keeps or without a reason, `NotFound` for what it did not receive.
    """
    actor.require(Permission.MANAGE_ROUNDS)
    order = get_supplier_order_of(session, actor, number, lock=True)
    require_order_event(
        order, SupplierOrderEvent.RETURN, marked("Order {order} is {status}: nothing of it was received.")
    )
    if not reason.strip():
        raise InvalidInput("Say why it goes back: it stands on the credit note.", field="reason")
    lines = session.execute(
        text("""
            SELECT a.order_line_id, a.offer_id, a.received_quantity AS units
            FROM allocations a
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders o ON o.id = l.order_id
            JOIN companies c ON c.id = o.company_id AND c.code = :company
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id AND f.sku = :sku
            WHERE a.supplier_order_id = :id AND a.received_quantity > 0
            ORDER BY o.placed_at DESC, a.order_line_id DESC FOR UPDATE OF a
        """),
        {"id": order.id, "company": company_code, "sku": sku},
    ).all()
    if not lines:
        raise NotFound("This firm received nothing of {sku} in this order.", sku=sku)
    most = sum(line.units for line in lines)
    if not 0 < units <= most:
        raise InvalidInput("Of {sku}, from 1 to {most} units can go back.", field="units", sku=sku, most=most)
    lost: dict[int, int] = {}
    kept = Served()
    for line in lines:
        gives = min(line.units, units - sum(lost.values()))
        if gives:
            lost[line.order_line_id] = gives
            kept.quantities[line.order_line_id] = line.units - gives
    shares = [one for one in shares_of(session, order.id or 0, [lines[0].offer_id]) if one.order_line_id in lost]
    write_shares(session, order, shares, kept, "received")
    session.add_all(
        GoodsReturn(
            order_line_id=line, units=gone, reason=reason.strip()[:500], recorded_at=clock.now(),
            recorded_by=actor.label,
        )
        for line, gone in lost.items()
    )  # fmt: skip
    audit.record(session, actor.label, "supplier_order.goods_returned", order, number=number, sku=sku, units=units)
    session.flush()
    tell_buyers(session, order, lost)
    return order
