"""The charter's versions: copied, changed, published. A published one never changes, and scores name theirs."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.outbox import tell_of_changed_offers
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.sourcing.charter.models import StoredCharter
from app.sourcing.charter.version import CharterVersion
from app.sourcing.charter.version_data import Fault, as_data, faults_of, from_data


class NotACharter(InvalidInput):
    """A version that breaks a rule of charters; `faults` has every one of them."""

    default_code = "not_a_charter"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = faults
        super().__init__(faults[0].message, field=faults[0].field)


class CharterState(NamedTuple):
    """A version with its place in history; `revision` counts the changes of a draft."""

    charter: CharterVersion
    stored: StoredCharter

    @property
    def is_draft(self) -> bool:
        """Whether it may still change."""
        return self.stored.published_at is None


def current_charter(session: Session) -> CharterVersion:
    """The version that scores are made by: the one published last."""
    stored = session.scalars(
        sa.select(StoredCharter)
        .where(col(StoredCharter.published_at).is_not(None))
        .order_by(col(StoredCharter.number).desc())
        .limit(1)
    ).one()
    return from_data(stored.number, stored.content)


def list_versions(session: Session) -> list[CharterState]:
    """Every version, the newest first."""
    rows = session.exec(select(StoredCharter).order_by(col(StoredCharter.number).desc()))
    return [_state(stored) for stored in rows]


def get_version(session: Session, number: int) -> CharterState:
    """One version. Raises `NotFound`."""
    stored = session.get(StoredCharter, number)
    if stored is None:
        raise NotFound("The charter has no version {number}.", number=number)
    return _state(stored)


def _state(stored: StoredCharter) -> CharterState:
    return CharterState(from_data(stored.number, stored.content), stored)


def copy_version(session: Session, actor: Actor, number: int) -> CharterState:
    """Begin a new version from another. Raises `Conflict` while there is a draft already."""
    actor.require(Permission.MANAGE_SOURCING)
    _lock(session)
    copied = get_version(session, number)
    draft = next((one for one in list_versions(session) if one.is_draft), None)
    if draft is not None:
        raise Conflict("Version {number} is being written: publish or discard it first.", number=draft.charter.number)
    newest = session.scalar(sa.select(sa.func.max(StoredCharter.number))) or 0
    stored = StoredCharter(
        number=newest + 1, content=dict(copied.stored.content), made_at=clock.now(), made_by=actor.label
    )
    session.add(stored)
    session.flush()
    audit.record(session, actor.label, "charter.copied", stored, number=stored.number, copied_from=number)
    return _state(stored)


def change_draft(
    session: Session,
    actor: Actor,
    changed: CharterVersion,
    *,
    note: str = "",
    expected_version: int | None = None,
) -> CharterState:
    """Write a draft anew. Raises `NotACharter` with every fault, `Conflict` for a version that is published."""
    actor.require(Permission.MANAGE_SOURCING)
    stored = _draft(session, changed.number, expected_version)
    faults = faults_of(changed)
    if faults:
        raise NotACharter(faults)
    stored.content, stored.note = as_data(changed), note.strip()[:500]
    stored.version += 1
    session.flush()
    audit.record(session, actor.label, "charter.changed", stored, number=stored.number, content=stored.content)
    return _state(stored)


def publish_draft(session: Session, actor: Actor, number: int, expected_version: int | None = None) -> CharterState:
    """Make a draft the charter: it never changes again, and every offer is scored by it."""
    actor.require(Permission.MANAGE_SOURCING)
    stored = _draft(session, number, expected_version)
    faults = faults_of(from_data(number, stored.content))
    if faults:
        raise NotACharter(faults)
    stored.published_at, stored.published_by = clock.now(), actor.label
    stored.version += 1
    session.flush()
    audit.record(session, actor.label, "charter.published", stored, number=number)
    tell_of_changed_offers(session)
    return _state(stored)


def discard_draft(session: Session, actor: Actor, number: int) -> None:
    """Throw a draft away."""
    actor.require(Permission.MANAGE_SOURCING)
    stored = _draft(session, number, None)
    audit.record(session, actor.label, "charter.discarded", stored, number=number, content=stored.content)
    session.delete(stored)
    session.flush()


def _draft(session: Session, number: int, expected_version: int | None) -> StoredCharter:
    _lock(session)
    stored = get_version(session, number).stored
    if stored.published_at is not None:
        raise Conflict("Version {number} is published and never changes: copy it.", number=number)
    check_version(stored.version, expected_version)
    return stored


def _lock(session: Session) -> None:
    """One person at a time writes versions."""
    session.execute(sa.text("LOCK TABLE charter_versions IN SHARE ROW EXCLUSIVE MODE"))
