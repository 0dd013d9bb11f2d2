"""Suppliers that invoice by themselves: the association buys from them and sells on in its own name.

It is an agent in its own name (CGI art. 256 V): what it sells members at the group's price it buys at that price, and
keeps its commission of it as always. An invoice is booked once it agrees with order and receipt or is accepted.
"""

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.models import Supplier
from app.catalog.suppliers import supplier_id_of
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import EntryDraft, PostingDraft, book
from app.commission.ledger.models import DocumentType
from app.core import audit
from app.core.money import ZERO
from app.supplying.models.invoices import AGREED_INVOICES, SupplierInvoice


def let_invoice_itself(session: Session, actor: Actor, code: str, *, itself: bool) -> None:
    """Write down that a supplier invoices by itself, or gave us its mandate to invoice in its name."""
    actor.require(Permission.MANAGE_COMMISSION)
    supplier = session.get_one(Supplier, supplier_id_of(session, code))
    supplier.invoices_itself = itself
    session.flush()
    audit.record(session, actor.label, "supplier.invoices_itself", supplier, itself=itself)


def purchase_document(invoice: SupplierInvoice) -> str:
    """How the books name a supplier's invoice: its number is the supplier's own."""
    return f"{invoice.supplier_id}/{invoice.number}"


def book_purchases(session: Session) -> int:
    """Bring the books in step with what suppliers invoiced by themselves; how many entries were written."""
    rows = session.exec(
        select(SupplierInvoice)
        .join(Supplier, col(Supplier.id) == SupplierInvoice.supplier_id)
        .where(col(Supplier.invoices_itself))
        .order_by(col(SupplierInvoice.id))
        .with_for_update(of=SupplierInvoice)
    ).all()
    booked = _booked(session)
    drafts = []
    for invoice in rows:
        document = purchase_document(invoice)
        stands = invoice.total_amount if invoice.status in AGREED_INVOICES else ZERO
        if stands and not booked.get(document):
            drafts.append(_entry(invoice, document, back=False))
        elif not stands and booked.get(document):
            drafts.append(_entry(invoice, document, back=True))
    book(session, drafts)
    return len(drafts)


def _booked(session: Session) -> dict[str, object]:
    """What stands in the books of each invoice, by its document."""
    rows = session.execute(
        text("""
            SELECT e.document_number, sum(p.credit - p.debit) AS owed FROM journal_entries e
            JOIN postings p ON p.entry_id = e.id AND p.account = :account
            WHERE e.document_type = :purchase GROUP BY e.document_number
        """),
        {"account": Account.SUPPLIERS, "purchase": DocumentType.PURCHASE},
    )
    return {row.document_number: row.owed for row in rows}


def _entry(invoice: SupplierInvoice, document: str, *, back: bool) -> EntryDraft:
    """An invoice in the books, or (it was disputed after all) out of them again."""
    sides = [
        (Account.PURCHASES, invoice.net_amount, ZERO),
        (Account.VAT_DEDUCTIBLE, invoice.vat_amount, ZERO),
        (Account.SUPPLIERS, ZERO, invoice.total_amount),
    ]
    postings = tuple(
        PostingDraft(account, credit if back else debit, debit if back else credit, supplier_id=invoice.supplier_id)
        for account, debit, credit in sides
        if debit or credit
    )
    purpose = f"{invoice.status.value}-{invoice.version}"
    return EntryDraft(DocumentType.PURCHASE, document, purpose, invoice.number, postings)
