"""Scores of 100,000 offers, every one recomputed: after a change of the charter, and after one of a supplier."""

import time

from sqlalchemy import Engine
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.bench.measure import Measurement
from app.bench.scratch import make_offers, make_park, run
from app.sourcing.charter.stored_scores import score_offers
from app.sourcing.charter.versions import change_draft, copy_version, publish_draft

_OFFERS = 100_000
LIMIT_SECONDS = 20.0
SUPPLIER_LIMIT_SECONDS = 5.0


def measure(session: Session, _engine: Engine, scale: float) -> list[Measurement]:
    """How long it takes to score every offer by a new version, and those of one supplier after it showed something."""
    make_park(session, 20)
    offers = max(int(_OFFERS * scale), 100)
    make_offers(session, offers, suppliers=100)
    _show_evidence(session)
    score_offers(session)
    session.commit()
    draft = copy_version(session, COMMAND_LINE, 1).charter
    change_draft(session, COMMAND_LINE, draft.reweighed(10, 20, 70))
    publish_draft(session, COMMAND_LINE, 2)
    session.commit()
    whole, changed = _timed(session, None)
    one, _changed = _timed(session, [1])
    return [
        Measurement("scores.all", f"{offers} offers by a new version, {changed} changed", whole, LIMIT_SECONDS),
        Measurement("scores.supplier", f"{offers // 100} offers of a supplier", one, SUPPLIER_LIMIT_SECONDS),
    ]


def _timed(session: Session, supplier_ids: list[int] | None) -> tuple[float, int]:
    began = time.perf_counter()
    changed = score_offers(session, supplier_ids)
    session.commit()
    return time.perf_counter() - began, changed


def _show_evidence(session: Session) -> None:
    """Every supplier shows something of itself, and something of every third of its offers."""
    shown = """
        INSERT INTO evidence (supplier_id, offer_id, criterion, words, file_name, sha256, status, sent_at, sent_by,
            country, postal_code, city, siret, decided_words, decided_by, decided_at, expires_on)
    """
    rest = "'', '', '', '', '', ''"
    run(
        session,
        f"""{shown}
        SELECT s.id, NULL, c, '', '', '', 'submitted', now(), '', {rest}, NULL, NULL
        FROM suppliers s, unnest(ARRAY['code_of_conduct', 'inclusion', 'env_management']) WITH ORDINALITY k(c, n)
        WHERE (s.id + n) % 2 = 0
        """,
        f"""{shown}
        SELECT o.supplier_id, o.id, (ARRAY['ecolabel', 'recycled', 'fair_trade', 'repairable'])[1 + o.id % 4], '', '',
            '', CASE WHEN o.id % 2 = 0 THEN 'verified' ELSE 'submitted' END, now(), '', {rest},
            CASE WHEN o.id % 2 = 0 THEN now() END, CASE WHEN o.id % 5 = 0 THEN date '2020-01-01' END
        FROM offers o WHERE o.id % 3 = 0
        """,
    )
