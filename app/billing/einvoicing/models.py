"""Tables of electronic invoicing: recipients, what was handed over and how far it is, what came and what we said."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

import app.billing.invoicing.models
import app.billing.payments.models
import app.supplying.models.invoices  # noqa: F401 - foreign keys name their tables
from app.billing.einvoicing.life_cycle import LifeCycle
from app.core.tables import choice, instant, key


class Recipient(SQLModel, table=True):
    """Where a firm receives electronic invoices, by its SIREN: a row of the directory (*annuaire*)."""

    __tablename__ = "einvoice_recipients"

    siren: str = Field(primary_key=True, max_length=9)
    address: str = Field(max_length=100)
    platform: str = Field(default="", max_length=200)
    valid_from: date | None = None
    valid_to: date | None = None
    imported_at: datetime = instant()


class TransmissionStatus(StrEnum):
    """Whether a document was handed over."""

    WAITING = "waiting"
    NO_RECIPIENT = "no_recipient"
    SENT = "sent"
    FAILED = "failed"


class Transmission(SQLModel, table=True):
    """An issued document on its way to its recipient's platform, as UBL; `life_cycle`: how far it is there.

    `file_id`: of the file that it was taken away with, where it goes by file.
    """

    __tablename__ = "einvoice_transmissions"
    __table_args__ = (Index("ix_einvoice_transmissions_status_invoice_id", "status", "invoice_id"),)

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    siren: str = Field(max_length=9)
    content: bytes
    status: TransmissionStatus = choice(TransmissionStatus, default=TransmissionStatus.WAITING)
    life_cycle: LifeCycle | None = choice(LifeCycle, default=None, nullable=True)
    reference: str = Field(default="", max_length=200)
    failure: str = Field(default="", max_length=500)
    sent_at: datetime | None = instant(default=None)
    file_id: int | None = Field(default=None, foreign_key="outgoing_files.id", index=True)


class ReceivedDocument(SQLModel, table=True):
    """An invoice that came from a supplier's platform, as it came; `problem` where it fits no order.

    `said`: what we last told its sender.
    """

    __tablename__ = "received_documents"

    id: int | None = key()
    sha256: str = Field(unique=True, max_length=64)
    number: str = Field(default="", max_length=80)
    seller: str = Field(default="", max_length=200)
    content: bytes
    supplier_invoice_id: int | None = Field(default=None, foreign_key="supplier_invoices.id", unique=True)
    problem: str = Field(default="", max_length=500)
    said: LifeCycle | None = choice(LifeCycle, default=None, nullable=True)
    received_at: datetime = instant()


class LifeCycleEvent(SQLModel, table=True):
    """A status that was told of a document: by its recipient of one we issued, or by us.

    `moved`: it moved the document on; one out of order is kept and moves nothing. `message_id`: of the message that
    told it, so that it counts once.
    """

    __tablename__ = "life_cycle_events"
    __table_args__ = (
        CheckConstraint("num_nonnulls(invoice_id, document_id) = 1", name="about_one"),
        Index("uq_life_cycle_events_message", "message_id", unique=True, postgresql_where=text("message_id <> ''")),
        Index("ix_life_cycle_events_invoice_id", "invoice_id"),
    )

    id: int | None = key()
    invoice_id: int | None = Field(default=None, foreign_key="issued_invoices.id")
    document_id: int | None = Field(default=None, foreign_key="received_documents.id")
    status: LifeCycle = choice(LifeCycle)
    by_us: bool
    moved: bool = True
    reason: str = Field(default="", max_length=500)
    message_id: str = Field(default="", max_length=200)
    at: datetime = instant()
    told_at: datetime | None = instant(default=None)
    file_id: int | None = Field(default=None, foreign_key="outgoing_files.id", index=True)
