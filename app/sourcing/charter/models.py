"""Tables of the charter: its versions, what suppliers show for it, and the scores of offers."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Index, Numeric, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import choice, instant, key


class EvidenceStatus(StrEnum):
    """What the association made of a piece of evidence."""

    SUBMITTED = "submitted"
    VERIFIED = "verified"
    REFUSED = "refused"


class Evidence(SQLModel, table=True):
    """Something that a supplier shows for a criterion of the charter: of itself, or of one of its offers.

    How far it is believed follows from its state: see `trust_of`. A file is kept with its SHA-256. For the criterion
    `made_in` it names a place of making: country (ISO 3166-1 alpha-2), postal code, city, SIRET of the maker.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_of_supplier", "supplier_id", "criterion"),
        Index("ix_evidence_to_look_at", "id", postgresql_where=text("status = 'submitted' AND withdrawn_at IS NULL")),
        CheckConstraint("(file_name = '') = (content IS NULL)", name="file_whole"),
        CheckConstraint("(country = '') OR (criterion = 'made_in')", name="place_of_making_only"),
        CheckConstraint("(status = 'submitted') = (decided_at IS NULL)", name="decided_at_an_instant"),
    )

    id: int | None = key()
    supplier_id: int = Field(foreign_key="suppliers.id")
    offer_id: int | None = Field(default=None, foreign_key="offers.id", index=True)
    criterion: str = Field(max_length=40)
    words: str = Field(default="", max_length=500)
    expires_on: date | None = None
    file_name: str = Field(default="", max_length=100)
    sha256: str = Field(default="", max_length=64)
    content: bytes | None = None
    status: EvidenceStatus = choice(EvidenceStatus, default=EvidenceStatus.SUBMITTED)
    sent_at: datetime = instant()
    sent_by: str = ""
    withdrawn_at: datetime | None = instant(default=None)
    country: str = Field(default="", max_length=2)
    postal_code: str = Field(default="", max_length=10)
    city: str = Field(default="", max_length=100)
    siret: str = Field(default="", max_length=14)
    decided_at: datetime | None = instant(default=None)
    decided_by: str = ""
    decided_words: str = Field(default="", max_length=500)
    reminded_at: datetime | None = instant(default=None)


class StoredCharter(SQLModel, table=True):
    """A charter version as JSON (`charter_data`). Once published, the database refuses any change to it."""

    __tablename__ = "charter_versions"
    __table_args__ = (
        CheckConstraint("number >= 1", name="number_positive"),
        CheckConstraint("(published_at IS NULL) = (published_by = '')", name="published_by_somebody"),
        Index("uq_charter_versions_draft", text("(true)"), unique=True, postgresql_where=text("published_at IS NULL")),
    )

    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    content: dict[str, Any] = Field(sa_type=JSONB)
    note: str = Field(default="", max_length=500)
    made_at: datetime = instant()
    made_by: str = ""
    published_at: datetime | None = instant(default=None)
    published_by: str = ""
    version: int = 1


class OfferScore(SQLModel, table=True):
    """The score of an offer by the charter version it names. Points of the axes 0 to 100; `known` in percent."""

    __tablename__ = "offer_scores"
    __table_args__ = (
        CheckConstraint("score BETWEEN 0 AND 100", name="score_in_range"),
        CheckConstraint("known BETWEEN 0 AND 100", name="known_in_percent"),
        Index("ix_offer_scores_grade", "grade", "offer_id"),
    )

    offer_id: int = Field(primary_key=True, foreign_key="offers.id")
    charter_number: int = Field(foreign_key="charter_versions.number")
    origin: Decimal = Field(sa_type=Numeric(7, 4))
    social: Decimal = Field(sa_type=Numeric(7, 4))
    environment: Decimal = Field(sa_type=Numeric(7, 4))
    score: int
    grade: str = Field(max_length=1)
    known: int
    scored_at: datetime = instant()
