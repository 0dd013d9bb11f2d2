"""Issuing a document: the next number of its series, its file, its entry in the books, in one transaction."""

import hashlib
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.models import Association, Company, Park
from app.accounts.permissions import Permission
from app.billing.invoicing.contents import keep_contents
from app.billing.invoicing.factur_x import factur_x
from app.billing.invoicing.invoice import Invoice, InvoiceKind, french_vat_number
from app.billing.invoicing.models import InvoiceArchive, IssuedInvoice
from app.billing.outbox import SETTLE_CREDIT
from app.catalog.models import Supplier
from app.catalog.suppliers import require_supplier
from app.commission.ledger.chart import Account
from app.commission.ledger.entries import EntryDraft, PostingDraft, book
from app.commission.ledger.models import DocumentType
from app.core import audit, clock, events, jobs
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import country_code
from app.edocuments.parties import Party

_UNNUMBERED = "–"


@dataclass(frozen=True)
class Draft:
    """A document before it has its number: whose series, between whom."""

    series: str
    invoice: Invoice
    supplier_id: int | None = None
    company_id: int | None = None
    corrects_id: int | None = None
    own_name: bool = False


def next_numbers(session: Session, series: str, year: int, count: int = 1) -> range:
    """The next numbers of a series: without a gap, as they are given back if the transaction is.

    The series stays locked until then: two who issue at once follow each other.
    """
    last = session.scalar(
        text("""
            INSERT INTO invoice_series AS s (series, year, last_number) VALUES (:series, :year, :count)
            ON CONFLICT (series, year) DO UPDATE SET last_number = s.last_number + :count RETURNING last_number
        """),
        {"series": series, "year": year, "count": count},
    )
    assert last is not None
    return range(last - count + 1, last + 1)


def issue(session: Session, actor: Actor, draft: Draft) -> IssuedInvoice:
    """Give a document its number, write its Factur-X file, and book it. What is issued never changes."""
    day = clock.today()
    (sequence,) = next_numbers(session, draft.series, day.year)
    number = f"{draft.series}-{day.year}-{sequence:06d}"
    invoice = replace(draft.invoice, number=number)
    stored = IssuedInvoice(
        kind=invoice.kind, series=draft.series, year=day.year, sequence=sequence, number=number,
        supplier_id=draft.supplier_id, company_id=draft.company_id, issued_on=invoice.issued_on, due_on=invoice.due_on,
        net_amount=invoice.net_total, vat_amount=invoice.vat_total, total=invoice.total,
        corrects_id=draft.corrects_id, own_name=draft.own_name, reason=invoice.reason, issued_at=clock.now(),
        issued_by=actor.label,
    )  # fmt: skip
    session.add(stored)
    session.flush()
    keep_contents(session, stored.id or 0, invoice)
    content = factur_x(invoice)
    session.add(InvoiceArchive(invoice_id=stored.id or 0, sha256=hashlib.sha256(content).hexdigest(), content=content))
    events.publish(events.Event.INVOICE_ISSUED, session, stored=stored, invoice=invoice)
    entry = _entry(stored)
    if entry.postings:
        book(session, [entry])
    if draft.corrects_id is not None:
        jobs.defer(session, SETTLE_CREDIT, invoice_id=draft.corrects_id)
    audit.record(session, actor.label, "invoice.issued", stored, number=number, total=str(invoice.total))
    return stored


