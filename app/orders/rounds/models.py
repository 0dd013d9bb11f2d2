"""Tables of rounds: their life, delivery days, series, demand and approval; announcements."""

from datetime import date, datetime, time
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import choice, instant, key
from app.orders.rounds.sharing_policy import SharingPolicy


class RoundStatus(StrEnum):
    """The life of a round."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CONSOLIDATED = "consolidated"
    APPROVED = "approved"
    SENT = "sent"
    DELIVERED = "delivered"
    SETTLED = "settled"
    CANCELLED = "cancelled"


COMING_ROUNDS = (RoundStatus.PLANNED, RoundStatus.OPEN)
ROUNDS_BEFORE_SENDING = (*COMING_ROUNDS, RoundStatus.CLOSED, RoundStatus.CONSOLIDATED, RoundStatus.APPROVED)
APPROVED_ROUNDS = (RoundStatus.APPROVED, RoundStatus.SENT, RoundStatus.DELIVERED, RoundStatus.SETTLED)


class RoundSeries(SQLModel, table=True):
    """Rounds that recur: every so many weeks a cut-off (on a Paris clock), and delivery some days after."""

    __tablename__ = "round_series"
    __table_args__ = (
        CheckConstraint("every_weeks BETWEEN 1 AND 12", name="weeks_in_range"),
        CheckConstraint("delivery_after_days BETWEEN 0 AND 60", name="days_in_range"),
    )

    id: int | None = key()
    name: str = Field(max_length=100)
    first_cut_off_on: date
    cut_off_at: time
    every_weeks: int = 1
    delivery_after_days: int = 5
    stopped_at: datetime | None = instant(default=None)


class Round(SQLModel, table=True):
    """A purchasing round. `completing_from`: from then on orders may only help to complete packs.

    `only_supplier_id` marks the sequel of a round that keeps one supplier open until a later day.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("completing_from BETWEEN opens_at AND closes_at", name="completing_within"),
        Index("ix_rounds_status_closes_at", "status", "closes_at"),
    )

    id: int | None = key()
    code: str = Field(unique=True, max_length=60)
    name: str
    opens_at: datetime = instant()
    closes_at: datetime = instant()
    completing_from: datetime | None = instant(default=None)
    status: RoundStatus = choice(RoundStatus, default=RoundStatus.PLANNED)
    sharing_policy: SharingPolicy = choice(SharingPolicy, default=SharingPolicy.PROPORTIONAL)
    only_supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    series_id: int | None = Field(default=None, foreign_key="round_series.id", index=True)
    closed_at: datetime | None = instant(default=None)
    version: int = 1


class RoundDelivery(SQLModel, table=True):
    """The delivery day of a round on one park."""

    __tablename__ = "round_deliveries"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    park_id: int = Field(foreign_key="parks.id", primary_key=True)
    delivery_on: date
