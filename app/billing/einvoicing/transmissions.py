"""Handing issued documents over to their recipients' platforms, and how far they are there."""

from collections.abc import Iterator, Mapping

from lxml import etree
from sqlmodel import Session, col, func, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.einvoicing.invoice_responses import InvoiceResponse, read_response
from app.billing.einvoicing.life_cycle import FINAL, LifeCycle, may_follow
from app.billing.einvoicing.models import LifeCycleEvent, Recipient, Transmission, TransmissionStatus
from app.billing.einvoicing.platform import DocumentRefused, platform
from app.billing.invoicing.invoice import Invoice
from app.billing.invoicing.invoice_ubl import ubl_xml
from app.billing.invoicing.models import InvoiceBalance, IssuedInvoice
from app.billing.outbox import TRANSMIT
from app.billing.payments.models.bank import Payment
from app.billing.payments.outgoing_files import confirm_file
from app.core import audit, clock, jobs
from app.core.database import outside
from app.core.errors import InvalidInput
from app.core.tabular import csv_reader
from app.edocuments.xml import parse_xml
from app.web.forms import typed_day

_BUYER_ENDPOINT = "{*}AccountingCustomerParty/{*}Party/{*}EndpointID"
_STATUS_COLUMNS = {"number", "status"}
_DIRECTORY_COLUMNS = {"siren", "address"}


def prepare_transmission(session: Session, stored: IssuedInvoice, invoice: Invoice) -> None:
    """Keep a document for its recipient's platform; it is handed over after this transaction, or taken away by file."""
    siren = invoice.buyer.siren
    waits = TransmissionStatus.WAITING if siren else TransmissionStatus.NO_RECIPIENT
    session.add(Transmission(invoice_id=stored.id or 0, siren=siren, content=ubl_xml(invoice), status=waits))
    if siren and platform() is not None:
        jobs.defer(session, TRANSMIT, invoice_id=stored.id)


def transmit(session: Session, invoice_id: int) -> None:
    """Hand a document over, once. An unknown recipient, or the platform's refusal, is written down."""
    sent = session.get_one(Transmission, invoice_id, with_for_update=True)
    carrier = platform()
    if carrier is None or sent.status is TransmissionStatus.SENT:
        return
    address = address_of(session, sent.siren)
    if address is None:
        sent.status = TransmissionStatus.NO_RECIPIENT
        return
    content, reference, failure = _addressed(sent.content, address), "", ""
    with outside(session):
        try:
            reference = carrier.send_invoice(content)
        except DocumentRefused as refusal:
            failure = str(refusal)[:500]
    sent = session.get_one(Transmission, invoice_id, with_for_update=True, populate_existing=True)
    if sent.status is TransmissionStatus.SENT:
        return
    if failure:
        sent.status, sent.failure = TransmissionStatus.FAILED, failure
        _move(session, sent, LifeCycle.REJECTED, by_us=False, reason=failure)
        return
    sent.reference = reference
    mark_deposited(session, sent)


def mark_deposited(session: Session, sent: Transmission) -> None:
    """Write down that a document was handed over just now."""
    sent.status, sent.sent_at, sent.failure = TransmissionStatus.SENT, clock.now(), ""
    _move(session, sent, LifeCycle.DEPOSITED, by_us=True)


def address_of(session: Session, siren: str) -> str | None:
    """Where a firm receives; its SIREN while no directory was imported, None where the directory has it not."""
    if not siren:
        return None
    today = clock.today()
    entry = session.get(Recipient, siren)
    if entry is not None:
        begun = entry.valid_from is None or entry.valid_from <= today
        return entry.address if begun and (entry.valid_to is None or today <= entry.valid_to) else None
    return None if session.exec(select(Recipient.siren).limit(1)).first() else siren


def _addressed(xml: bytes, address: str) -> bytes:
    """The document with its buyer's address as the directory has it."""
    root = parse_xml(xml)
    endpoint = root.find(_BUYER_ENDPOINT)
    if endpoint is None or endpoint.text == address:
        return xml
    endpoint.text = address
    addressed: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return addressed


def _move(
    session: Session, sent: Transmission, status: LifeCycle, *, by_us: bool, reason: str = "", message_id: str = ""
) -> bool:
    """Keep a status that was told; whether it moved the document on."""
    moved = may_follow(sent.life_cycle, status)
    if moved:
        sent.life_cycle = status
    session.add(LifeCycleEvent(
        invoice_id=sent.invoice_id, status=status, by_us=by_us, moved=moved, reason=reason, message_id=message_id,
        at=clock.now(),
    ))  # fmt: skip
    session.flush()
    return moved


