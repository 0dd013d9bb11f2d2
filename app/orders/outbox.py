"""The jobs that use cases of the main loop leave behind them, by name; `tasks` does them.

`TELL_SUPPLIER` goes to the suppliers' side, which stands above: what happened to an order of theirs.
"""

from collections.abc import Iterable
from enum import StrEnum

from sqlmodel import Session

from app.core import clock, jobs
from app.core.jobs import JobName
from app.core.tokens import new_token
from app.orders.models import SupplierOrder

SEND_SUPPLIER_ORDER = JobName("orders.send_supplier_order", "orders")
TELL_MEMBERS_OF_OUTCOME = JobName("orders.tell_members_of_outcome", "orders")
PLACE_STANDING_ORDERS = JobName("orders.place_standing_orders", "orders")
OPEN_AND_CLOSE_DUE_ROUNDS = JobName("orders.open_and_close_due_rounds", "orders")
WORK_OUT_PLANS = JobName("orders.work_out_plans", "plans")
TELL_SUPPLIER = JobName("supplying.note_event", "orders")


class SupplierEvent(StrEnum):
    """What suppliers' systems are told of, by the names they are told."""

    SENT = "order.sent"
    ANSWERED = "order.answered"
    PRICE_DECIDED = "order.price_decided"
    SHIPPED = "order.shipped"
    RECEIVED = "order.received"
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
