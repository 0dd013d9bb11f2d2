"""Tables of commission rules and of the books: double entry, append-only, guarded by the database."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Index, Text, text
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import euros, instant, key, rate_in_percent


class CommissionRule(SQLModel, table=True):
    """A rate for an offer, a supplier in a category, a supplier, a category, or (all empty) everyone."""

    __tablename__ = "commission_rules"
    __table_args__ = (
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent_in_range"),
        CheckConstraint("minimum >= 0 AND maximum >= 0", name="limits_not_negative"),
        CheckConstraint("minimum IS NULL OR maximum IS NULL OR minimum <= maximum", name="limits_in_order"),
        CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name="days_in_order"),
        CheckConstraint("offer_id IS NULL OR (supplier_id IS NULL AND category_id IS NULL)", name="offer_stands_alone"),
    )

    id: int | None = key()
    offer_id: int | None = Field(default=None, foreign_key="offers.id")
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    percent: Decimal = rate_in_percent()
    minimum: Decimal | None = euros(default=None)
    maximum: Decimal | None = euros(default=None)
    valid_from: date | None = None
    valid_to: date | None = None


class JournalEntry(SQLModel, table=True):
    """A fact in the books, caused by one document. Its postings balance to the cent or it is not written.

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
