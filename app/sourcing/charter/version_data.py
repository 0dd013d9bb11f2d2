"""Charter versions as plain JSON, and what would be wrong with one. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.core.i18n import marked
from app.sourcing.charter.version import FIRST_VERSION, Axis, Band, CharterVersion, Criterion, Grade, Trust, Words

_MOST = 100
BAND_KEYS = tuple(band.key for band in FIRST_VERSION.bands)
TRUST_KEYS = tuple(trust.key for trust in FIRST_VERSION.trusts)
GRADE_LETTERS = tuple(grade.letter for grade in FIRST_VERSION.grades)
MOST_CRITERIA = 40


def as_data(version: CharterVersion) -> dict[str, Any]:
    """A version as JSON keeps it; its number stands beside."""
    return {
        "weights": {axis.value: weight for axis, weight in version.weights.items()},
        "made_in_part": str(version.made_in_part),
        "bands": [
            {"key": one.key, **_words(one.words), "points": one.points, "within_km": one.within_km}
            for one in version.bands
        ],
        "criteria": [
            {"key": one.key, "axis": one.axis.value, **_words(one.words), "points": one.points}
            | {"of_supplier": one.of_supplier}
            for one in version.criteria
        ],
        "trusts": [{"key": one.key, **_words(one.words), "factor": str(one.factor)} for one in version.trusts],
        "grades": [{"letter": one.letter, "from_score": one.from_score} for one in version.grades],
        "social_limit_at_risk": version.social_limit_at_risk,
        "countries_at_risk": list(version.countries_at_risk),
        "risk_source": version.risk_source,
    }


def from_data(number: int, data: dict[str, Any]) -> CharterVersion:
    """The version that `as_data` wrote down. Raises `KeyError` or `ValueError` for anything else."""
    return CharterVersion(
        number=number,
        weights={Axis(axis): weight for axis, weight in data["weights"].items()},
        made_in_part=Decimal(data["made_in_part"]),
        bands=tuple(Band(one["key"], _said(one), one["points"], one["within_km"]) for one in data["bands"]),
        criteria=tuple(
            Criterion(one["key"], Axis(one["axis"]), _said(one), one["points"], one["of_supplier"])
            for one in data["criteria"]
        ),
        trusts=tuple(Trust(one["key"], _said(one), Decimal(one["factor"])) for one in data["trusts"]),
        grades=tuple(Grade(one["letter"], one["from_score"]) for one in data["grades"]),
        social_limit_at_risk=data["social_limit_at_risk"],
        countries_at_risk=tuple(data["countries_at_risk"]),
        risk_source=data["risk_source"],
    )


def _words(words: Words) -> dict[str, str]:
    return {"french": words.french, "english": words.english}


def _said(data: dict[str, Any]) -> Words:
    return Words(data["french"], data["english"])


@dataclass(frozen=True)
class Fault:
    """Something that keeps a version from being a charter: the field, and what to do about it."""

    field: str
    message: str


def faults_of(version: CharterVersion) -> list[Fault]:
    """What is wrong with a version; nothing for one that scores within 0..100 and grows with evidence."""
    return [*_faults_of_parts(version), *_faults_of_criteria(version)]


def _faults_of_parts(version: CharterVersion) -> Iterator[Fault]:
    if sum(version.weights.values()) != _MOST or min(version.weights.values()) < 0:
        yield Fault("weights", marked("The weights of the three axes make 100 % together."))
    if not 0 <= version.made_in_part <= 1:
        yield Fault("made_in_part", marked("The part of the place of making is between 0 and 100 %."))
    points = [band.points for band in version.bands]
    if points != sorted(points, reverse=True) or not all(0 <= one <= _MOST for one in points):
        yield Fault("bands", marked("The bands of origin give from 0 to 100 points, the nearer never fewer."))
    distances = [band.within_km for band in version.bands if band.within_km is not None]
    if distances != sorted(distances) or any(one < 1 for one in distances):
        yield Fault("bands", marked("The distances of the bands grow from the nearest to the farthest."))
    factors = {trust.key: trust.factor for trust in version.trusts}
    rising = [factors["expired"], factors["declared"], factors["documented"], factors["verified"]]
    if rising != sorted(rising) or rising[0] != 0 or rising[-1] > 1:
        yield Fault("trusts", marked("What is better proven never counts less, at most whole; what expired, nothing."))
    scores = [grade.from_score for grade in version.grades]
    if scores != sorted(set(scores), reverse=True) or scores[-1] != 0 or scores[0] > _MOST:
        yield Fault("grades", marked("Each grade begins at a lower score than the one before, the last at 0."))
    if not 0 <= version.social_limit_at_risk <= _MOST:
        yield Fault("social_limit_at_risk", marked("Points are between 0 and 100."))
    if any(len(code) != 2 or not code.isalpha() or not code.isupper() for code in version.countries_at_risk):
        yield Fault("countries_at_risk", marked("Countries are written by their codes of two letters: BD, TR."))


def _faults_of_criteria(version: CharterVersion) -> Iterator[Fault]:
    if not all(0 <= one.points <= _MOST for one in version.criteria):
        yield Fault("criteria", marked("Points are between 0 and 100."))
    if len({one.key for one in version.criteria}) != len(version.criteria):
        yield Fault("criteria", marked("Two criteria have the same name."))
    if len(version.criteria) > MOST_CRITERIA:
        yield Fault("criteria", marked("A charter has at most 40 criteria."))
    if not all(words.french.strip() and words.english.strip() for words in version.words().values()):
        yield Fault("words", marked("Everything is said in French and in English."))
