"""The charter that ships with the product says what CHARTER.md says, in both languages."""

from app.sourcing.charter.version import FIRST_VERSION, Axis
from tests.site import Site


def test_the_first_version_is_the_published_one() -> None:
    assert FIRST_VERSION.weights == {Axis.ORIGIN: 40, Axis.SOCIAL: 35, Axis.ENVIRONMENT: 25}
    assert [(band.key, band.points) for band in FIRST_VERSION.bands] == [
        *(("member", 100), ("area", 90), ("region", 75), ("france", 50), ("eu", 30), ("world", 0))
    ]
    assert {c.key: c.points for c in FIRST_VERSION.criteria_of(Axis.SOCIAL)} == {
        "code_of_conduct": 25, "social_audit": 40, "fair_trade": 30, "inclusion": 45, "responsible_buyer": 20,
    }  # fmt: skip
    assert {c.key: c.points for c in FIRST_VERSION.criteria_of(Axis.ENVIRONMENT)} == {
        "ecolabel": 60, "material_label": 30, "recycled": 25, "repairable": 20, "returnable_packaging": 20,
        "env_management": 20,
    }  # fmt: skip
    assert [(grade.letter, grade.from_score) for grade in FIRST_VERSION.grades] == [
        *(("A", 80), ("B", 60), ("C", 40), ("D", 20), ("E", 0))
    ]
    assert [str(trust.factor) for trust in FIRST_VERSION.trusts] == ["0.5", "0.8", "1", "0"]


def test_anyone_reads_it_in_their_language(site: Site) -> None:
    french = site.get("/charter", headers={"Accept-Language": "fr"}).text
    english = site.get("/charter", headers={"Accept-Language": "en"}).text
    for criterion in FIRST_VERSION.criteria:
        assert criterion.words.french in french
        assert criterion.words.english.replace("'", "&#39;") in english
