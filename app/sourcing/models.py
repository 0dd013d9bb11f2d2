"""Tables of what suppliers show for the charter."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
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

    How far it is believed follows from its state: see `trust_of`. A file is kept with its SHA-256.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        Index("ix_evidence_of_supplier", "supplier_id", "criterion"),
        CheckConstraint("(file_name = '') = (content IS NULL)", name="file_whole"),
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
