"""What the charter makes of a supplier's own offers: how many of each grade, what would raise them most."""

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.pagination import Page, decode_cursor, page_of
from app.sourcing.charter.facts import FactsReader
from app.sourcing.charter.stored_scores import Explanation, explanation_of
from app.sourcing.charter.versions import current_charter


class OwnRaise(NamedTuple):
    """A criterion that would raise some offers, and by how many points in all."""

    key: str
    offers: int
    points: int

    @property
    def mean_gain(self) -> int:
        """Points for each of those offers, rounded."""
        return round(self.points / self.offers)


@dataclass(frozen=True)
class OwnGrades:
    """Offers by grade, and what would raise them, the most points in all first."""

    counts: list[tuple[str, int]]
    raises: list[OwnRaise]

    @property
    def offer_count(self) -> int:
        """Offers that are graded."""
        return sum(count for _letter, count in self.counts)


def own_grades(session: Session, supplier_id: int) -> OwnGrades:
    """The grades of a supplier's offers by what it shows now."""
    version = current_charter(session)
    alike: Counter[tuple[object, ...]] = Counter()
    explained: dict[tuple[object, ...], Explanation] = {}
    for _offer_id, facts in FactsReader(session, version, [supplier_id]).all_offers():
        alike[facts.key] += 1
        if facts.key not in explained:
            explained[facts.key] = explanation_of(facts, version)
    letters: Counter[str] = Counter()
    offers: defaultdict[str, int] = defaultdict(int)
    points: defaultdict[str, int] = defaultdict(int)
    for key, why in explained.items():
        letters[why.score.grade] += alike[key]
        for one in why.raises:
            offers[one.key] += alike[key]
            points[one.key] += alike[key] * one.gain
    raises = [OwnRaise(key, offers[key], points[key]) for key in sorted(points, key=lambda key: (-points[key], key))]
    return OwnGrades([(grade.letter, letters[grade.letter]) for grade in version.grades], raises)


class OwnScore(NamedTuple):
    """One of the supplier's offers and why it has its score."""

    sku: str
    name: str
    why: Explanation


def list_own_scores(session: Session, supplier_id: int, cursor: str | None, limit: int) -> Page[OwnScore]:
    """A supplier's offers by SKU, each with its explanation; withdrawn ones are left out."""
    after = decode_cursor(cursor, str)
    rows = session.execute(
        text("""
            SELECT id, supplier_id, origin_country, sku, name FROM offers
            WHERE supplier_id = :supplier_id AND withdrawn_at IS NULL AND sku > :after ORDER BY sku LIMIT :limit
        """),
        {"supplier_id": supplier_id, "after": after[0] if after else "", "limit": limit + 1},
    ).all()
    version = current_charter(session)
    facts = FactsReader(session, version, [supplier_id], [row.id for row in rows]).some_offers(rows)
    found = [OwnScore(row.sku, row.name, explanation_of(facts[row.id], version)) for row in rows]
    return page_of(found, limit, lambda row: (row.sku,))
