"""Killed at any moment, run again: one result, whatever was under way."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.bench.scratch import make_offers, make_park, make_round
from app.orders.consolidation.draft import consolidate_round

_ALLOCATIONS = """
    SELECT order_line_id, allocated, unfilled, reason, unit_price, amount, commission FROM allocations ORDER BY 1
"""


@pytest.fixture
def busy_round(own_engine: Engine) -> Iterator[Engine]:
    with Session(own_engine) as session:
        make_park(session, 20)
        make_offers(session, 200, suppliers=5)
        make_round(session, "R", "closed", 20_000, 200)
    yield own_engine


def consolidating(url: str, *command: str) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "DATABASE_URL": url}
    return subprocess.Popen(
        [sys.executable, "-m", "app.cli", "round", *command, "R"], env=environment, stdout=subprocess.DEVNULL
    )


def state(engine: Engine) -> tuple[str, int, int]:
    with engine.connect() as connection:
        return (
            connection.execute(text("SELECT status FROM rounds")).scalar_one(),
            connection.execute(text("SELECT count(*) FROM allocations")).scalar_one(),
            connection.execute(text("SELECT count(*) FROM supplier_orders")).scalar_one(),
        )


def wait_until_it_says(engine: Engine, statement: str) -> None:
    """Wait until another session of the database is in the middle of a statement that begins so."""
    query = text("""
        SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'active'
            AND ltrim(query, E' \\n') LIKE :begins
    """)
    with engine.connect() as connection:
        for _look in range(10_000):
            if connection.execute(query, {"begins": f"{statement}%"}).scalar_one():
                return
            connection.rollback()
            time.sleep(0.002)
    raise AssertionError(f"nobody ran {statement}")


def test_a_consolidation_killed_half_way_leaves_nothing_and_runs_again(busy_round: Engine, own_database: str) -> None:
    with Session(busy_round) as session:
        consolidate_round(session, COMMAND_LINE, "R")
        expected = session.execute(text(_ALLOCATIONS)).all()
        session.rollback()
    assert len(expected) > 15_000
    for moment in ("COPY ", "COPY allocations"):
        process = consolidating(own_database, "consolidate")
        wait_until_it_says(busy_round, moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert state(busy_round) == ("closed", 0, 0)
    assert consolidating(own_database, "consolidate").wait() == 0
    with busy_round.connect() as connection:
        assert connection.execute(text(_ALLOCATIONS)).all() == expected


def test_an_approval_killed_and_repeated_books_once(busy_round: Engine, own_database: str) -> None:
    with Session(busy_round) as session, session.begin():
        consolidate_round(session, COMMAND_LINE, "R")
    for delay in (0.9, 1.2, 1.5):
        process = consolidating(own_database, "approve")
        time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.wait()
    consolidating(own_database, "approve").wait()
    with busy_round.connect() as connection:
        assert connection.execute(text("SELECT status FROM rounds")).scalar_one() == "approved"
        booked, ordered = connection.execute(
            text("SELECT (SELECT sum(debit) FROM postings), (SELECT sum(commission) FROM supplier_orders)")
        ).one()
        entries = connection.execute(text("SELECT count(*) FROM journal_entries")).scalar_one()
    assert booked == ordered > 0
    assert entries == 5
