"""Tables of money collected by Stripe: who pays how, each collection, suppliers paid directly, what Stripe told us."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

import app.billing.invoicing.models  # noqa: F401 - foreign keys name its tables
from app.core.money import ZERO
from app.core.tables import choice, euros, instant, key


class StripeCustomer(SQLModel, table=True):
    """A member company as Stripe knows it."""

    __tablename__ = "stripe_customers"

    company_id: int = Field(primary_key=True, foreign_key="companies.id")
    customer_id: str = Field(unique=True, max_length=255)


class MethodKind(StrEnum):
    """What money is collected from."""

    CARD = "card"
    SEPA_DEBIT = "sepa_debit"


class PaymentMethod(SQLModel, table=True):
    """A card or account that a company lets us collect from; its number is Stripe's alone. One is in force."""

    __tablename__ = "payment_methods"
    __table_args__ = (
        Index("uq_payment_methods_in_force", "company_id", unique=True, postgresql_where=text("removed_at IS NULL")),
    )

    id: int | None = key()
    company_id: int = Field(foreign_key="companies.id")
    kind: MethodKind = choice(MethodKind)
    stripe_id: str = Field(unique=True, max_length=255)
    label: str = Field(max_length=60)
    mandate_reference: str = Field(default="", max_length=60)
    added_at: datetime = instant()
    added_by: str = ""
    removed_at: datetime | None = instant(default=None)


class CollectionStatus(StrEnum):
    """How a collection stands. Of an invoice one at most is under way."""

    QUEUED = "queued"
    PROCESSING = "processing"
    ACTION_NEEDED = "action_needed"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


UNDER_WAY = (CollectionStatus.QUEUED, CollectionStatus.PROCESSING, CollectionStatus.ACTION_NEEDED)
STUCK = (CollectionStatus.ACTION_NEEDED, CollectionStatus.FAILED)  # somebody has to do something


class Collection(SQLModel, table=True):
    """Money asked of a firm for an invoice by Stripe, and what came of it, in euros, as Stripe last told.

    `received`: less what was paid back or disputed; `to_supplier`: what of it went to the supplier's own account.
    """

    __tablename__ = "collections"
    __table_args__ = (
        CheckConstraint("amount > 0 AND application_fee BETWEEN 0 AND amount", name="amounts_sound"),
        Index(
            "uq_collections_under_way",
            "invoice_id",
            unique=True,
            postgresql_where=text("status IN ('queued', 'processing', 'action_needed')"),
        ),
        Index("ix_collections_invoice_id", "invoice_id"),
    )

    id: int | None = key()
    invoice_id: int = Field(foreign_key="issued_invoices.id")
    method_id: int = Field(foreign_key="payment_methods.id")
    amount: Decimal = euros()
    destination: str = Field(default="", max_length=255)
    application_fee: Decimal = euros(default=ZERO)
    status: CollectionStatus = choice(CollectionStatus, default=CollectionStatus.QUEUED)
    intent_id: str | None = Field(default=None, unique=True, max_length=255)
    failure: str = Field(default="", max_length=300)
    received: Decimal = euros(default=ZERO)
    to_supplier: Decimal = euros(default=ZERO)
    stripe_fee: Decimal = euros(default=ZERO)
    synced: int = 0  # entries booked
    looks: int = 0  # snapshots taken in
    made_at: datetime = instant()
    made_by: str = ""


class Refund(SQLModel, table=True):
    """Money of a collection that goes back, because a credit note leaves an invoice paid too much."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount > 0", name="amount_positive"),)

    id: int | None = key()
    collection_id: int = Field(foreign_key="collections.id", index=True)
    amount: Decimal = euros()
    stripe_id: str | None = Field(default=None, unique=True, max_length=255)
    failure: str = Field(default="", max_length=300)
    asked_at: datetime = instant()


class StripeAccount(SQLModel, table=True):
    """A supplier's own account at Stripe (Connect): once it takes charges, members pay the supplier directly."""

    __tablename__ = "stripe_accounts"

    supplier_id: int = Field(primary_key=True, foreign_key="suppliers.id")
    account_id: str = Field(unique=True, max_length=255)
    charges_enabled: bool = False
    looks: int = 0  # answers of Stripe's taken in
    opened_at: datetime = instant()


class StripeEvent(SQLModel, table=True):
    """An event that Stripe sent: known by its id, so that it is applied once."""

    __tablename__ = "stripe_events"

    id: str = Field(primary_key=True, max_length=255)
    type: str = Field(max_length=100)
    received_at: datetime = instant()
