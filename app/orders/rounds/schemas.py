"""What the API of rounds and series takes and gives. Instants are UTC."""

from datetime import date, datetime, time
from typing import Annotated

from fastapi import Path
from pydantic import Field

from app.orders.rounds.models import RoundStatus
from app.orders.rounds.sharing_policy import SharingPolicy
from app.web.api import api_router
from app.web.bodies import Body, Day, Instant, LocalTime, Named, Out, RowId, Text, Whole

Code = Annotated[Text, Path(max_length=120, examples=["2026-10"])]

router = api_router("rounds")


class DeliveryIn(Body):
    """The delivery day of a round on one park."""

    park_id: RowId = Field(examples=[1])
    delivery_on: Day = Field(examples=["2026-03-10"])


class RoundIn(Body):
    """A new round."""

    code: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["2026-10"])
    name: Named = Field(max_length=200, examples=["Tournée de la semaine 10"])
    opens_at: Instant = Field(examples=["2026-02-26T11:00:00Z"])
    closes_at: Instant = Field(examples=["2026-03-05T11:00:00Z"])
    deliveries: list[DeliveryIn] = Field(default=[], max_length=100)
    completing_from: Instant | None = None
    sharing_policy: SharingPolicy | None = Field(default=None, description="The association's own where empty")


class RoundOut(Out):
    """A round."""

    id: int
    code: str
    name: str
    opens_at: datetime
    closes_at: datetime
    completing_from: datetime | None
    status: RoundStatus
    sharing_policy: SharingPolicy
    only_supplier_id: int | None
    version: int


class SeriesIn(Body):
    """Rounds that recur."""

    name: Named = Field(max_length=100, examples=["Tournée de la semaine"])
    first_cut_off_on: Day = Field(examples=["2026-03-05"])
    cut_off_at: LocalTime = Field(default=time(12), description="On a Paris clock", examples=["12:00"])
    every_weeks: Whole = Field(default=1, ge=1, le=12)
    delivery_after_days: Whole = Field(default=5, ge=0, le=60)


class SeriesOut(Out):
    """Rounds that recur."""

    id: int
    name: str
    first_cut_off_on: date
    cut_off_at: LocalTime
    every_weeks: int
    delivery_after_days: int


class DeliveryOut(Out):
    """The delivery day of a round on one park."""

    park_id: int
    park: str
    delivery_on: date