def take_response(session: Session, content: bytes) -> bool:
    """Take in what a recipient says of a document of ours, once; whether it moved it on. Raises `InvalidInput`."""
    return _take(session, read_response(content))


def _take(session: Session, response: InvoiceResponse) -> bool:
    query = (
        select(Transmission)
        .join(IssuedInvoice, col(IssuedInvoice.id) == Transmission.invoice_id)
        .where(IssuedInvoice.number == response.number)
        .with_for_update(of=Transmission)
    )
    sent = session.exec(query).one_or_none()
    if sent is None:
        raise InvalidInput("We issued no document {number}.", code="unknown_document", number=response.number)
    known = select(LifeCycleEvent.id).where(LifeCycleEvent.message_id == response.id)
    if response.id and session.exec(known).first() is not None:
        return False
    confirm_file(session, sent.file_id)
    return _move(session, sent, response.status, by_us=False, reason=response.reason, message_id=response.id)


def note_cashed(session: Session) -> None:
    """Invoices that were handed over and are paid whole are *encaissées*: the seller has to say so (CGI art. 290 A)."""
    rows = session.exec(
        select(Transmission)
        .join(InvoiceBalance, col(InvoiceBalance.invoice_id) == Transmission.invoice_id)
        .where(
            Transmission.status == TransmissionStatus.SENT,
            col(Transmission.life_cycle).not_in(FINAL),
            InvoiceBalance.open <= 0,
            select(func.sum(Payment.amount)).where(Payment.invoice_id == Transmission.invoice_id).scalar_subquery() > 0,
        )
        .with_for_update(of=Transmission)
    )  # fmt: skip
    for sent in rows.all():
        _move(session, sent, LifeCycle.CASHED, by_us=True)


def import_statuses(session: Session, actor: Actor, content: bytes) -> int:
    """Take in statuses by file: an Invoice Response, or CSV `number;status;reason;id`; how many moved a document on."""
    actor.require(Permission.MANAGE_COMMISSION)
    if content.lstrip()[:1] == b"<":
        return int(take_response(session, content))
    moved = 0
    for row in _rows(content, _STATUS_COLUMNS):
        try:
            status = LifeCycle((row["status"] or "").strip())
        except ValueError as error:
            raise InvalidInput("{status} is no status of the life cycle.", status=row["status"]) from error
        number, reason = (row["number"] or "").strip(), (row.get("reason") or "").strip()[:500]
        message_id = (row.get("id") or "").strip() or f"{number}/{status.value}"
        moved += _take(session, InvoiceResponse(message_id, number, status, reason))
    return moved


def import_directory(session: Session, actor: Actor, content: bytes) -> int:
    """Take in recipients by file, CSV `siren;address;platform;valid_from;valid_to`; how many rows.

    Rows known before are replaced, and documents that waited for their recipient are handed over.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    count = 0
    for row in _rows(content, _DIRECTORY_COLUMNS):
        siren = (row["siren"] or "").replace(" ", "")
        if not (siren.isdigit() and len(siren) == 9):
            raise InvalidInput("{siren} is no SIREN: it has nine digits.", siren=siren)
        first, last = (typed_day((row.get(name) or "").strip()) for name in ("valid_from", "valid_to"))
        session.merge(Recipient(
            siren=siren, address=(row["address"] or "").strip()[:100] or siren,
            platform=(row.get("platform") or "").strip()[:200], valid_from=first, valid_to=last,
            imported_at=clock.now(),
        ))  # fmt: skip
        count += 1
    session.flush()
    _try_again(session)
    audit.record(session, actor.label, "einvoices.directory_imported", get_association(session), rows=count)
    return count


def _try_again(session: Session) -> None:
    """Documents whose recipient was not known wait again."""
    query = select(Transmission).where(
        Transmission.status == TransmissionStatus.NO_RECIPIENT, Transmission.siren != ""
    ).with_for_update()  # fmt: skip
    waiting = [sent for sent in session.exec(query).all() if address_of(session, sent.siren)]
    for sent in waiting:
        sent.status = TransmissionStatus.WAITING
    if platform() is not None:
        jobs.defer_many(session, TRANSMIT, [{"invoice_id": sent.invoice_id} for sent in waiting])


def _rows(content: bytes, needed: set[str]) -> Iterator[Mapping[str, str | None]]:
    reader = csv_reader(content)
    if not needed <= set(reader.fieldnames or ()):
        raise InvalidInput("The file needs the columns {columns}.", field="file", columns=", ".join(sorted(needed)))
    yield from reader
