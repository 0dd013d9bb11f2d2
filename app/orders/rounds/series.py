"""Recurring rounds: a series plans its next rounds by itself, so that there is always one to order into."""

from datetime import date, datetime, time
from string import ascii_lowercase

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.queries import list_parks
from app.core import audit, clock
from app.core.errors import Conflict, InvalidInput, NotFound
from app.orders.rounds.calendar import rhythm_of
from app.orders.rounds.models import COMING_ROUNDS, Round, RoundSeries
from app.orders.rounds.service import create_round

MAX_WEEKS = 12


def start_series(
    session: Session,
    actor: Actor,
    *,
    name: str,
    first_cut_off_on: date,
    cut_off_at: time = time(12),
    every_weeks: int = 1,
    delivery_after_days: int = 5,
) -> RoundSeries:
    """Let rounds recur; `plan_next_rounds` plans the first of them."""
    actor.require(Permission.MANAGE_ROUNDS)
    if not name.strip():
        raise InvalidInput("A series needs a name.", field="name")
    if not 1 <= every_weeks <= MAX_WEEKS:
        raise InvalidInput("A series recurs every 1 to {maximum} weeks.", field="every_weeks", maximum=MAX_WEEKS)
    if not 0 <= delivery_after_days <= 60:
        raise InvalidInput("A delivery comes 0 to 60 days after the cut-off.", field="delivery_after_days")
    series = RoundSeries(
        name=name.strip()[:100],
        first_cut_off_on=first_cut_off_on,
        cut_off_at=cut_off_at,
        every_weeks=every_weeks,
        delivery_after_days=delivery_after_days,
    )
    session.add(series)
    session.flush()
    audit.record(session, actor.label, "series.started", series, name=series.name, every_weeks=every_weeks)
    return series


def stop_series(session: Session, actor: Actor, series_id: int) -> RoundSeries:
    """Plan no further rounds of a series; those planned stay as they are."""
    actor.require(Permission.MANAGE_ROUNDS)
    series = session.get(RoundSeries, series_id, with_for_update=True)
    if series is None:
        raise NotFound("There is no such series.")
    if series.stopped_at is not None:
        raise Conflict("This series has ended already.", code="already_stopped")
    series.stopped_at = clock.now()
    audit.record(session, actor.label, "series.stopped", series)
    return series


def list_series(session: Session) -> list[RoundSeries]:
    """The series that go on, by name."""
    query = select(RoundSeries).where(col(RoundSeries.stopped_at).is_(None))
    return list(session.exec(query.order_by(col(RoundSeries.name), col(RoundSeries.id))))


def plan_next_rounds(session: Session) -> list[str]:
    """Plan the next round of every series that has none to order into; the codes of the new rounds.

    Each opens at once (`opens_at` is now): the row of its series is locked, so that two workers plan it once.
    """
    now = clock.now()
    planned = []
    for series in session.exec(select(RoundSeries).where(col(RoundSeries.stopped_at).is_(None)).with_for_update()):
        under_way = session.exec(
            select(Round.id).where(
                Round.series_id == series.id,
                col(Round.status).in_(COMING_ROUNDS),
                Round.closes_at > now,
            )
        ).first()
        if under_way is None:
            planned.append(_plan_next(session, series, now))
    return planned


def _plan_next(session: Session, series: RoundSeries, now: datetime) -> str:
    """Plan the round of the next cut-off that the series had no round for: one may have been closed early."""
    rhythm = rhythm_of(series)
    last = session.scalar(select(func.max(Round.closes_at)).where(Round.series_id == series.id))
    cut_off = next(rhythm.cut_offs(max(now, last or now)))
    day = rhythm.delivery_day(cut_off)
    made = create_round(
        session,
        SYSTEM,
        code=_free_code(session, cut_off),
        name=f"{series.name}, {cut_off.astimezone(clock.PARIS):%d/%m/%Y}",
        opens_at=now,
        closes_at=cut_off,
        deliveries={park.id: day for park in list_parks(session) if park.id},
    )
    made.series_id = series.id
    return made.code


def _free_code(session: Session, cut_off: datetime) -> str:
    """The ISO week of a cut-off, `2026-S10`; with a letter behind where that is in use."""
    year, week, _day = cut_off.astimezone(clock.PARIS).isocalendar()
    begin = f"{year}-S{week:02d}"
    taken = set(session.scalars(select(Round.code).where(col(Round.code).startswith(begin))))
    candidates: list[str] = [begin + suffix for suffix in ("", *ascii_lowercase)]
    return next(code for code in candidates if code not in taken)
