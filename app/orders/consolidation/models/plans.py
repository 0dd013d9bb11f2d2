"""Tables of the optimiser's plans for a round, and of the lines that an applied plan moves."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import CheckConstraint, Numeric, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from app.core.money import ZERO
from app.core.tables import choice, euros, instant, key


class PlanStatus(StrEnum):
    """How far a plan is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class RoundPlan(SQLModel, table=True):
    """The best consolidation found for a round at one premium for the charter, beside the plain one.

    Amounts in euros before VAT; `objective` is `cost` with the charter's penalty; no plan leaves fewer units than
    `least_unfilled`, and none that leaves as few is under `bound`. `saved` compares at equal service (None for older
    plans): `more` is what the plan alone serves, `fewer` what plain consolidation alone does. `unserved` are units by
    product, `under_minimum` the suppliers ordered under their minimum. The choice itself is `packs` (by offer) and
    `moves` (offer by line; null: nobody serves it). `book_digest` names the lines and terms it was made from.
    """

    __tablename__ = "round_plans"
    __table_args__ = (
        UniqueConstraint("round_id", "premium"),
        CheckConstraint("premium >= 0", name="premium_not_negative"),
        CheckConstraint("seconds_allowed BETWEEN 1 AND 600", name="seconds_in_range"),
    )

    id: int | None = key()
    round_id: int = Field(foreign_key="rounds.id")
    premium: Decimal = Field(sa_type=Numeric(6, 3))
    status: PlanStatus = choice(PlanStatus, default=PlanStatus.QUEUED)
    seconds_allowed: int = 60
    asked_at: datetime = instant()
    asked_by: str = ""
    started_at: datetime | None = instant(default=None)
    finished_at: datetime | None = instant(default=None)
    error: str = ""
    cost: Decimal = euros(default=ZERO)
    objective: Decimal = euros(default=ZERO)
    bound: Decimal = euros(default=ZERO)
    delivery_fees: Decimal = euros(default=ZERO)
    score: Decimal = Field(default=ZERO, sa_type=Numeric(4, 1))
    deliveries: int = 0
    unfilled: int = 0
    unfilled_amount: Decimal = euros(default=ZERO)
    least_unfilled: int = 0
    saved: Decimal | None = euros(default=None)
    more_units: int = 0
    more_amount: Decimal = euros(default=ZERO)
    fewer_units: int = 0
    fewer_amount: Decimal = euros(default=ZERO)
    moved_lines: int = 0
    plain_cost: Decimal = euros(default=ZERO)
    plain_objective: Decimal = euros(default=ZERO)
    plain_score: Decimal = Field(default=ZERO, sa_type=Numeric(4, 1))
    plain_deliveries: int = 0
    plain_unfilled: int = 0
    plain_unfilled_amount: Decimal = euros(default=ZERO)
    unserved: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    under_minimum: list[str] = Field(default_factory=list, sa_type=JSONB)
    plain_under_minimum: list[str] = Field(default_factory=list, sa_type=JSONB)
    packs: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    moves: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    book_digest: str = Field(default="", max_length=64)
    applied_at: datetime | None = instant(default=None)

    @property
    def gap(self) -> Decimal:
        """How far the objective can be from the lowest possible, as a part of it."""
        return max(ZERO, (self.objective - self.bound) / self.objective) if self.objective else ZERO

    @property
    def serves_most(self) -> bool:
        """Whether it is proven that no plan leaves fewer units unfilled."""
        return self.unfilled <= self.least_unfilled


class LineMove(SQLModel, table=True):
    """A line that an applied plan serves by another offer of its product, or by none (`offer_id` null)."""

    __tablename__ = "line_moves"

    order_line_id: int = Field(foreign_key="order_lines.id", primary_key=True)
    round_id: int = Field(foreign_key="rounds.id", index=True)
    offer_id: int | None = Field(default=None, foreign_key="offers.id")