def _entry(stored: IssuedInvoice) -> EntryDraft:
    """The entry of a document.

    A member owes what its supplier is owed: the association collects for it, but where it sells in its own name. Of its
    commission the net amount is booked when orders are approved and received and goods go back; the invoice adds the
    VAT. A service is the association's own.
    """
    if stored.company_id is None:
        sides = [PostingDraft(Account.SUPPLIERS, debit=stored.vat_amount, supplier_id=stored.supplier_id),
                 PostingDraft(Account.VAT_COLLECTED, credit=stored.vat_amount)]  # fmt: skip
    elif stored.supplier_id is None or stored.own_name:
        income = Account.SERVICES if stored.supplier_id is None else Account.GOODS
        sides = [PostingDraft(Account.MEMBERS, debit=stored.total, company_id=stored.company_id),
                 PostingDraft(income, credit=stored.net_amount, company_id=stored.company_id),
                 PostingDraft(Account.VAT_COLLECTED, credit=stored.vat_amount)]  # fmt: skip
    else:
        sides = [PostingDraft(Account.MEMBERS, debit=stored.total, company_id=stored.company_id),
                 PostingDraft(Account.SUPPLIERS, credit=stored.total, supplier_id=stored.supplier_id)]  # fmt: skip
    if stored.kind is InvoiceKind.CREDIT_NOTE:
        sides = [replace(side, debit=side.credit, credit=side.debit) for side in sides]
    postings = tuple(side for side in sides if side.debit or side.credit)
    return EntryDraft(DocumentType.INVOICE, stored.number, "issue", f"{stored.number}", postings)


def get_invoice(session: Session, actor: Actor, number: str) -> IssuedInvoice:
    """An invoice of the actor's: the treasurer's any, a firm's own, a supplier's own. Raises `NotFound`."""
    found = session.exec(select(IssuedInvoice).where(IssuedInvoice.number == number)).one_or_none()
    if found is None or not may_see(session, actor, found):
        raise NotFound("There is no such invoice.")
    return found


def may_see(session: Session, actor: Actor, invoice: IssuedInvoice) -> bool:
    """Whether an invoice is the actor's to see."""
    if actor.may(Permission.VIEW_COMMISSION):
        return True
    if actor.may(Permission.MANAGE_COMPANY):
        return invoice.company_id is not None and invoice.company_id == actor.company_id
    return actor.may(Permission.SUPPLY) and invoice.supplier_id == require_supplier(session, actor)


def archived(session: Session, invoice: IssuedInvoice) -> bytes:
    """The file as it was issued. Raises `Conflict` where it is not what its digest says."""
    kept = session.get_one(InvoiceArchive, invoice.id)
    if hashlib.sha256(kept.content).hexdigest() != kept.sha256:
        raise Conflict("The archived file was changed since it was issued.", code="archive_broken")
    return kept.content


def seller_of(supplier: Supplier) -> Party:
    """A supplier as a party of an invoice. Raises `InvalidInput` where the law needs more than is known of it."""
    country = country_code(supplier.country)
    vat_number = supplier.vat_number or (french_vat_number(supplier.siret) if country == "FR" else "")
    if country != "FR" or not vat_number:
        raise InvalidInput("{name} is not a French firm with a VAT number: it invoices by itself.", name=supplier.name)
    address = (supplier.street, supplier.postal_code, supplier.city, country)
    return Party(supplier.name, *address, supplier.siret, vat_number)


def member_seller(supplier: Supplier, association: Association) -> Party:
    """Who sells to members what a supplier delivers: it itself by its mandate, or the association in its own name."""
    own = seller_of(supplier)
    return association_party(association) if supplier.invoices_itself else own


def association_party(association: Association) -> Party:
    """The association as a party. Raises `InvalidInput` without a SIRET."""
    vat_number = association.vat_number or french_vat_number(association.siret)
    if not vat_number:
        raise InvalidInput("The association has no SIRET yet: write it down at /association first.")
    address = (association.street, association.postal_code, association.city, "FR")
    return Party(association.name, *address, association.siret, vat_number)


def buyer_of(session: Session, company: Company) -> Party:
    """A member company as a party; where its own address is not known, it is found on its park."""
    siret = company.siret or ""
    vat_number = french_vat_number(siret)
    if company.city:
        return Party(company.name, company.street, company.postal_code, company.city, "FR", siret, vat_number)
    park = session.get_one(Park, company.park_id)
    street = park.street or park.name
    return Party(company.name, street, park.postal_code, park.city, "FR", siret, vat_number)


def unnumbered(kind: InvoiceKind, issued_on: date, due: date, seller: Party, buyer: Party, **parts: object) -> Invoice:
    """An invoice whose number is still to be given."""
    return Invoice(_UNNUMBERED, kind, issued_on, due, seller, buyer, **parts)  # type: ignore[arg-type]
