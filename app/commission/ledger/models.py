"""Tables of the books; the database refuses entries that do not balance, and changes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import euros, instant, key


class DocumentType(StrEnum):
    """What kind of document causes an entry: its journal follows from it."""

    SUPPLIER_ORDER = "supplier_order"
    INVOICE = "invoice"
    BANK = "bank"
    STRIPE = "stripe"
    PURCHASE = "purchase"


class ClosedPeriod(SQLModel, table=True):
    """The books are closed up to a day: no entry is dated on it or before."""

    __tablename__ = "closed_periods"

    last_day: date = Field(primary_key=True)
    closed_at: datetime = instant()
    closed_by: str = ""


class JournalEntry(SQLModel, table=True):
    """A fact in the books, caused by one document. Its postings balance to the cent or it is not written.

    `booked_on`: the day that it counts on; `document_date`: of its document, another one where that month was closed.
    `created_xid` is the transaction that wrote it: the database takes postings of an entry in that one only.
    """

    __tablename__ = "journal_entries"
    __table_args__ = (
        Index("uq_journal_entries_document", "document_type", "document_number", "purpose", unique=True),
        Index("ix_journal_entries_booked_on_id", "booked_on", "id"),
    )

    id: int | None = key()
    booked_at: datetime = instant()
    booked_on: date
    document_date: date
    document_type: str
    document_number: str
    purpose: str
    label: str
    created_xid: Any = Field(
        default=None,
        sa_column=Column(Text, server_default=text("pg_current_xact_id()::text"), nullable=False),
    )


class Posting(SQLModel, table=True):
    """One side of an entry on an account of the French chart of accounts, in euros."""

    __tablename__ = "postings"
    __table_args__ = (
        CheckConstraint("debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)", name="one_side"),
        Index("ix_postings_account_supplier_id", "account", "supplier_id"),
    )

    id: int | None = key()
    entry_id: int = Field(foreign_key="journal_entries.id", index=True)
    account: str = Field(max_length=12)
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    company_id: int | None = Field(default=None, foreign_key="companies.id")
    debit: Decimal = euros(default=Decimal("0.00"))
    credit: Decimal = euros(default=Decimal("0.00"))
