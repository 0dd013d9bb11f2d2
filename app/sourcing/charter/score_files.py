"""Offers to score from a file, one JSON object a line, and their scores as the same."""

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from app.core.errors import InvalidInput
from app.sourcing.charter.score import Facts, Score, score_offer
from app.sourcing.charter.version import CharterVersion

_FIELDS = {"made_in", "made_in_trust", "supplied_from", "evidence", "high_risk"}


def score_lines(lines: Iterable[str], version: CharterVersion) -> Iterator[dict[str, Any]]:
    """The scores of the objects in some lines, in their order; empty lines are passed over.

    Raises `InvalidInput` naming the line, the field and what it may be.
    """
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield as_json(score_offer(_facts(line, number, version), version))


def as_json(score: Score) -> dict[str, Any]:
    """A score as a JSON object: whole points without a decimal point."""
    plain = {name: _number(getattr(score, name)) for name in ("origin", "social", "environment")}
    return plain | {"score": score.score, "grade": score.grade}


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _facts(line: str, number: int, version: CharterVersion) -> Facts:
    try:
        given = json.loads(line)
    except ValueError as error:
        raise InvalidInput("Line {line} is no JSON: {why}", line=number, why=str(error)) from error
    if not isinstance(given, dict) or set(given) - _FIELDS:
        unknown = ", ".join(sorted(set(given) - _FIELDS)) if isinstance(given, dict) else type(given).__name__
        raise InvalidInput("Line {line} is no object of these fields: {fields} ({unknown})", line=number,
                           fields=", ".join(sorted(_FIELDS)), unknown=unknown)  # fmt: skip
    bands, trusts = [one.key for one in version.bands], [one.key for one in version.trusts]
    evidence = {} if given.get("evidence") is None else given["evidence"]
    if not isinstance(evidence, dict):
        raise _wrong(number, "evidence", evidence, ["{criterion: trust}"])
    for criterion in evidence:
        _known(number, "evidence", criterion, [one.key for one in version.criteria])
    if not isinstance(given.get("high_risk", False), bool):
        raise _wrong(number, "high_risk", given["high_risk"], ["true", "false"])
    shown = {key: _known(number, f"evidence.{key}", trust, trusts) for key, trust in evidence.items()}
    return Facts(
        made_in=_known(number, "made_in", given.get("made_in"), bands),
        made_in_trust=_known(number, "made_in_trust", given.get("made_in_trust"), trusts),
        supplied_from=_known(number, "supplied_from", given.get("supplied_from"), bands),
        evidence={key: trust for key, trust in shown.items() if trust is not None},
        high_risk=given.get("high_risk", False),
    )


def _known(line: int, name: str, value: Any, choices: list[str]) -> str | None:
    """One of the choices, or None where nothing is said."""
    if value is None:
        return None
    if not isinstance(value, str) or value not in choices:
        raise _wrong(line, name, value, choices)
    return value


def _wrong(line: int, name: str, value: Any, choices: list[str]) -> InvalidInput:
    return InvalidInput(
        "Line {line}, {name}: {value} is not one of {choices}",
        field=name,
        line=line,
        name=name,
        value=json.dumps(value, ensure_ascii=False),
        choices=", ".join(choices),
    )
