"""Scores by the charter: from what is shown for an offer to its axes, its score and its grade. Pure and exact.

The rule is that of docs/reference/charter.md; everything that it depends on is in the `CharterVersion`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from app.sourcing.charter.version import Axis, CharterVersion

_MOST = Decimal(100)
_AUDIT = "social_audit"  # verified, it lifts the limit on goods made in a country at risk


@dataclass(frozen=True)
class Facts:
    """What is shown for an offer, by the keys of the charter: bands (None: not said), trust of each criterion.

    `high_risk`: it is made in a country that the charter lists so.
    """

    made_in: str | None = None
    made_in_trust: str | None = None
    supplied_from: str | None = None
    evidence: Mapping[str, str] = field(default_factory=dict)
    high_risk: bool = False

    @property
    def key(self) -> tuple[object, ...]:
        """What facts that score alike have in common."""
        shown = frozenset(self.evidence.items())
        return (self.made_in, self.made_in_trust, self.supplied_from, self.high_risk, shown)


@dataclass(frozen=True)
class Score:
    """Points of each axis (0 to 100), the score (0 to 100) and its grade."""

    origin: Decimal
    social: Decimal
    environment: Decimal
    score: int
    grade: str


class Raise(NamedTuple):
    """What would raise a score: showing this criterion (or band of origin) at its best, and the points gained."""

    key: str
    gain: int


def score_offer(facts: Facts, version: CharterVersion) -> Score:
    """The score of an offer. Raises `KeyError` for a band, criterion or trust that the charter does not have."""
    trust = {one.key: one.factor for one in version.trusts}
    bands = {one.key: one.points for one in version.bands}
    made_in = Decimal(0)
    if facts.made_in is not None and facts.made_in_trust is not None:
        made_in = bands[facts.made_in] * trust[facts.made_in_trust]
    supplied_from = Decimal(0) if facts.supplied_from is None else Decimal(bands[facts.supplied_from])
    origin = version.made_in_part * made_in + (1 - version.made_in_part) * supplied_from
    sums = {Axis.SOCIAL: Decimal(0), Axis.ENVIRONMENT: Decimal(0)}
    criteria = {one.key: one for one in version.criteria}
    for key, shown in facts.evidence.items():
        sums[criteria[key].axis] += criteria[key].points * trust[shown]
    social = min(sums[Axis.SOCIAL], _MOST)
    if facts.high_risk and facts.evidence.get(_AUDIT) != "verified":
        social = min(social, Decimal(version.social_limit_at_risk))
    points = {Axis.ORIGIN: origin, Axis.SOCIAL: social, Axis.ENVIRONMENT: min(sums[Axis.ENVIRONMENT], _MOST)}
    exact = sum((version.weights[axis] * value for axis, value in points.items()), Decimal(0)) / 100
    score = int(exact.quantize(Decimal(1), ROUND_HALF_UP))
    return Score(origin, social, points[Axis.ENVIRONMENT], score, grade_of(score, version))


def grade_of(score: int, version: CharterVersion) -> str:
    """The letter of a score."""
    return next(grade.letter for grade in version.grades if score >= grade.from_score)


def best_raises(facts: Facts, version: CharterVersion) -> list[Raise]:
    """What would raise the score, the most first: each criterion verified, or the origin proven, one at a time."""
    now = score_offer(facts, version).score
    better = [(one.key, replace(facts, evidence={**facts.evidence, one.key: "verified"})) for one in version.criteria]
    if facts.made_in is not None:
        better.append(("made_in", replace(facts, made_in_trust="verified")))
    raises = [Raise(key, score_offer(changed, version).score - now) for key, changed in better]
    return sorted((one for one in raises if one.gain > 0), key=lambda one: (-one.gain, one.key))


def weight_on_evidence(facts: Facts, version: CharterVersion) -> int:
    """How much of the score's weight rests on something shown, in percent: the rest is unknown, not bad.

    An axis of criteria counts as known by the points of those shown, at most whole.
    """
    known = Decimal(0)
    if facts.made_in is not None and facts.made_in_trust is not None:
        known += version.weights[Axis.ORIGIN] * version.made_in_part
    if facts.supplied_from is not None:
        known += version.weights[Axis.ORIGIN] * (1 - version.made_in_part)
    for axis in (Axis.SOCIAL, Axis.ENVIRONMENT):
        shown = sum(one.points for one in version.criteria_of(axis) if one.key in facts.evidence)
        known += version.weights[axis] * min(Decimal(shown), _MOST) / 100
    return int(known.quantize(Decimal(1), ROUND_HALF_UP))
