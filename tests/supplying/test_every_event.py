"""Every event of a supplier's invoice in every state by every role: what its table says is what the use case does."""

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from app.accounts.actor import COMMAND_LINE
from app.accounts.permissions import Role, permissions_of
from app.core.errors import Conflict, DomainError, NotAllowed
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice
from app.supplying.states import SUPPLIER_INVOICE_LIFE, SupplierInvoiceEvent
from app.supplying.supplier_invoices import Invoice, InvoicedLine, decide_invoice, match_invoices, send_invoice
from tests.supplying.desk import Desk


@pytest.mark.parametrize("state", InvoiceStatus)
def test_a_suppliers_invoice_obeys_its_table(desk: Desk, state: InvoiceStatus) -> None:
    world, session = desk.world, desk.world.session
    advise_despatch(session, COMMAND_LINE, "R1-S1", Despatch("BL", "nord", date(2026, 3, 9)))
    line = InvoicedLine(desk.gloves.sku, 12, Decimal("10.00"))
    invoice = send_invoice(session, desk.speakers["S1"], "R1-S1", Invoice("FA", date(2026, 3, 9), lines=[line]))
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("UPDATE supplier_invoices SET status = :state"), {"state": state})
    session.execute(text("SET LOCAL session_replication_role = origin"))
    session.expire_all()
    company = world.a_company()
    people = [
        world.an_actor(role, company=company if role in {Role.EMPLOYEE, Role.APPROVER} else None)
        for role in Role
        if role is not Role.SUPPLIER
    ]
    for event in (SupplierInvoiceEvent.ACCEPT, SupplierInvoiceEvent.DISPUTE):
        granted = {who for row in SUPPLIER_INVOICE_LIFE.transitions if row.event is event for who in row.who}
        for actor in (*people, desk.speakers["S1"]):
            accept, nested = event is SupplierInvoiceEvent.ACCEPT, session.begin_nested()
            refusal: DomainError | None = None
            reached = state
            try:
                reached = decide_invoice(session, actor, invoice.id or 0, accept=accept, reason="dear").status
            except DomainError as refused:
                refusal = refused
            nested.rollback()
            session.expire_all()
            if not granted & {permission.value for permission in permissions_of(actor.roles)}:
                assert isinstance(refusal, NotAllowed), (event, state, actor.roles, refusal)
            elif SUPPLIER_INVOICE_LIFE.allows(event, state):
                assert (refusal, reached) == (None, SUPPLIER_INVOICE_LIFE.after(event, state))
            else:
                assert isinstance(refusal, Conflict), (event, state, actor.roles, refusal)
                assert refusal.code == "decided_already"
    order = session.get_one(SupplierOrder, session.get_one(SupplierInvoice, invoice.id).supplier_order_id)
    match_invoices(session, order)
    found = session.get_one(SupplierInvoice, invoice.id, populate_existing=True).status
    assert found in (SUPPLIER_INVOICE_LIFE.outcomes(SupplierInvoiceEvent.MATCH, state) or (state,))
