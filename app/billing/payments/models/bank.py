"""Tables of money at the bank: what moved, what it pays, what goes out by a file, mandates and direct debits."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

import app.billing.invoicing.models
import app.billing.payments.models.outgoing_files  # noqa: F401 - foreign keys name their tables
from app.commission.ledger.chart import Account
from app.core.money import ZERO
from app.core.tables import euros, instant, key

_SUSPENSE = Account.SUSPENSE.value
_STANDS = "returned_at IS NULL AND taken_back_at IS NULL"
_WAITS = f"rest_account = '{_SUSPENSE}'"


class BankMovement(SQLModel, table=True):
    """A movement on the association's account, from a statement; once, however often the statement is imported.

    `number`: what the books call it; `reference`: the bank's own, which it may use again; `identity`: what it is known
    by, `position`: which of those with the same it is. `charges`: euros that the bank kept of it. `rest_account`: where
    what of it pays no invoice and no transfer is booked; 471 where nobody has said, empty where there is none.
    """

    __tablename__ = "bank_movements"
    __table_args__ = (
        Index("ix_bank_movements_waiting", "id", postgresql_where=text(_WAITS)),
        UniqueConstraint("identity", "position"),
    )

    id: int | None = key()
    number: str = Field(unique=True, max_length=100)
    account: str = Field(default="", max_length=34)
    reference: str = Field(default="", max_length=80)
    booked_on: date
    amount: Decimal = euros()
    counterparty: str = Field(default="", max_length=200)
    words: str = Field(default="", max_length=500)
    charges: Decimal = euros(default=ZERO)
    is_return: bool = False
    identity: str = Field(max_length=64)
    position: int
    rest_account: str = Field(default=_SUSPENSE, max_length=12, sa_column_kwargs={"server_default": _SUSPENSE})
    imported_at: datetime = instant()

    @property
    def gross(self) -> Decimal:
        """What the payer sent, or was sent: the amount with what the bank kept of it."""
        return self.amount + self.charges


class Payment(SQLModel, table=True):
    """Money that an invoice was paid with, from a movement at the bank or a collection by card; negative where it went
    back. Its journal entry is of the same moment."""

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount <> 0", name="amount_not_none"),
        CheckConstraint("num_nonnulls(movement_id, collection_id) = 1", name="one_source"),
        UniqueConstraint("movement_id", "invoice_id"),
    )

    id: int | None = key()
    invoice_id: int = Field(foreign_key="issued_invoices.id", index=True)
    movement_id: int | None = Field(default=None, foreign_key="bank_movements.id")
    collection_id: int | None = Field(default=None, foreign_key="collections.id", index=True)
    amount: Decimal = euros()


class Transfer(SQLModel, table=True):
    """What a supplier is paid, or a firm paid back for an invoice, by a file for the bank; `movement_id` once it is
    done, `returned_at` where it came back. One that was taken back with its file, and was not done all the same,
    counts for nothing."""

    __tablename__ = "transfers"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        CheckConstraint("num_nonnulls(supplier_id, invoice_id) = 1", name="one_receiver"),
    )

    id: int | None = key()
    reference: str = Field(unique=True, max_length=35)
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id", index=True)
    invoice_id: int | None = Field(default=None, foreign_key="issued_invoices.id", index=True)
    amount: Decimal = euros()
    made_at: datetime = instant()
    made_by: str = ""
    file_id: int | None = Field(default=None, foreign_key="outgoing_files.id", index=True)
    taken_back_at: datetime | None = instant(default=None)
    batch: str = Field(default="", max_length=35, index=True, sa_column_kwargs={"server_default": ""})
    movement_id: int | None = Field(default=None, foreign_key="bank_movements.id", index=True)
    returned_at: datetime | None = instant(default=None)


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
    """That an invoice stands in a file of direct debits, under the file's name for its `batch`.

    The bank's statement says when it is paid (`movement_id`) and when it was given back (`returned_at`); with its file
    it is taken back by us (`taken_back_at`). Given or taken back it can be collected again.
    """

    __tablename__ = "direct_debits"
    __table_args__ = (
        CheckConstraint("amount > 0", name="amount_positive"),
        Index("uq_direct_debits_standing", "invoice_id", unique=True, postgresql_where=text(_STANDS)),
    )

    id: int | None = key()
    invoice_id: int = Field(foreign_key="issued_invoices.id")
    mandate_id: int = Field(foreign_key="sepa_mandates.id")
    amount: Decimal = euros()
    collect_on: date
    made_at: datetime = instant()
    made_by: str = ""
    file_id: int | None = Field(default=None, foreign_key="outgoing_files.id", index=True)
    batch: str = Field(default="", max_length=35, index=True, sa_column_kwargs={"server_default": ""})
    movement_id: int | None = Field(default=None, foreign_key="bank_movements.id", index=True)
    returned_at: datetime | None = instant(default=None)
    taken_back_at: datetime | None = instant(default=None)
