"""Tables of issued invoices: what is issued never changes, numbers have no gap, months that are closed take nothing."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

import app.orders.models  # noqa: F401 - foreign keys name its tables
from app.billing.invoice import InvoiceKind
from app.core.tables import choice, euros, instant, key


class InvoiceSeries(SQLModel, table=True):
    """A series of numbers in a year, and the last one given. Its row is locked by whoever takes the next."""

    __tablename__ = "invoice_series"

    series: str = Field(primary_key=True, max_length=60)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_number: int = 0


class IssuedInvoice(SQLModel, table=True):
    """An invoice or credit note as it was issued. Amounts in euros. The database refuses any change.

    `supplier_id` sells to `company_id`, or (commission) buys from the association.
    """

    __tablename__ = "issued_invoices"
    __table_args__ = (
        UniqueConstraint("series", "year", "sequence"),
        CheckConstraint("total = net_amount + vat_amount", name="total_adds_up"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="credit_notes_correct"),
        Index("ix_issued_invoices_company_id_id", "company_id", "id"),
        Index("ix_issued_invoices_supplier_id_id", "supplier_id", "id"),
        Index("uq_issued_invoices_corrects", "corrects_id", unique=True),
    )

    id: int | None = key()
    kind: InvoiceKind = choice(InvoiceKind)
    series: str = Field(max_length=60)
    year: int
    sequence: int
    number: str = Field(unique=True, max_length=80)
    supplier_id: int = Field(foreign_key="suppliers.id")
    company_id: int | None = Field(default=None, foreign_key="companies.id")
    issued_on: date
    due_on: date
    net_amount: Decimal = euros()
    vat_amount: Decimal = euros()
    total: Decimal = euros()
    corrects_id: int | None = Field(default=None, foreign_key="issued_invoices.id")
    reason: str = Field(default="", max_length=500)
    issued_at: datetime = instant()
    issued_by: str = ""


class InvoiceArchive(SQLModel, table=True):
    """The Factur-X file of an invoice with its SHA-256; the database refuses any change."""

    __tablename__ = "invoice_archive"

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    sha256: str = Field(max_length=64)
    content: bytes


class InvoicedLine(SQLModel, table=True):
    """How much of a member line an invoice asks for: together never more than what came."""

    __tablename__ = "invoiced_lines"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    order_line_id: int = Field(primary_key=True, foreign_key="order_lines.id")
    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id", index=True)
    units: int
    amount: Decimal = euros()


class InvoicedFee(SQLModel, table=True):
    """That a company's part of a supplier order's delivery fee stands on an invoice: once."""

    __tablename__ = "invoiced_fees"

    supplier_order_id: int = Field(primary_key=True, foreign_key="supplier_orders.id")
    company_id: int = Field(primary_key=True, foreign_key="companies.id")
    invoice_id: int = Field(foreign_key="issued_invoices.id")


class InvoicedCommission(SQLModel, table=True):
    """That the commission of a supplier order stands on an invoice: once."""

    __tablename__ = "invoiced_commissions"

    supplier_order_id: int = Field(primary_key=True, foreign_key="supplier_orders.id")
    invoice_id: int = Field(foreign_key="issued_invoices.id", index=True)
    amount: Decimal = euros()


class RunStatus(StrEnum):
    """How far a run of invoices is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"


class BillingRun(SQLModel, table=True):
    """Invoices of everything that came until the end of a month, issued in the background. `month`: its first day."""

    __tablename__ = "billing_runs"

    id: int | None = key()
    month: date
    status: RunStatus = choice(RunStatus, default=RunStatus.QUEUED)
    done: int = 0
    total: int = 0
    left_out: str = ""
    asked_at: datetime = instant()
    asked_by: str = ""
    finished_at: datetime | None = instant(default=None)


class ClosedPeriod(SQLModel, table=True):
    """The books are closed up to a day: no entry is dated on it or before."""

    __tablename__ = "closed_periods"

    last_day: date = Field(primary_key=True)
    closed_at: datetime = instant()
    closed_by: str = ""


class BankMovement(SQLModel, table=True):
    """A movement on the association's account, from a statement; once, however often the statement is imported."""

    __tablename__ = "bank_movements"

    id: int | None = key()
    reference: str = Field(unique=True, max_length=80)
    booked_on: date
    amount: Decimal = euros()
    counterparty: str = Field(default="", max_length=200)
    words: str = Field(default="", max_length=500)
    imported_at: datetime = instant()


class Payment(SQLModel, table=True):
    """How much of a movement pays an invoice."""

    __tablename__ = "payments"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    movement_id: int = Field(primary_key=True, foreign_key="bank_movements.id")
    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id", index=True)
    amount: Decimal = euros()


class SupplierTransfer(SQLModel, table=True):
    """What a supplier is paid by a file of transfers; `movement_id` once the bank has done it."""

    __tablename__ = "supplier_transfers"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: int | None = key()
    reference: str = Field(unique=True, max_length=35)
    supplier_id: int = Field(foreign_key="suppliers.id", index=True)
    amount: Decimal = euros()
    made_at: datetime = instant()
    made_by: str = ""
    movement_id: int | None = Field(default=None, foreign_key="bank_movements.id", unique=True)


class SepaMandate(SQLModel, table=True):
    """A member company's mandate to debit its account (SEPA Core); the latest one that is not revoked counts."""

    __tablename__ = "sepa_mandates"
    __table_args__ = (
        Index("uq_sepa_mandates_in_force", "company_id", unique=True, postgresql_where=text("revoked_at IS NULL")),
    )

    id: int | None = key()
    company_id: int = Field(foreign_key="companies.id")
    reference: str = Field(unique=True, max_length=35)
    iban: str = Field(max_length=34)
    signed_at: datetime = instant()
    signed_by: str = ""
    revoked_at: datetime | None = instant(default=None)


class DirectDebit(SQLModel, table=True):
    """That an invoice stands in a file of direct debits: once. The bank's statement says when it is paid."""

    __tablename__ = "direct_debits"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    mandate_id: int = Field(foreign_key="sepa_mandates.id")
    amount: Decimal = euros()
    collect_on: date
    made_at: datetime = instant()
    made_by: str = ""
