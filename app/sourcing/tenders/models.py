"""Tables of tenders. Of a sealed bid nothing is kept but its ciphertext, its digest and when it came."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import choice, euros_per_unit, instant, key, rate_in_percent


class TenderStatus(StrEnum):
    """The life of a tender."""

    DRAFT = "draft"
    PUBLISHED = "published"
    OPENED = "opened"
    AWARDED = "awarded"
    CANCELLED = "cancelled"


class AwardBy(StrEnum):
    """Whether each line is awarded by itself, or lots of lines as a whole."""

    LINE = "line"
    LOT = "lot"


class Tender(SQLModel, table=True):
    """A need put before invited suppliers. Weights in percent; the awarded offers are sold within their two days.

    `public_key` seals the bids; `boxes` hold the private key, each locked by two opening codes that are kept nowhere.
    """

    __tablename__ = "tenders"
    __table_args__ = (
        CheckConstraint(
            "weight_price + weight_charter + weight_lead_time + weight_service = 100", name="weights_whole"
        ),
        CheckConstraint(
            "least(weight_price, weight_charter, weight_lead_time, weight_service) >= 0", name="weights_not_negative"
        ),
        CheckConstraint("questions_until <= deadline", name="questions_before_the_deadline"),
        CheckConstraint("offers_from <= offers_until", name="offers_begin_before_they_end"),
        CheckConstraint("(status = 'draft') = (public_key IS NULL) OR status = 'cancelled'", name="sealed_once_out"),
    )

    id: int | None = key()
    reference: str = Field(unique=True, max_length=40)
    title: str = Field(max_length=200)
    description: str = Field(default="", max_length=5000)
    status: TenderStatus = choice(TenderStatus, default=TenderStatus.DRAFT)
    award_by: AwardBy = choice(AwardBy, default=AwardBy.LINE)
    weight_price: int = 50
    weight_charter: int = 30
    weight_lead_time: int = 10
    weight_service: int = 10
    questions_until: datetime = instant()
    deadline: datetime = instant()
    offers_from: date
    offers_until: date
    public_key: bytes | None = None
    boxes: list[str] = Field(default_factory=list, sa_type=ARRAY(Text))
    published_at: datetime | None = instant(default=None)
    opened_at: datetime | None = instant(default=None)
    awarded_at: datetime | None = instant(default=None)
    version: int = 1


class TenderLine(SQLModel, table=True):
    """What is needed of a product; lines of the same `lot` are awarded together where the tender says so."""

    __tablename__ = "tender_lines"
    __table_args__ = (
        UniqueConstraint("tender_id", "product_id"),
        CheckConstraint("quantity BETWEEN 1 AND 100000000", name="quantity_in_range"),
    )

    id: int | None = key()
    tender_id: int = Field(foreign_key="tenders.id", ondelete="CASCADE")
    lot: str = Field(default="", max_length=60)
    product_id: int = Field(foreign_key="products.id")
    quantity: int
    words: str = Field(default="", max_length=500)


class TenderInvitation(SQLModel, table=True):
    """A supplier that is asked to bid."""

    __tablename__ = "tender_invitations"

    tender_id: int = Field(foreign_key="tenders.id", primary_key=True, ondelete="CASCADE")
    supplier_id: int = Field(foreign_key="suppliers.id", primary_key=True)
    declined_at: datetime | None = instant(default=None)


class TenderQuestion(SQLModel, table=True):
    """What a supplier asks; every invited one sees it with its answer, and nobody who asked."""

    __tablename__ = "tender_questions"

    id: int | None = key()
    tender_id: int = Field(foreign_key="tenders.id", index=True)
    supplier_id: int = Field(foreign_key="suppliers.id")
    words: str = Field(max_length=2000)
    asked_at: datetime = instant()
    answer: str = Field(default="", max_length=5000)
    answered_at: datetime | None = instant(default=None)


class TenderBid(SQLModel, table=True):
    """A bid as it was received: sealed, with the digest of the ciphertext as its receipt. `content` once opened."""

    __tablename__ = "tender_bids"
    __table_args__ = (
        Index(
            "uq_tender_bids_in_force",
            "tender_id",
            "supplier_id",
            unique=True,
            postgresql_where=text("replaced_at IS NULL"),
        ),
        CheckConstraint("service_mark BETWEEN 0 AND 100", name="mark_in_range"),
    )

    id: int | None = key()
    tender_id: int = Field(foreign_key="tenders.id", index=True)
    supplier_id: int = Field(foreign_key="suppliers.id")
    sealed: bytes
    digest: str = Field(max_length=64)
    received_at: datetime = instant()
    received_from: str = ""
    replaced_at: datetime | None = instant(default=None)
    content: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    fault: str = Field(default="", max_length=200)
    service_mark: int | None = None
    service_reason: str = Field(default="", max_length=500)


class TenderBidLine(SQLModel, table=True):
    """A line of an opened bid. The unit price in euros before VAT; `score` by the charter, 0 to 100."""

    __tablename__ = "tender_bid_lines"
    __table_args__ = (
        CheckConstraint("unit_price >= 0", name="price_not_negative"),
        CheckConstraint("pack_size >= 1 AND min_quantity >= 1", name="quantities_positive"),
        CheckConstraint("lead_time_days BETWEEN 1 AND 365", name="lead_time_in_range"),
    )

    bid_id: int = Field(foreign_key="tender_bids.id", primary_key=True)
    line_id: int = Field(foreign_key="tender_lines.id", primary_key=True)
    sku: str = Field(max_length=80)
    name: str = Field(max_length=200)
    unit_price: Decimal = euros_per_unit()
    pack_size: int = 1
    min_quantity: int = 1
    lead_time_days: int = 1
    vat_rate: Decimal = rate_in_percent(default=Decimal("20.00"))
    origin_country: str = Field(default="", max_length=2)
    score: int = 0


class TenderAward(SQLModel, table=True):
    """The bid that a line was awarded to, its points, why where it was not the best, and the offer that it became."""

    __tablename__ = "tender_awards"

    line_id: int = Field(foreign_key="tender_lines.id", primary_key=True)
    tender_id: int = Field(foreign_key="tenders.id", index=True)
    bid_id: int = Field(foreign_key="tender_bids.id")
    points: Decimal = rate_in_percent()
    reason: str = Field(default="", max_length=500)
    offer_id: int | None = Field(default=None, foreign_key="offers.id")
