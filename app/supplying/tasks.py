"""Background jobs of the suppliers' side: noting what happens to their orders, and telling their systems."""

from datetime import datetime

from app.core import jobs
from app.core.database import transaction
from app.orders import outbox
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.supplying import webhooks
from app.supplying.supplier_invoices import match_invoices


@jobs.task(outbox.TELL_SUPPLIER)
def note_event(supplier_order_id: int, event: str, message_id: str, at: str) -> None:
    """Match the order's invoices with what is known now, and leave word for its supplier's systems."""
    with transaction() as session:
        order = session.get_one(SupplierOrder, supplier_order_id, with_for_update=True, populate_existing=True)
        match_invoices(session, order)
        data: dict[str, object] = {"order": order.number, "status": order.status.value, "version": order.version}
        webhooks.note_event(session, message_id, order.supplier_id, event, datetime.fromisoformat(at), data)


@jobs.task(webhooks.SEND_WEBHOOKS)
def send_webhooks(endpoint_id: int) -> None:
    """Send an address what is due."""
    webhooks.send_due(endpoint_id)


@jobs.app.periodic(cron="* * * * *")
@jobs.app.task(name="supplying.send_due_webhooks", queueing_lock="supplying.send_due_webhooks")
def send_due_webhooks(timestamp: int) -> None:
    """Every minute: whatever is due and nobody sends."""
    with transaction() as session:
        due = webhooks.endpoints_with_something_due(session)
        jobs.defer_many(session, webhooks.SEND_WEBHOOKS, [{"endpoint_id": key} for key in due])


@jobs.app.periodic(cron="41 3 * * *")
@jobs.app.task(name="supplying.forget_old_messages", queueing_lock="supplying.forget_old_messages")
def forget_old_messages(timestamp: int) -> None:
    """Every night: the log of webhooks keeps 90 days."""
    with transaction() as session:
        webhooks.forget_old_messages(session)
