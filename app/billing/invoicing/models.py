"""Tables of issued invoices: what is issued never changes, numbers have no gap, months that are closed take nothing."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

import app.orders.consolidation.models  # noqa: F401 - foreign keys name its tables
from app.billing.invoicing.invoice import InvoiceKind, LineKind
from app.core.tables import choice, euros, euros_per_unit, instant, key, rate_in_percent


class InvoiceSeries(SQLModel, table=True):
    """A series of numbers in a year, and the last one given. Its row is locked by whoever takes the next."""

    __tablename__ = "invoice_series"

    series: str = Field(primary_key=True, max_length=60)
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    last_number: int = 0


class IssuedInvoice(SQLModel, table=True):
    """An invoice or credit note as it was issued. Amounts in euros. The database refuses any change.

    `supplier_id` sells to `company_id`; or buys from the association (its commission); or, where there is none, the
    association sells a service to `company_id`. `own_name`: the association sells what the supplier delivered.
    """

    __tablename__ = "issued_invoices"
    __table_args__ = (
        UniqueConstraint("series", "year", "sequence"),
        CheckConstraint("total = net_amount + vat_amount", name="total_adds_up"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="credit_notes_correct"),
        Index("ix_issued_invoices_sums", "supplier_id", postgresql_include=["kind", "company_id", "total"]),
        Index("ix_issued_invoices_company_id_id", "company_id", "id"),
        Index("ix_issued_invoices_supplier_id_id", "supplier_id", "id"),
        CheckConstraint("supplier_id IS NOT NULL OR company_id IS NOT NULL", name="somebody_buys"),
        Index("ix_issued_invoices_corrects_id", "corrects_id"),
    )

    id: int | None = key()
    kind: InvoiceKind = choice(InvoiceKind)
    series: str = Field(max_length=60)
    year: int
    sequence: int
    number: str = Field(unique=True, max_length=80)
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    company_id: int | None = Field(default=None, foreign_key="companies.id")
    issued_on: date
    due_on: date
    net_amount: Decimal = euros()
    vat_amount: Decimal = euros()
    total: Decimal = euros()
    corrects_id: int | None = Field(default=None, foreign_key="issued_invoices.id")
    own_name: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    reason: str = Field(default="", max_length=500)
    issued_at: datetime = instant()
    issued_by: str = ""


class InvoiceBalance(SQLModel, table=True):
    """What is still to be paid of an invoice to a firm, in euros; negative where it was paid too much.

    The database keeps it, as credit notes and payments are written: nobody else does.
    """

    __tablename__ = "invoice_balances"
    __table_args__ = (
        Index("ix_invoice_balances_due", "due_on", "invoice_id", postgresql_where=text("open > 0")),
        Index("ix_invoice_balances_excess", "invoice_id", postgresql_where=text("open < 0")),
    )

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    company_id: int = Field(foreign_key="companies.id")
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    due_on: date
    open: Decimal = euros()


class InvoiceArchive(SQLModel, table=True):
    """The Factur-X file of an invoice with its SHA-256; the database refuses any change."""

    __tablename__ = "invoice_archive"

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    sha256: str = Field(max_length=64)
    content: bytes


class PartyRole(StrEnum):
    """On which side of an invoice a party stands."""

    SELLER = "seller"
    BUYER = "buyer"


class IssuedLine(SQLModel, table=True):
    """A line of an invoice as it was issued, or something charged on all of it (`delivery`, with its UNTDID 7161
    `charge_code`). Amounts in euros before VAT. The database refuses any change."""

    __tablename__ = "invoice_lines"
    __table_args__ = (
        CheckConstraint("position >= 1", name="position_positive"),
        CheckConstraint("(kind = 'delivery') = (charge_code <> '')", name="charges_have_codes"),
    )

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    position: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    kind: LineKind = choice(LineKind)
    sku: str = ""
    name: str
    quantity: int
    unit_price: Decimal = euros_per_unit()
    amount: Decimal = euros()
    vat_rate: Decimal = rate_in_percent()
    charge_code: str = Field(default="", max_length=10)


class IssuedParty(SQLModel, table=True):
    """The seller or the buyer of an invoice, as they were when it was issued. The database refuses any change."""

    __tablename__ = "invoice_parties"

    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    role: PartyRole = choice(PartyRole, primary_key=True)
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    country: str = Field(max_length=2)
    siret: str = ""
    vat_number: str = ""
    email: str = ""


class InvoicedLine(SQLModel, table=True):
    """How many units of a member line a document asks for, or (negative, a credit note) takes back. Together they are
    what came. `position`: the document's line that bills them."""

    __tablename__ = "invoiced_lines"
    __table_args__ = (CheckConstraint("units <> 0", name="units_not_none"),)

    order_line_id: int = Field(primary_key=True, foreign_key="order_lines.id")
    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id", index=True)
    units: int
    amount: Decimal = euros()
    position: int | None = None


class InvoicedFee(SQLModel, table=True):
    """A company's part of a supplier order's delivery fee on a document; negative on a credit note."""

    __tablename__ = "invoiced_fees"

    supplier_order_id: int = Field(primary_key=True, foreign_key="supplier_orders.id")
    company_id: int = Field(primary_key=True, foreign_key="companies.id")
    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id")
    amount: Decimal = euros()


class InvoicedCommission(SQLModel, table=True):
    """The commission of a supplier order on a document; negative on a credit note."""

    __tablename__ = "invoiced_commissions"

    supplier_order_id: int = Field(primary_key=True, foreign_key="supplier_orders.id")
    invoice_id: int = Field(primary_key=True, foreign_key="issued_invoices.id", index=True)
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
