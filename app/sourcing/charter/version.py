"""The responsible-purchasing charter as data: weights, bands, criteria, grades, their words in both languages. Pure.

Version 1 ships with the product. A version that was published never changes.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import NamedTuple


class Axis(StrEnum):
    """What is looked at."""

    ORIGIN = "origin"
    SOCIAL = "social"
    ENVIRONMENT = "environment"


class Words(NamedTuple):
    """The same in French and in English."""

    french: str
    english: str

    def said_in(self, locale: str) -> str:
        """In one of our languages."""
        return self.english if locale == "en" else self.french


class Band(NamedTuple):
    """How near a place is, and the points that gives; `within_km`: of a park, where a distance decides."""

    key: str
    words: Words
    points: int
    within_km: int | None = None


class Criterion(NamedTuple):
    """A piece of evidence that gives points on an axis; `of_supplier`: it counts for all offers of the supplier."""

    key: str
    axis: Axis
    words: Words
    points: int
    of_supplier: bool


class Trust(NamedTuple):
    """How far a piece of evidence is believed: its points are multiplied by `factor`."""

    key: str
    words: Words
    factor: Decimal


class Grade(NamedTuple):
    """A letter, from a score on."""

    letter: str
    from_score: int


@dataclass(frozen=True)
class CharterVersion:
    """Everything that a score depends on. Weights in percent; the made-in part of the origin as a fraction of it.

    `countries_at_risk` by their codes (ISO 3166-1 alpha-2); `risk_source` says who calls them so.
    """

    number: int
    weights: dict[Axis, int]
    made_in_part: Decimal
    bands: tuple[Band, ...]
    criteria: tuple[Criterion, ...]
    trusts: tuple[Trust, ...]
    grades: tuple[Grade, ...]
    social_limit_at_risk: int
    countries_at_risk: tuple[str, ...] = ()
    risk_source: str = ""

    def reweighed(self, origin: int, social: int, environment: int) -> "CharterVersion":
        """The same with other weights, in percent."""
        weights = {Axis.ORIGIN: origin, Axis.SOCIAL: social, Axis.ENVIRONMENT: environment}
        return replace(self, weights=weights)

    def words(self) -> dict[str, Words]:
        """What its bands, criteria and trusts are called, by key."""
        words = {band.key: band.words for band in self.bands} | {one.key: one.words for one in self.criteria}
        return words | {trust.key: trust.words for trust in self.trusts}

    def criteria_of(self, axis: Axis) -> list[Criterion]:
        """The criteria of an axis, most points first."""
        return sorted((c for c in self.criteria if c.axis is axis), key=lambda c: -c.points)


_BANDS = (
    Band("member", Words("un site d’une entreprise adhérente", "a site of a member company"), 100),
    Band(
        "area", Words("à moins de 30 km du parc, à vol d’oiseau", "within 30 km of the park, as the crow flies"), 90, 30
    ),
    Band(
        "region",
        Words("la même région, ou à moins de 150 km", "the same region, or within 150 km"),
        75,
        150,
    ),
    Band("france", Words("France", "France"), 50),
    Band("eu", Words("Espace économique européen", "European Economic Area"), 30),
    Band("world", Words("ailleurs", "elsewhere"), 0),
)
_CRITERIA = (
    Criterion(
        "code_of_conduct",
        Axis.SOCIAL,
        Words(
            "code de conduite signé, sur les conventions fondamentales de l’OIT",
            "code of conduct signed, on the ILO core conventions",
        ),
        25,
        True,
    ),
    Criterion("social_audit", Axis.SOCIAL, Words("audit social ou SA8000", "social audit or SA8000"), 40, True),
    Criterion("fair_trade", Axis.SOCIAL, Words("label de commerce équitable", "fair-trade label"), 30, False),
    Criterion(
        "inclusion",
        Axis.SOCIAL,
        Words(
            "structure de l’insertion ou de l’économie sociale (ESUS, ESAT, EA, SIAE)",
            "inclusion or social-economy structure (ESUS, ESAT, EA, SIAE)",
        ),
        45,
        True,
    ),
    Criterion(
        "responsible_buyer",
        Axis.SOCIAL,
        Words("label RFAR, ou évaluation ISO 20400", "responsible-buyer label RFAR, or ISO 20400 assessment"),
        20,
        True,
    ),
    Criterion(
        "ecolabel",
        Axis.ENVIRONMENT,
        Words(
            "écolabel de type I (Écolabel européen, NF Environnement, Ange bleu, Cygne nordique)",
            "type-I ecolabel (EU Ecolabel, NF Environnement, Blue Angel, Nordic Swan)",
        ),
        60,
        False,
    ),
    Criterion(
        "material_label",
        Axis.ENVIRONMENT,
        Words("label de la matière (FSC, PEFC, GOTS)", "material label (FSC, PEFC, GOTS)"),
        30,
        False,
    ),
    Criterion(
        "recycled",
        Axis.ENVIRONMENT,
        Words("au moins 50 % de matière recyclée", "50 % recycled content or more"),
        25,
        False,
    ),
    Criterion(
        "repairable",
        Axis.ENVIRONMENT,
        Words("réparable, pièces détachées disponibles", "repairable, with spare parts"),
        20,
        False,
    ),
    Criterion("returnable_packaging", Axis.ENVIRONMENT, Words("emballage consigné", "returnable packaging"), 20, False),
    Criterion(
        "env_management",
        Axis.ENVIRONMENT,
        Words(
            "management environnemental du fournisseur (ISO 14001, EMAS)",
            "environmental management of the supplier (ISO 14001, EMAS)",
        ),
        20,
        True,
    ),
)
_TRUSTS = (
    Trust("declared", Words("déclarée par le fournisseur", "declared by the supplier"), Decimal("0.5")),
    Trust("documented", Words("documentée : une pièce est jointe", "documented: a file is attached"), Decimal("0.8")),
    Trust(
        "verified",
        Words(
            "vérifiée par l’association ou dans le registre du label",
            "verified by the association or in the label's register",
        ),
        Decimal(1),
    ),
    Trust("expired", Words("expirée", "expired"), Decimal(0)),
)

FIRST_VERSION = CharterVersion(
    number=1,
    weights={Axis.ORIGIN: 40, Axis.SOCIAL: 35, Axis.ENVIRONMENT: 25},
    made_in_part=Decimal("0.7"),
    bands=_BANDS,
    criteria=_CRITERIA,
    trusts=_TRUSTS,
    grades=(Grade("A", 80), Grade("B", 60), Grade("C", 40), Grade("D", 20), Grade("E", 0)),
    social_limit_at_risk=20,
    countries_at_risk=("BD", "BY", "EC", "EG", "MM", "NG", "PH", "SZ", "TN", "TR"),
    risk_source="ITUC Global Rights Index 2025",
)
