"""Announcements: a sentence of the association to everyone who signs in, until an instant."""

from datetime import date, datetime, time

from sqlmodel import Session, SQLModel, col, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.core import audit, clock
from app.core.errors import InvalidInput, NotFound
from app.core.tables import instant, key

MAX_LENGTH = 1000


class Announcement(SQLModel, table=True):
    """A sentence of the association to everyone who signs in, until an instant."""

    __tablename__ = "announcements"

    id: int | None = key()
    french: str
    english: str = ""
    made_at: datetime = instant()
    shown_until: datetime = instant(index=True)


def announce(session: Session, actor: Actor, *, french: str, english: str, last_day: date) -> Announcement:
    """Show a sentence to everyone who signs in, until a day (included). English may be left out."""
    actor.require(Permission.MANAGE_ROUNDS)
    if not french.strip():
        raise InvalidInput("An announcement needs words.", field="french")
    if last_day < clock.today():
        raise InvalidInput("The last day is over already.", field="last_day")
    until = datetime.combine(last_day, time.max, clock.PARIS)
    made = Announcement(
        french=french.strip()[:MAX_LENGTH], english=english.strip()[:MAX_LENGTH], shown_until=until, made_at=clock.now()
    )
    session.add(made)
    session.flush()
    audit.record(session, actor.label, "announcement.made", made)
    return made


def end_announcement(session: Session, actor: Actor, announcement_id: int) -> None:
    """Show an announcement no longer."""
    actor.require(Permission.MANAGE_ROUNDS)
    found = session.get(Announcement, announcement_id)
    if found is None:
        raise NotFound("There is no such announcement.")
    found.shown_until = clock.now()
    audit.record(session, actor.label, "announcement.ended", found)


def announcements(session: Session) -> list[Announcement]:
    """What is announced now, the newest first."""
    query = select(Announcement).where(Announcement.shown_until > clock.now()).order_by(col(Announcement.id).desc())
    return list(session.exec(query.limit(5)))
