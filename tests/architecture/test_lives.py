"""Each life is one table: the database refuses what it does not have, the documentation is drawn from it."""

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from app.core.lifecycle import Life
from tools.lives import LIVES, document

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.table)
def test_the_database_guards_the_moves_of_the_table_and_no_others(session: Session, life: Life) -> None:
    stored = session.scalar(
        text("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgname = :name"), {"name": f"{life.table}_life"}
    )
    _before, _function, arguments = (stored or "").partition("check_transition(")
    assert arguments.removesuffix(")").split(", ")[0] == f"'{life.column}'"
    assert set(arguments.removesuffix(")").split(", ")[1:]) == {f"'{before}>{after}'" for before, after in life.moves()}


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.table)
def test_every_state_goes_to_every_other_only_as_the_table_has_it(session: Session, life: Life) -> None:
    session.execute(text(f"CREATE TEMPORARY TABLE tried ({life.column} text) ON COMMIT DROP"))
    session.execute(text(life.trigger().replace(f"ON {life.table} ", "ON tried ")))
    refused, moves = set(), set()
    for before in life.states:
        for after in life.states:
            session.execute(text("DELETE FROM tried"))
            session.execute(text("INSERT INTO tried VALUES (:before)"), {"before": before})
            try:
                with session.begin_nested():
                    session.execute(text(f"UPDATE tried SET {life.column} = :after"), {"after": after})
            except IntegrityError:
                refused.add((before, after))
            else:
                moves.add((before, after))
    assert moves - {(state, state) for state in life.states} == life.moves()
    assert refused == {(b, a) for b in life.states for a in life.states if a is not b} - life.moves()


@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.table)
def test_every_state_is_reached(life: Life) -> None:
    reached = set(life.first)
    while True:
        further = {after for before, after in life.moves() if before in reached} - reached
        if not further:
            break
        reached |= further
    assert reached == set(life.states)


def test_an_event_leads_only_where_its_row_says() -> None:
    for life in LIVES:
        for event in {row.event for row in life.transitions}:
            for state in life.states:
                outcomes = life.outcomes(event, state)
                assert life.allows(event, state) is (outcomes is not None) is (state in life.before(event))
                for outcome in life.states:
                    if outcome in (outcomes or ()):
                        assert life.after(event, state, outcome) is outcome
                    else:
                        with pytest.raises(ValueError, match="does not lead"):
                            life.after(event, state, outcome)


def test_the_documentation_is_drawn_from_the_tables() -> None:
    assert (ROOT / "docs" / "reference" / "lives.md").read_text() == document()
