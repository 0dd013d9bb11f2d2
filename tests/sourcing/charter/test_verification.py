"""Evidence before the association: looked at, verified, refused; reminders before it expires."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session

from app.core import clock
from app.core.errors import Conflict, InvalidInput, NotAllowed
from app.sourcing.charter.evidence import submit_evidence
from app.sourcing.charter.verification import (
    count_new_evidence,
    list_evidence,
    refuse_evidence,
    remind_of_expiring,
    verify_evidence,
)
from tests.factories import World
from tests.sourcing.charter.test_stored_scores import speaker_of


def letters(session: Session) -> list[str]:
    rows = session.scalars(text("SELECT args->>'to' FROM procrastinate_jobs WHERE task_name = 'mail.send' ORDER BY id"))
    return list(rows)


def test_what_was_looked_at_leaves_the_list(world: World) -> None:
    session, manager, speaker = world.session, world.a_manager(), speaker_of(world, world.a_supplier())
    one, other = submit_evidence(session, speaker, "inclusion"), submit_evidence(session, speaker, "social_audit")
    assert [row.id for row in list_evidence(session, manager, None, 10).items] == [one.id, other.id]
    verify_evidence(session, manager, one.id or 0, "registre des ESUS")
    refuse_evidence(session, manager, other.id or 0, "illisible")
    assert count_new_evidence(session) == 0
    rows = list_evidence(session, manager, None, 10, only_new=False).items
    assert [(row.id, row.trust, row.decided_words) for row in rows] == [
        (other.id, "expired", "illisible"), (one.id, "verified", "registre des ESUS")]  # fmt: skip


def test_a_refusal_has_a_reason_and_its_supplier_hears_it(world: World) -> None:
    session, manager, speaker = world.session, world.a_manager(), speaker_of(world, world.a_supplier())
    shown = submit_evidence(session, speaker, "inclusion")
    with pytest.raises(InvalidInput):
        refuse_evidence(session, manager, shown.id or 0, " ")
    before = letters(session)
    refuse_evidence(session, manager, shown.id or 0, "illisible")
    assert letters(session) == [*before, speaker.identity]
    with pytest.raises(Conflict):
        refuse_evidence(session, manager, shown.id or 0, "illisible")


def test_suppliers_do_not_judge_their_own_evidence(world: World) -> None:
    session, speaker = world.session, speaker_of(world, world.a_supplier())
    shown = submit_evidence(session, speaker, "inclusion")
    with pytest.raises(NotAllowed):
        verify_evidence(session, speaker, shown.id or 0)


def test_suppliers_are_reminded_once_thirty_days_before(world: World) -> None:
    session, speaker = world.session, speaker_of(world, world.a_supplier())
    submit_evidence(session, speaker, "inclusion", expires_on=clock.today() + timedelta(days=31))
    submit_evidence(session, speaker, "social_audit")
    before = letters(session)
    assert remind_of_expiring(session) == 0
    with clock.frozen(clock.now() + timedelta(days=1)):
        assert remind_of_expiring(session) == 1
        assert remind_of_expiring(session) == 0
    assert letters(session) == [*before, speaker.identity]
