"""Tables of the invoices that suppliers send for their orders."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

import app.orders.consolidation.models  # noqa: F401 - foreign keys name its tables
from app.core.money import ZERO
from app.core.tables import choice, euros, euros_per_unit, instant, key, rate_in_percent


class InvoiceStatus(StrEnum):
    """The life of a supplier's invoice: it waits for the goods, agrees with order and receipt, or is looked at."""

    WAITING = "waiting"
    MATCHED = "matched"
    TO_CHECK = "to_check"
    ACCEPTED = "accepted"
    DISPUTED = "disputed"


AGREED_INVOICES = (InvoiceStatus.MATCHED, InvoiceStatus.ACCEPTED)  # their supplier is owed them


class SupplierInvoice(SQLModel, table=True):
    """An invoice for one supplier order, by the supplier's own number. Euros; `differences`: see matching."""

    __tablename__ = "supplier_invoices"
    __table_args__ = (
        UniqueConstraint("supplier_id", "number"),
        CheckConstraint("total_amount = net_amount + vat_amount", name="total_adds_up"),
    )

    id: int | None = key()
    supplier_id: int = Field(foreign_key="suppliers.id")
    supplier_order_id: int = Field(foreign_key="supplier_orders.id", index=True)
    number: str = Field(max_length=80)
    issued_on: date
    due_on: date | None = None
    delivery_fee: Decimal = euros(default=ZERO)
    eco_contribution: Decimal = euros(default=ZERO)
    net_amount: Decimal = euros()
    vat_amount: Decimal = euros()
    total_amount: Decimal = euros()
    status: InvoiceStatus = choice(InvoiceStatus)
    differences: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    received_at: datetime = instant()
    decided_at: datetime | None = instant(default=None)
    decided_by: str = ""
    reason: str = Field(default="", max_length=500)
    version: int = 1


class SupplierInvoiceLine(SQLModel, table=True):
    """What an invoice asks for one offer."""

    __tablename__ = "supplier_invoice_lines"
    __table_args__ = (CheckConstraint("quantity >= 1 AND unit_price >= 0", name="sound"),)

    invoice_id: int = Field(foreign_key="supplier_invoices.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    unit_price: Decimal = euros_per_unit()
    amount: Decimal = euros()
    eco_contribution: Decimal = euros(default=ZERO)
    vat_rate: Decimal = rate_in_percent()


class SupplierInvoiceFile(SQLModel, table=True):
    """The invoice as the supplier made it; its SHA-256 says that it was not changed since."""

    __tablename__ = "supplier_invoice_files"

    invoice_id: int = Field(foreign_key="supplier_invoices.id", primary_key=True)
    name: str = Field(max_length=100)
    sha256: str = Field(max_length=64)
    content: bytes
