"""What a supplier's systems are told of its orders: noted here, told by the suppliers' side after the transaction."""

from collections.abc import Iterable
from enum import StrEnum

from sqlmodel import Session

from app.core import clock, jobs
from app.core.tokens import new_token
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.outbox import TELL_SUPPLIER


class SupplierEvent(StrEnum):
    """What suppliers' systems are told of, by the names they are told."""

    SENT = "order.sent"
    ANSWERED = "order.answered"
    PRICE_DECIDED = "order.price_decided"
    SHIPPED = "order.shipped"
    RECEIVED = "order.received"
    CANCELLED = "order.cancelled"
    INVOICE_DECIDED = "invoice.decided"
    TEST = "test"


def tell_supplier(session: Session, order: SupplierOrder, event: SupplierEvent) -> None:
    """Leave word for a supplier's systems."""
    tell_suppliers(session, [order.id or 0], event)


def tell_suppliers(session: Session, supplier_order_ids: Iterable[int], event: SupplierEvent) -> None:
    """Leave word about many orders, in one statement. The message's id goes with it: a repeated job is the same."""
    at = clock.now().isoformat()
    words = [
        {"supplier_order_id": key, "event": event.value, "message_id": f"msg_{new_token()}", "at": at}
        for key in supplier_order_ids
    ]
    jobs.defer_many(session, TELL_SUPPLIER, words)
