"""Scores by the charter: its own table, and what holds for any evidence at all."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidInput
from app.sourcing.charter.score import Facts, best_raises, grade_of, score_offer, weight_on_evidence
from app.sourcing.charter.score_files import score_lines
from app.sourcing.charter.version import FIRST_VERSION

TABLE: list[tuple[dict[str, Any], tuple[float, float, float, int, str]]] = [
    (
        {"made_in": "member", "made_in_trust": "verified", "supplied_from": "member",
         "evidence": {"inclusion": "verified", "code_of_conduct": "documented", "recycled": "documented"}},
        (100, 65, 20, 68, "B"),
    ),
    (
        {"made_in": "france", "made_in_trust": "documented", "supplied_from": "region",
         "evidence": {"code_of_conduct": "declared", "ecolabel": "verified", "material_label": "verified"}},
        (50.5, 12.5, 90, 47, "C"),
    ),
    (
        {"made_in": "world", "made_in_trust": "documented", "supplied_from": "area", "high_risk": True,
         "evidence": {"social_audit": "declared", "code_of_conduct": "documented"}},
        (27, 20, 0, 18, "E"),
    ),
    (
        {"made_in": "world", "made_in_trust": "documented", "supplied_from": "area", "high_risk": True,
         "evidence": {"social_audit": "verified", "code_of_conduct": "documented", "fair_trade": "documented"}},
        (27, 84, 0, 40, "C"),
    ),
    (
        {"made_in": None, "made_in_trust": None, "supplied_from": "france", "evidence": {}, "high_risk": False},
        (15, 0, 0, 6, "E"),
    ),
]  # fmt: skip

TRUSTS = [one.key for one in FIRST_VERSION.trusts]
RISING = ["expired", "declared", "documented", "verified"]
CRITERIA = [one.key for one in FIRST_VERSION.criteria]
bands = st.sampled_from([None, *(one.key for one in FIRST_VERSION.bands)])
facts = st.builds(
    Facts,
    made_in=bands,
    made_in_trust=st.sampled_from([None, *TRUSTS]),
    supplied_from=bands,
    evidence=st.dictionaries(st.sampled_from(CRITERIA), st.sampled_from(TRUSTS)),
    high_risk=st.booleans(),
)


@pytest.mark.parametrize(("offer", "expected"), TABLE)
def test_the_table_of_the_charter(offer: dict[str, Any], expected: tuple[float, float, float, int, str]) -> None:
    (found,) = score_lines([json.dumps(offer)], FIRST_VERSION)
    assert tuple(found.values()) == expected


@given(facts, st.sampled_from(CRITERIA), st.sampled_from(RISING))
def test_more_evidence_never_lowers_a_score(shown: Facts, criterion: str, trust: str) -> None:
    before = shown.evidence.get(criterion)
    if before is not None and RISING.index(before) > RISING.index(trust):
        trust = before
    more = replace(shown, evidence={**shown.evidence, criterion: trust})
    assert score_offer(more, FIRST_VERSION).score >= score_offer(shown, FIRST_VERSION).score


@given(facts)
def test_more_trust_in_the_origin_and_nearer_places_never_lower_a_score(shown: Facts) -> None:
    scores = [score_offer(replace(shown, made_in_trust=trust), FIRST_VERSION).score for trust in RISING]
    assert scores == sorted(scores)
    nearer = [None, *(one.key for one in sorted(FIRST_VERSION.bands, key=lambda band: band.points))]
    for name in ("made_in", "supplied_from"):
        scores = [score_offer(replace(shown, **{name: band}), FIRST_VERSION).score for band in nearer]
        assert scores == sorted(scores)


@given(facts)
def test_everything_stays_within_its_bounds(shown: Facts) -> None:
    found = score_offer(shown, FIRST_VERSION)
    assert all(0 <= points <= 100 for points in (found.origin, found.social, found.environment, found.score))
    assert found.grade == grade_of(found.score, FIRST_VERSION)
    assert 0 <= weight_on_evidence(shown, FIRST_VERSION) <= 100


@given(facts, st.randoms())
def test_the_order_of_evidence_does_not_matter(shown: Facts, random: Any) -> None:
    shuffled = list(shown.evidence.items())
    random.shuffle(shuffled)
    assert score_offer(replace(shown, evidence=dict(shuffled)), FIRST_VERSION) == score_offer(shown, FIRST_VERSION)


@pytest.mark.parametrize(
    ("score", "grade"), [(100, "A"), (80, "A"), (79, "B"), (60, "B"), (40, "C"), (20, "D"), (19, "E"), (0, "E")]
)
def test_grades_begin_where_the_charter_says(score: int, grade: str) -> None:
    assert grade_of(score, FIRST_VERSION) == grade


@pytest.mark.parametrize(("criterion", "score"), [("repairable", 3), ("responsible_buyer", 4)])  # 2.5 and 3.5
def test_halves_are_rounded_up(criterion: str, score: int) -> None:
    assert score_offer(Facts(evidence={criterion: "declared"}), FIRST_VERSION).score == score


@given(facts)
def test_what_would_raise_a_score_really_does(shown: Facts) -> None:
    now = score_offer(shown, FIRST_VERSION).score
    raises = best_raises(shown, FIRST_VERSION)
    assert [one.gain for one in raises] == sorted((one.gain for one in raises), reverse=True)
    for one in raises:
        if one.key == "made_in":
            better = replace(shown, made_in_trust="verified")
        else:
            better = replace(shown, evidence={**shown.evidence, one.key: "verified"})
        assert score_offer(better, FIRST_VERSION).score == now + one.gain > now


def test_what_is_unknown_is_said_and_not_called_bad() -> None:
    assert weight_on_evidence(Facts(), FIRST_VERSION) == 0
    assert weight_on_evidence(Facts(supplied_from="world"), FIRST_VERSION) == 12
    everything = Facts("france", "declared", "france", dict.fromkeys(CRITERIA, "declared"))
    assert weight_on_evidence(everything, FIRST_VERSION) == 100
    assert best_raises(Facts(), FIRST_VERSION)[0].key == "inclusion"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "Line 2 is no JSON"),
        ("[]", "Line 2 is no object"),
        ('{"made_by": "x"}', "made_by"),
        ('{"made_in": "moon"}', 'Line 2, made_in: "moon" is not one of member, area'),
        ('{"made_in": 3}', "made_in: 3"),
        ('{"evidence": {"halo": "verified"}}', "halo"),
        ('{"evidence": {"recycled": "maybe"}}', "evidence.recycled"),
        ('{"evidence": []}', "evidence"),
        ('{"evidence": ["recycled"]}', "evidence"),
        ('{"high_risk": "no"}', "high_risk"),
    ],
)
def test_a_line_that_cannot_be_read_is_named_with_its_field(line: str, words: str) -> None:
    lines = ["{}", line]
    with pytest.raises(InvalidInput) as refused:
        list(score_lines(lines, FIRST_VERSION))
    assert words in str(refused.value)
