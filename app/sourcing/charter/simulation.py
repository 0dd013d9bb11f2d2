"""What a version of the charter would change: how grades move, and which offers, before anybody publishes it."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Row, text
from sqlmodel import Session

from app.core.database import row_as
from app.sourcing.charter.facts import FactsReader
from app.sourcing.charter.stored_scores import Scorer
from app.sourcing.charter.version import CharterVersion


class Move(NamedTuple):
    """An offer whose score would change."""

    offer_id: int
    sku: str
    name: str
    supplier: str
    score_now: int
    grade_now: str
    score_then: int
    grade_then: str


@dataclass(frozen=True)
class Simulation:
    """How many offers would go from which grade to which; `moves`: those whose grade changes, the farthest first."""

    counts: Counter[tuple[str, str]]
    score_changes: int
    moves: list[Move]
    letters: list[str]

    @property
    def offer_count(self) -> int:
        """Offers scored."""
        return sum(self.counts.values())

    @property
    def better(self) -> int:
        """Offers whose grade would rise."""
        return sum(count for (now, then), count in self.counts.items() if then < now)

    @property
    def worse(self) -> int:
        """Offers whose grade would fall."""
        return sum(count for (now, then), count in self.counts.items() if then > now)

    def with_grade(self, letter: str, *, then: bool) -> int:
        """How many offers have a grade now, or would have it then."""
        return sum(count for pair, count in self.counts.items() if pair[then] == letter)


def simulate(session: Session, now: CharterVersion, then: CharterVersion, most: int | None = None) -> Simulation:
    """Score every offer by both versions; `moves` has at most `most` of them."""
    score_now, score_then = Scorer(now), Scorer(then)
    before = {offer_id: score_now(facts)[0] for offer_id, facts in FactsReader(session, now).all_offers()}
    counts: Counter[tuple[str, str]] = Counter()
    changes, moved = 0, []
    for offer_id, facts in FactsReader(session, then).all_offers():
        old, new = before[offer_id], score_then(facts)[0]
        counts[old.grade, new.grade] += 1
        changes += old.score != new.score
        if old.grade != new.grade:
            moved.append((-abs(new.score - old.score), offer_id, old, new))
    moved = sorted(moved, key=lambda move: move[:2])[:most]
    names = _names(session, [offer_id for _far, offer_id, _old, _new in moved])
    moves = [
        row_as(
            Move, names[offer_id], score_now=old.score, grade_now=old.grade, score_then=new.score, grade_then=new.grade
        )
        for _far, offer_id, old, new in moved
    ]
    return Simulation(counts, changes, moves, [grade.letter for grade in then.grades])


def _names(session: Session, offer_ids: list[int]) -> dict[int, Row[Any]]:
    rows = session.execute(
        text("""
            SELECT o.id AS offer_id, o.sku, o.name, s.name AS supplier
            FROM offers o JOIN suppliers s ON s.id = o.supplier_id
            WHERE o.id = ANY(:ids)
        """),
        {"ids": offer_ids},
    )
    return {row.offer_id: row for row in rows}
