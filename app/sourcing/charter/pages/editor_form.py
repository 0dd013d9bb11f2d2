"""A charter version as a form: every field as it was typed, and the version that it makes."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from pydantic import BaseModel, Field

from app.core.errors import InvalidInput
from app.sourcing.charter.version import Axis, Band, CharterVersion, Criterion, Grade, Trust, Words
from app.sourcing.charter.versions import CharterState

_SEPARATORS = re.compile(r"[\s,;]+")
_NOT_IN_KEYS = re.compile(r"[^a-z0-9]+")
Typed = list[str]
T = TypeVar("T")


class CharterForm(BaseModel):
    """What stands in the fields; a list for each column of a table, in the order of its rows."""

    version: int = 0
    note: str = Field(default="", max_length=500)
    weight: Typed = []
    made_in_part: str = ""
    limit: str = ""
    countries: str = ""
    risk_source: str = Field(default="", max_length=200)
    band_french: Typed = []
    band_english: Typed = []
    band_points: Typed = []
    band_km: Typed = []
    criterion_key: Typed = []
    criterion_axis: Typed = []
    criterion_french: Typed = []
    criterion_english: Typed = []
    criterion_points: Typed = []
    criterion_scope: Typed = []
    trust_percent: Typed = []
    grade_from: Typed = []


def form_of(state: CharterState) -> CharterForm:
    """The fields that show a version."""
    charter = state.charter
    return CharterForm(
        version=state.stored.version,
        note=state.stored.note,
        weight=[str(charter.weights[axis]) for axis in Axis],
        made_in_part=str(int(charter.made_in_part * 100)),
        limit=str(charter.social_limit_at_risk),
        countries=" ".join(charter.countries_at_risk),
        risk_source=charter.risk_source,
        band_french=[one.words.french for one in charter.bands],
        band_english=[one.words.english for one in charter.bands],
        band_points=[str(one.points) for one in charter.bands],
        band_km=["" if one.within_km is None else str(one.within_km) for one in charter.bands],
        criterion_key=[one.key for one in charter.criteria],
        criterion_axis=[one.axis.value for one in charter.criteria],
        criterion_french=[one.words.french for one in charter.criteria],
        criterion_english=[one.words.english for one in charter.criteria],
        criterion_points=[str(one.points) for one in charter.criteria],
        criterion_scope=["supplier" if one.of_supplier else "offer" for one in charter.criteria],
        trust_percent=[str(int(one.factor * 100)) for one in charter.trusts],
        grade_from=[str(one.from_score) for one in charter.grades],
    )


def version_of(form: CharterForm, before: CharterVersion) -> CharterVersion:
    """The version that the fields say; bands, trusts and grades are those of `before`, whatever they are worth now.

    A criterion without words is taken out; one without a key is new. Raises `InvalidInput` for what is no number.
    """
    weights = dict(zip(Axis, _numbers(form.weight, "weight", len(Axis)), strict=True))
    count = len(before.bands)
    kilometres = [_number(typed, "band_km") if typed.strip() else None for typed in form.band_km]
    bands = zip(
        before.bands,
        _columns(form.band_french, form.band_english, count),
        _numbers(form.band_points, "band_points", count),
        _sized(kilometres, count),
        strict=True,
    )
    return CharterVersion(
        number=before.number,
        weights=weights,
        made_in_part=Decimal(_number(form.made_in_part, "made_in_part")) / 100,
        bands=tuple(Band(band.key, words, points, within) for band, words, points, within in bands),
        criteria=_criteria(form),
        trusts=tuple(
            Trust(trust.key, trust.words, Decimal(percent) / 100)
            for trust, percent in zip(
                before.trusts, _numbers(form.trust_percent, "trust_percent", len(before.trusts)), strict=True
            )
        ),
        grades=tuple(
            Grade(grade.letter, score)
            for grade, score in zip(
                before.grades, _numbers(form.grade_from, "grade_from", len(before.grades)), strict=True
            )
        ),
        social_limit_at_risk=_number(form.limit, "limit"),
        countries_at_risk=tuple(
            dict.fromkeys(code.upper() for code in _SEPARATORS.split(form.countries.strip()) if code)
        ),
        risk_source=form.risk_source.strip(),
    )


def _criteria(form: CharterForm) -> tuple[Criterion, ...]:
    count = len(form.criterion_key)
    rows = zip(
        form.criterion_key,
        _sized(form.criterion_axis, count),
        _columns(form.criterion_french, form.criterion_english, count),
        _sized(form.criterion_points, count),
        _sized(form.criterion_scope, count),
        strict=True,
    )
    found: list[Criterion] = []
    for key, axis, words, points, scope in rows:
        if not (words.french or words.english):
            continue
        if axis not in {Axis.SOCIAL.value, Axis.ENVIRONMENT.value}:
            raise InvalidInput("{value} is no axis of criteria.", field="criterion_axis", value=axis)
        known = {one.key for one in found} | set(form.criterion_key)
        found.append(
            Criterion(
                key or _new_key(words.english or words.french, known),
                Axis(axis),
                words,
                _number(points, "criterion_points"),
                scope == "supplier",
            )
        )
    return tuple(found)


def _new_key(words: str, known: set[str]) -> str:
    """A name for a new criterion, out of its words."""
    stem = _NOT_IN_KEYS.sub("_", words.lower()).strip("_")[:34] or "criterion"
    names = (stem, *(f"{stem}_{number}" for number in range(2, 100)))
    return next(name for name in names if name not in known)


def _columns(french: Sequence[str], english: Sequence[str], count: int) -> list[Words]:
    pairs = zip(_sized(french, count), _sized(english, count), strict=True)
    return [Words(one.strip()[:300], other.strip()[:300]) for one, other in pairs]


def _sized(column: Sequence[T], count: int) -> Sequence[T]:
    if len(column) != count:
        raise InvalidInput("The form is not whole. Load the page again.", field="form")
    return column


def _numbers(column: Sequence[str], field: str, count: int) -> list[int]:
    return [_number(typed, field) for typed in _sized(column, count)]


def _number(typed: str, field: str) -> int:
    compact = typed.strip().rstrip("%").strip()
    if not (compact.isascii() and compact.isdigit() and len(compact) <= 5):
        raise InvalidInput("“{value}” is not a whole number.", field=field, value=typed.strip())
    return int(compact)
