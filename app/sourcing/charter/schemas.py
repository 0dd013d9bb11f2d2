"""What the API says of the charter, of scores and of evidence."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from app.sourcing.charter.models import EvidenceStatus
from app.sourcing.charter.stored_scores import Explanation
from app.sourcing.charter.version import Axis, CharterVersion
from app.sourcing.charter.version_data import as_data
from app.web.bodies import Body, Flag, Out, Text


class CharterOut(BaseModel):
    """A charter version: everything that scores depend on, with its words in French and in English."""

    number: int
    weights: dict[str, int] = Field(description="Of each axis, in percent")
    made_in_part: Decimal = Field(description="Of the origin: where a thing is made; the rest is supplied from")
    bands: list[dict[str, Any]]
    criteria: list[dict[str, Any]]
    trusts: list[dict[str, Any]]
    grades: list[dict[str, Any]]
    social_limit_at_risk: int
    countries_at_risk: list[str] = Field(description="ISO 3166-1 alpha-2")
    risk_source: str

    @classmethod
    def of(cls, charter: CharterVersion) -> "CharterOut":
        """A version as JSON."""
        return cls(number=charter.number, **as_data(charter))


class CountedOut(BaseModel):
    """A criterion: how far what is shown is believed (null: unknown), and the points it gives."""

    criterion: str
    axis: Axis
    trust: str | None
    points: Decimal


class RaiseOut(BaseModel):
    """A criterion that would raise the score, and by how many points."""

    criterion: str
    gain: int


class ScoreOut(BaseModel):
    """An offer's score, and why. Axes from 0 to 100; `known`: how much of the weight rests on evidence, in percent."""

    charter: int = Field(description="The version of the charter")
    score: int
    grade: str
    origin: Decimal
    social: Decimal
    environment: Decimal
    known: int
    made_in: str | None = Field(description="A band of the charter; null: unknown")
    made_in_trust: str | None
    supplied_from: str | None
    high_risk: bool
    criteria: list[CountedOut]
    raises: list[RaiseOut]

    @classmethod
    def of(cls, why: Explanation) -> "ScoreOut":
        """An explanation as JSON."""
        return cls(
            charter=why.version.number,
            score=why.score.score,
            grade=why.score.grade,
            origin=why.score.origin,
            social=why.score.social,
            environment=why.score.environment,
            known=why.known,
            made_in=why.facts.made_in,
            made_in_trust=why.facts.made_in_trust,
            supplied_from=why.facts.supplied_from,
            high_risk=why.facts.high_risk,
            criteria=[
                CountedOut(criterion=one.criterion.key, axis=axis, trust=one.trust, points=one.points)
                for axis in (Axis.SOCIAL, Axis.ENVIRONMENT)
                for one in why.counted(axis)
            ],
            raises=[RaiseOut(criterion=one.key, gain=one.gain) for one in why.raises],
        )


class EvidenceToLookAtOut(Out):
    """What a supplier shows, for the association."""

    id: int
    supplier: str
    criterion: str
    sku: str | None
    words: str
    country: str
    place: str
    siret: str
    expires_on: date | None
    file_name: str
    status: EvidenceStatus
    trust: str = Field(description="`declared`, `documented`, `verified` or `expired`")
    sent_at: datetime
    decided_by: str
    decided_words: str


class DecisionIn(Body):
    """Whether evidence was found right, and how it was checked or why not."""

    accept: Flag = Field(examples=[True])
    words: Text = Field(default="", max_length=500, examples=["in the register of the label"])
