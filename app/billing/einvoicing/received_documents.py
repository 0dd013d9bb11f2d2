"""Invoices that come from suppliers' platforms: matched with order and receipt, and answered by their life cycle."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import text
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.einvoicing.invoice_responses import InvoiceResponse, response_xml
from app.billing.einvoicing.life_cycle import LifeCycle, may_follow
from app.billing.einvoicing.models import LifeCycleEvent, ReceivedDocument
from app.billing.einvoicing.platform import DocumentRefused, platform
from app.billing.einvoicing.received_invoice import DocumentKind, ReceivedInvoice, ReceivedLine, read_invoice
from app.billing.invoicing.issue import association_party
from app.billing.invoicing.purchases import purchase_document
from app.billing.outbox import TELL_LIFE_CYCLE
from app.catalog.models import Supplier
from app.commission.ledger.chart import Account
from app.commission.ledger.models import DocumentType
from app.core import audit, clock, jobs
from app.core.database import outside
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import say, speaking
from app.core.money import CENT, UNIT_PRICE_STEP, ZERO, round_amount
from app.edocuments.parties import Party
from app.supplying.models.invoices import InvoiceStatus, SupplierInvoice
from app.supplying.supplier_invoices import Invoice, InvoicedLine, send_invoice

# What the state of a supplier's invoice is in the life cycle; what is still looked at is in progress.
_SAYS = {
    InvoiceStatus.WAITING: LifeCycle.AVAILABLE,
    InvoiceStatus.TO_CHECK: LifeCycle.TAKEN_IN_CHARGE,
    InvoiceStatus.MATCHED: LifeCycle.APPROVED,
    InvoiceStatus.ACCEPTED: LifeCycle.APPROVED,
    InvoiceStatus.DISPUTED: LifeCycle.REFUSED,
}


def upload_document(session: Session, actor: Actor, content: bytes) -> ReceivedDocument:
    """Take in an invoice by file. Raises `InvalidInput` for none, or whatever keeps it from fitting an order."""
    actor.require(Permission.MANAGE_COMMISSION)
    return take_document(session, content, keep_unfit=False)


def take_document(session: Session, content: bytes, *, keep_unfit: bool = True) -> ReceivedDocument:
    """Take in an invoice from a platform, once, and match it with order and receipt.

    Raises `InvalidInput` for what is no invoice. One that fits no order is kept with its problem, for the treasurer;
    or, where it is not to be kept, the refusal is raised.
    """
    digest = hashlib.sha256(content).hexdigest()
    known = session.exec(select(ReceivedDocument).where(ReceivedDocument.sha256 == digest)).one_or_none()
    if known is not None and known.supplier_invoice_id is not None:
        return known
    invoice = read_invoice(content)
    received = known or ReceivedDocument(
        sha256=digest, number=invoice.number[:80], seller=invoice.seller_name[:200], content=content,
        received_at=clock.now(),
    )  # fmt: skip
    session.add(received)
    session.flush()
    try:
        with session.begin_nested():
            kept = send_invoice(session, SYSTEM, _order_of(session, invoice), _as_sent(invoice))
    except DomainError as refusal:
        if not keep_unfit:
            raise
        with speaking("fr"):
            received.problem = say(refusal)[:500]
    else:
        received.problem, received.supplier_invoice_id = "", kept.id
        _say(session, received, _SAYS[kept.status])
    session.flush()
    audit.record(session, SYSTEM.label, "einvoice.received", received, number=received.number)
    return received


def _order_of(session: Session, invoice: ReceivedInvoice) -> str:
    """The number of the supplier order that an invoice is for: of a park's part, or of the whole.

    Raises `InvalidInput` for one of another supplier, or of none.
    """
    if len(invoice.orders) != 1:
        raise InvalidInput(
            "The document names {count} orders of ours; it has to name one.", code="unknown_order",
            count=len(invoice.orders),
        )  # fmt: skip
    number = session.scalar(
        text("""
            SELECT o.number FROM supplier_orders o JOIN suppliers s ON s.id = o.supplier_id
            WHERE (left(s.siret, 9) = :siren OR (s.vat_number <> '' AND s.vat_number = :vat)) AND o.sent_at IS NOT NULL
              AND (lower(o.number) = :order OR EXISTS (SELECT FROM drops d JOIN parks p ON p.id = d.park_id
                   WHERE d.supplier_order_id = o.id AND lower(o.number || '-' || p.code) = :order))
        """),
        {
            "siren": invoice.seller_siren or "-",
            "vat": invoice.seller_vat_number,
            "order": invoice.orders[0].lower(),
        },
    )
    if number is None:
        raise InvalidInput(
            "{seller} has no order {order} of ours.", code="unknown_order", seller=invoice.seller_name,
            order=invoice.orders[0],
        )  # fmt: skip
    return str(number)


def _as_sent(invoice: ReceivedInvoice) -> Invoice:
    """The invoice as a supplier would have sent it here.

    Raises `InvalidInput` for a credit note, another currency, an allowance on the whole, and what was paid already.
    """
    if invoice.kind is not DocumentKind.INVOICE:
        raise InvalidInput("This is a credit note: enter it with the return that it is for.", code="credit_note")
    if invoice.currency != "EUR":
        raise InvalidInput(
            "This invoice is in {currency}: orders are in EUR.", code="other_currency", currency=invoice.currency
        )
    if invoice.charges < 0:
        raise InvalidInput(
            "The allowance of {amount} on the whole invoice was not agreed.", code="allowance", amount=-invoice.charges
        )
    if invoice.prepaid:
        raise InvalidInput("{amount} are said to be paid already.", code="prepaid", amount=invoice.prepaid)
    return Invoice(
        invoice.number, invoice.issued_on, invoice.due_on, _lines(invoice.lines),
        delivery_fee=max(invoice.charges, ZERO), total_amount=invoice.gross, total_slack=CENT * len(invoice.lines),
    )  # fmt: skip


def _lines(lines: Iterable[ReceivedLine]) -> list[InvoicedLine]:
    """One line an article, at the price that its lines come to.

    A further line of the same article and quantity at a small part of its price is its eco-contribution.
    """
    by_sku: defaultdict[str, list[ReceivedLine]] = defaultdict(list)
    for line in lines:
        if line.quantity != line.quantity.to_integral_value() or line.quantity < 1:
            raise InvalidInput("{value} is no quantity of {sku}.", field="lines", value=line.quantity, sku=line.sku)
        by_sku[line.sku].append(line)
    found = []
    for sku, same in by_sku.items():
        dearest = max(same, key=lambda line: line.unit_price)
        eco_lines = [
            line for line in same if line.quantity == dearest.quantity and line.unit_price * 4 < dearest.unit_price
        ]
        goods = [line for line in same if line not in eco_lines]
        quantity = sum((line.quantity for line in goods), ZERO)
        price = (sum((line.net for line in goods), ZERO) / quantity).quantize(UNIT_PRICE_STEP)
        if round_amount(quantity * dearest.unit_price) == sum((line.net for line in goods), ZERO):
            price = dearest.unit_price.quantize(UNIT_PRICE_STEP)
        eco = sum((line.net for line in eco_lines), ZERO)
        found.append(InvoicedLine(sku, int(quantity), price, eco))
    return found


def say_how_far(session: Session) -> None:
    """Tell the senders of invoices how far these are now: approved, refused with the reason, paid."""
    rows = session.exec(
        select(ReceivedDocument, SupplierInvoice)
        .join(SupplierInvoice, col(SupplierInvoice.id) == ReceivedDocument.supplier_invoice_id)
        .where(col(ReceivedDocument.said).is_(None) | col(ReceivedDocument.said).not_in(["210", "211"]))
        .with_for_update(of=ReceivedDocument)
    )
    for received, invoice in rows.all():
        status = _SAYS[invoice.status]
        if status is LifeCycle.APPROVED and _is_paid(session, invoice):
            status = LifeCycle.PAYMENT_SENT
        if may_follow(received.said, status):
            _say(session, received, status, invoice.reason)


def _is_paid(session: Session, invoice: SupplierInvoice) -> bool:
    """Whether an invoice is booked and nothing is owed to its supplier any more."""
    owed = session.scalar(
        text("""
            SELECT sum(p.credit - p.debit) FROM postings p
            WHERE p.account = :account AND p.supplier_id = :supplier AND EXISTS (SELECT FROM journal_entries e
                WHERE e.document_type = :purchase AND e.document_number = :document)
        """),
        {
            "account": Account.SUPPLIERS,
            "supplier": invoice.supplier_id,
            "document": purchase_document(invoice),
            "purchase": DocumentType.PURCHASE,
        },
    )
    return owed is not None and owed <= 0


def _say(session: Session, received: ReceivedDocument, status: LifeCycle, reason: str = "") -> None:
    received.said = status
    event = LifeCycleEvent(document_id=received.id, status=status, by_us=True, reason=reason, at=clock.now())
    session.add(event)
    session.flush()
    if platform() is not None:
        jobs.defer(session, TELL_LIFE_CYCLE, event_id=event.id)


def tell(session: Session, event_id: int) -> None:
    """Hand a status over to the platform; twice only where this process is killed in between, under the same id."""
    event = session.get_one(LifeCycleEvent, event_id)
    carrier = platform()
    if event.told_at is not None or carrier is None or event.document_id is None:
        return
    received = session.get_one(ReceivedDocument, event.document_id)
    invoice = session.get_one(SupplierInvoice, received.supplier_invoice_id)
    supplier = session.get_one(Supplier, invoice.supplier_id)
    receiver = Party(supplier.name, siret=supplier.siret)
    response = InvoiceResponse(f"ENG-{event.id}", received.number, event.status, event.reason)
    sender = association_party(get_association(session))
    content, problem = response_xml(response, sender, receiver, event.at), ""
    with outside(session):
        try:
            carrier.send_response(content)
        except DocumentRefused as refusal:
            problem = str(refusal)[:500]
    event.told_at = clock.now()
    if problem:
        received.problem = problem
    session.flush()
