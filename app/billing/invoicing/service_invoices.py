"""Services of the park that the association sells to firms: waste collection, crèche places, the concierge, others."""

from collections.abc import Sequence

from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.models import Company
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.invoicing.invoice import InvoiceKind, InvoiceLine, due_on
from app.billing.invoicing.issue import Draft, association_party, buyer_of, issue, unnumbered
from app.billing.invoicing.models import IssuedInvoice
from app.core import clock
from app.core.errors import InvalidInput, NotFound
from app.core.i18n import speaking

SERIES = "SRV"


def issue_service_invoice(
    session: Session, actor: Actor, company_code: str, lines: Sequence[InvoiceLine]
) -> IssuedInvoice:
    """Invoice a firm for services. Raises `NotFound` for the firm, `InvalidInput` without lines or for empty ones."""
    actor.require(Permission.MANAGE_COMMISSION)
    company = session.exec(select(Company).where(Company.code == company_code)).one_or_none()
    if company is None:
        raise NotFound("There is no firm {firm}.", firm=company_code)
    if not lines or any(not line.name.strip() or line.quantity < 1 for line in lines):
        raise InvalidInput("Say what is invoiced, and how many.", field="lines")
    association, today = get_association(session), clock.today()
    with speaking("fr"):
        invoice = unnumbered(
            InvoiceKind.SERVICE, today, due_on(today), association_party(association), buyer_of(session, company),
            lines=lines, iban=association.iban,
        )  # fmt: skip
    return issue(session, actor, Draft(SERIES, invoice, company_id=company.id))
