"""Closing a month: from then on nothing is booked on it or before; the database refuses."""

from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.commission.ledger.models import ClosedPeriod
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput


def closed_until(session: Session) -> date | None:
    """The last day that is closed; None where nothing is."""
    last: date | None = session.scalar(text("SELECT max(last_day) FROM closed_periods"))
    return last


def close_month(session: Session, actor: Actor, month: date) -> ClosedPeriod:
    """Close the books up to the end of a month, for ever. Raises `InvalidInput` for a month that is not over."""
    actor.require(Permission.MANAGE_COMMISSION)
    last_day = clock.month_end(month)
    if last_day >= clock.today():
        raise InvalidInput("A month is closed once it is over.", field="month")
    # Whoever books waits until the closing is written, and is then refused.
    session.execute(text("LOCK TABLE closed_periods IN SHARE ROW EXCLUSIVE MODE"))
    before = closed_until(session)
    if before is not None and last_day <= before:
        raise Conflict("The books are closed until {day} already.", code="closed_already", day=before.isoformat())
    period = ClosedPeriod(last_day=last_day, closed_at=clock.now(), closed_by=actor.label)
    session.add(period)
    session.flush()
    audit.record(session, actor.label, "books.closed", period, last_day=last_day.isoformat())
    return period
