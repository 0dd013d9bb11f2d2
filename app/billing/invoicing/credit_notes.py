"""A credit note takes an invoice back, whole: a document of its own, never a change of the first.

What the invoice asked for is due again then, and stands on the next one: so a wrong address is put right. What
a member does not keep is a return of goods (see `partial_credits`).
"""

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing.contents import contents_of
from app.billing.invoicing.invoice import InvoiceKind
from app.billing.invoicing.issue import Draft, get_invoice, issue, unnumbered
from app.billing.invoicing.models import IssuedInvoice
from app.core import clock
from app.core.errors import Conflict, InvalidInput


def credit_invoice(session: Session, actor: Actor, number: str, reason: str) -> IssuedInvoice:
    """Credit an invoice whole, with the reason. Raises `Conflict` for a credit note, or where there is one already."""
    actor.require(Permission.MANAGE_COMMISSION)
    if not reason.strip():
        raise InvalidInput("Say why the invoice is credited: it stands on the credit note.", field="reason")
    first = get_invoice(session, actor, number)
    if first.kind is InvoiceKind.CREDIT_NOTE:
        raise Conflict("A credit note is not credited.", code="not_creditable")
    if session.exec(select(IssuedInvoice.id).where(IssuedInvoice.corrects_id == first.id)).first() is not None:
        raise Conflict("This invoice is credited already, whole or in part.", code="credited_already")
    association = get_association(session)
    contents = contents_of(session, first.id or 0)
    today = clock.today()
    invoice = unnumbered(
        InvoiceKind.CREDIT_NOTE, today, today, contents.seller, contents.buyer,
        lines=contents.lines, charges=contents.charges,
        corrects=(first.number, first.issued_on), reason=reason.strip()[:500],
        mandate=association.name if first.kind is InvoiceKind.MEMBER and not first.own_name else "",
    )  # fmt: skip
    stored = issue(
        session,
        actor,
        Draft(f"AV-{first.series}", invoice, first.supplier_id, first.company_id, first.id, first.own_name),
    )
    for statement in _DUE_AGAIN:
        session.execute(text(statement), {"credit": stored.id, "first": first.id})
    return stored


_DUE_AGAIN = (
    """INSERT INTO invoiced_lines (order_line_id, invoice_id, units, amount, position)
       SELECT order_line_id, :credit, -units, -amount, position FROM invoiced_lines WHERE invoice_id = :first""",
    """INSERT INTO invoiced_fees (supplier_order_id, company_id, invoice_id, amount)
       SELECT supplier_order_id, company_id, :credit, -amount FROM invoiced_fees WHERE invoice_id = :first""",
    """INSERT INTO invoiced_commissions (supplier_order_id, invoice_id, amount)
       SELECT supplier_order_id, :credit, -amount FROM invoiced_commissions WHERE invoice_id = :first""",
)
