"""What waits for a platform that takes uploads, as a ZIP; it is kept, and taken back until the platform answers."""

import csv
import io
from collections.abc import Iterator

from sqlmodel import Session, col, func, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import get_association
from app.billing.einvoicing.life_cycle import LifeCycle
from app.billing.einvoicing.models import LifeCycleEvent, Transmission, TransmissionStatus
from app.billing.einvoicing.transmissions import address_of, mark_deposited
from app.billing.invoicing.models import InvoiceArchive, IssuedInvoice
from app.billing.payments.models.bank import BankMovement, Payment
from app.billing.payments.models.outgoing_files import FileKind, OutgoingFile
from app.billing.payments.outgoing_files import keep_file
from app.core import audit, clock
from app.core.errors import Conflict
from app.web.exports import zipped


def take_away(session: Session, actor: Actor) -> OutgoingFile:
    """Make the file of what waits: each document as Factur-X, a list of recipients, and the statuses to be told.

    It counts as deposited until it is taken back. Raises `Conflict` where there is nothing.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    files: dict[str, bytes] = {}
    listed: list[tuple[str, ...]] = [("number", "siren", "address", "file")]
    taken = []
    for sent, number, content in _waiting(session):
        address = address_of(session, sent.siren)
        if address is None:
            sent.status = TransmissionStatus.NO_RECIPIENT
            continue
        files[f"{number}.pdf"] = content
        listed.append((number, sent.siren, address, f"{number}.pdf"))
        mark_deposited(session, sent)
        taken.append(sent)
    statuses = list(_statuses_to_tell(session))
    if not files and not statuses:
        raise Conflict("No document waits for a platform.", code="nothing_waits")
    files["documents.csv"] = _csv(listed)
    told = [(number, event.status.value, day) for event, number, day in statuses]
    files["statuses.csv"] = _csv([("number", "status", "day"), *told])
    kept = keep_file(session, actor, FileKind.EINVOICES, zipped(files), len(taken))
    for one in (*taken, *(event for event, _number, _day in statuses)):
        one.file_id = kept.id
    session.flush()
    audit.record(session, actor.label, "einvoices.taken_away", get_association(session), documents=len(taken))
    return kept


def _waiting(session: Session) -> list[tuple[Transmission, str, bytes]]:
    query = (
        select(Transmission, IssuedInvoice.number, InvoiceArchive.content)
        .join(IssuedInvoice, col(IssuedInvoice.id) == Transmission.invoice_id)
        .join(InvoiceArchive, col(InvoiceArchive.invoice_id) == Transmission.invoice_id)
        .where(Transmission.status == TransmissionStatus.WAITING)
        .order_by(col(Transmission.invoice_id))
        .with_for_update(of=Transmission)
    )
    return list(session.exec(query).all())


def _statuses_to_tell(session: Session) -> Iterator[tuple[LifeCycleEvent, str, str]]:
    """What is paid and was not told yet, with the invoice's number and the day: the bank's, where a bank paid it."""
    last_day = (
        select(func.max(BankMovement.booked_on))
        .join(Payment, col(Payment.movement_id) == BankMovement.id)
        .where(Payment.invoice_id == LifeCycleEvent.invoice_id)
        .scalar_subquery()
    )
    rows = session.exec(
        select(LifeCycleEvent, IssuedInvoice.number, last_day)
        .join(IssuedInvoice, col(IssuedInvoice.id) == LifeCycleEvent.invoice_id)
        .where(
            LifeCycleEvent.status == LifeCycle.CASHED,
            col(LifeCycleEvent.moved),
            col(LifeCycleEvent.told_at).is_(None),
        )
        .order_by(col(LifeCycleEvent.id))
        .with_for_update(of=LifeCycleEvent)
    )
    for event, number, day in rows.all():
        event.told_at = clock.now()
        yield event, number, (day or event.at.astimezone(clock.PARIS).date()).isoformat()


def _csv(rows: list[tuple[str, ...]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=";", lineterminator="\r\n").writerows(rows)
    return written.getvalue().encode("utf-8-sig")


def take_back_documents(session: Session, file_id: int) -> None:
    """Let the documents of a file that was taken back wait again, and its statuses be told again.

    What was to be told of such a document waits for its next deposit.
    """
    told = session.exec(select(LifeCycleEvent).where(LifeCycleEvent.file_id == file_id).with_for_update()).all()
    for event in told:
        event.told_at = event.file_id = None
    documents = session.exec(select(Transmission).where(Transmission.file_id == file_id).with_for_update()).all()
    for sent in documents:
        sent.status, sent.sent_at, sent.life_cycle, sent.file_id = TransmissionStatus.WAITING, None, None, None
        untold = select(LifeCycleEvent).where(
            LifeCycleEvent.invoice_id == sent.invoice_id, col(LifeCycleEvent.told_at).is_(None)
        )
        for event in session.exec(untold):
            event.moved = False
    session.flush()
