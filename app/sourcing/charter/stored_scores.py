"""The scores of offers: kept by the charter in force, explained, and tried out by another version. Set-wise."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.catalog.shelf import set_best_grades
from app.core import clock
from app.core.bulk_copy import copy_rows
from app.sourcing.charter.evidence import MADE_IN_WORDS
from app.sourcing.charter.facts import FactsReader, ScoredOffer
from app.sourcing.charter.score import Facts, Raise, Score, best_raises, score_offer, weight_on_evidence
from app.sourcing.charter.version import Axis, CharterVersion, Criterion, Words
from app.sourcing.charter.versions import current_charter

_LOCK = 7_364_025  # any number of our own: two recomputations never run at once
_TOLD_EVERY = 5000

Progress = Callable[[int], None]


class Scorer:
    """Scores facts by a version; what many offers share is scored once."""

    def __init__(self, version: CharterVersion) -> None:
        self.version = version
        self._known: dict[tuple[object, ...], tuple[Score, int]] = {}

    def __call__(self, facts: Facts) -> tuple[Score, int]:
        """The score, and how much of its weight rests on evidence, in percent."""
        key = facts.key
        found = self._known.get(key)
        if found is None:
            found = score_offer(facts, self.version), weight_on_evidence(facts, self.version)
            self._known[key] = found
        return found


def score_offers(session: Session, supplier_ids: Sequence[int] | None = None, progress: Progress | None = None) -> int:
    """Score every offer anew (of some suppliers, or of all) by the charter in force; how many scores changed.

    Offers that are withdrawn lose theirs. Rows are streamed out and back in, then written in one statement.
    """
    session.flush()
    session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    session.execute(
        text("""
            CREATE TEMPORARY TABLE fresh_scores (
                offer_id int, charter_number int, origin numeric(7, 4), social numeric(7, 4),
                environment numeric(7, 4), score int, grade text, known int
            ) ON COMMIT DROP
        """)
    )
    version = current_charter(session)
    fresh = list(_fresh_scores(session, version, supplier_ids, progress))
    copy_rows(session, "COPY fresh_scores FROM STDIN", fresh)
    changed = session.scalars(
        text("""
            INSERT INTO offer_scores AS s
                (offer_id, charter_number, origin, social, environment, score, grade, known, scored_at)
            SELECT f.*, :now FROM fresh_scores f
            ON CONFLICT (offer_id) DO UPDATE SET (charter_number, origin, social, environment, score, grade, known,
                scored_at) = (EXCLUDED.charter_number, EXCLUDED.origin, EXCLUDED.social, EXCLUDED.environment,
                EXCLUDED.score, EXCLUDED.grade, EXCLUDED.known, EXCLUDED.scored_at)
            WHERE (s.charter_number, s.origin, s.social, s.environment, s.score, s.grade, s.known) IS DISTINCT FROM
                (EXCLUDED.charter_number, EXCLUDED.origin, EXCLUDED.social, EXCLUDED.environment, EXCLUDED.score,
                EXCLUDED.grade, EXCLUDED.known)
            RETURNING s.offer_id
        """),
        {"now": clock.now()},
    ).all()
    session.execute(
        text("""
            DELETE FROM offer_scores s USING offers o
            WHERE o.id = s.offer_id AND o.withdrawn_at IS NOT NULL
                AND (CAST(:suppliers AS int[]) IS NULL OR o.supplier_id = ANY(:suppliers))
        """),
        {"suppliers": supplier_ids},
    )
    session.execute(text("DROP TABLE fresh_scores"))
    _grade_products(session)
    return len(changed)


def _fresh_scores(
    session: Session, version: CharterVersion, supplier_ids: Sequence[int] | None, progress: Progress | None
) -> Iterator[tuple[object, ...]]:
    score = Scorer(version)
    for done, (offer_id, facts) in enumerate(FactsReader(session, version, supplier_ids).all_offers(), start=1):
        found, known = score(facts)
        yield (
            *(offer_id, version.number, found.origin, found.social, found.environment),
            *(found.score, found.grade, known),
        )
        if progress and done % _TOLD_EVERY == 0:
            progress(done)


def _grade_products(session: Session) -> None:
    """Bring every product's best grade up to date."""
    rows = session.execute(
        text("""
            SELECT o.product_id, min(s.grade) AS grade FROM offers o JOIN offer_scores s ON s.offer_id = o.id
            GROUP BY o.product_id
        """)
    )
    set_best_grades(session, {row.product_id: row.grade for row in rows})


class Counted(NamedTuple):
    """A criterion in an explanation: how far what is shown is believed (None: nothing is), and its points."""

    criterion: Criterion
    trust: str | None
    points: Decimal


@dataclass(frozen=True)
class Explanation:
    """Why an offer has its score: what counted, what is unknown, what would raise it most."""

    version: CharterVersion
    facts: Facts
    score: Score
    known: int

    @property
    def raises(self) -> list[Raise]:
        """What would raise the score, the most first."""
        return best_raises(self.facts, self.version)

    def counted(self, axis: Axis) -> list[Counted]:
        """The criteria of an axis with what they give: those shown first, then the unknown ones."""
        factors = {trust.key: trust.factor for trust in self.version.trusts}
        found = []
        for criterion in self.version.criteria_of(Axis(axis)):
            trust = self.facts.evidence.get(criterion.key)
            found.append(Counted(criterion, trust, criterion.points * factors[trust] if trust else Decimal(0)))
        return sorted(found, key=lambda one: one.trust is None)

    def points_of(self, axis: Axis) -> Decimal:
        """The points of an axis, from 0 to 100."""
        points: Decimal = getattr(self.score, Axis(axis).value)
        return points

    def words_of(self, key: str) -> Words:
        """What a criterion, a band or a trust of the version is called; where a thing is made, too."""
        return self.version.words().get(key, MADE_IN_WORDS)

    @property
    def is_limited_by_risk(self) -> bool:
        """Whether the country it is made in limits its social points."""
        return self.facts.high_risk and self.facts.evidence.get("social_audit") != "verified"


def explain(session: Session, offers: Collection[ScoredOffer]) -> dict[int, Explanation]:
    """Why some offers have their scores, worked out from what is shown now; by the offer's id."""
    if not offers:
        return {}
    version = current_charter(session)
    suppliers, numbers = {offer.supplier_id for offer in offers}, [offer.id or 0 for offer in offers]
    reader = FactsReader(session, version, list(suppliers), numbers)
    return {offer_id: explanation_of(facts, version) for offer_id, facts in reader.some_offers(offers).items()}


def explanation_of(facts: Facts, version: CharterVersion) -> Explanation:
    """Why these facts give the score they give."""
    return Explanation(version, facts, score_offer(facts, version), weight_on_evidence(facts, version))
