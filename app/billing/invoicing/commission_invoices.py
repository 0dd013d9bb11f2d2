"""The association's commission, invoiced to suppliers: of every order that came whole, once."""

from datetime import datetime

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.models import Association
from app.billing.invoicing.invoice import InvoiceKind, InvoiceLine, LineKind, due_on
from app.billing.invoicing.issue import Draft, association_party, issue, unnumbered
from app.billing.invoicing.models import InvoicedCommission, IssuedInvoice
from app.core import clock
from app.core.i18n import gettext as _
from app.core.i18n import speaking
from app.edocuments.parties import Party
from app.edocuments.totals import STANDARD_RATE

SERIES = "COM"

_DUE = """
    SELECT so.id, so.number, so.commission - coalesce(b.amount, 0) AS commission FROM supplier_orders so
    LEFT JOIN LATERAL (
        SELECT sum(amount) AS amount FROM invoiced_commissions i WHERE i.supplier_order_id = so.id
    ) b ON true
    WHERE so.supplier_id = :supplier AND so.received_at < :before AND so.commission > coalesce(b.amount, 0)
    ORDER BY so.number
"""


def commission_is_due(session: Session, supplier_id: int, before: datetime) -> bool:
    """Whether there is commission of a supplier to be invoiced."""
    query = text(f"SELECT EXISTS ({_DUE})")
    return bool(session.scalar(query, {"supplier": supplier_id, "before": before}))


def issue_commission_invoice(
    session: Session, actor: Actor, supplier_id: int, buyer: Party, association: Association, before: datetime
) -> IssuedInvoice | None:
    """Invoice a supplier for the commission of the orders received before an instant; None where there is none."""
    due = session.execute(text(_DUE), {"supplier": supplier_id, "before": before}).all()
    if not due:
        return None
    with speaking("fr"):
        words = _("Commission on order {number}")
        lines = [
            InvoiceLine(
                words.format(number=row.number), 1, row.commission, row.commission, STANDARD_RATE, row.number,
                LineKind.COMMISSION,
            )
            for row in due
        ]  # fmt: skip
        invoice = unnumbered(
            InvoiceKind.COMMISSION, clock.today(), due_on(clock.today()), association_party(association), buyer,
            lines=lines, references=[row.number for row in due], iban=association.iban,
        )  # fmt: skip
    stored = issue(session, actor, Draft(SERIES, invoice, supplier_id))
    session.add_all(
        InvoicedCommission(supplier_order_id=row.id, invoice_id=stored.id or 0, amount=row.commission) for row in due
    )
    session.flush()
    return stored
