"""The calendar of rounds: what opens, closes and is delivered when, recurring rounds to come included."""

from collections.abc import Iterator
from datetime import date, datetime, time
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from app.core import clock
from app.core.database import rows_as
from app.orders.rounds.models import Round, RoundSeries, RoundStatus
from app.orders.rounds.recurrence import Rhythm


class EventKind(StrEnum):
    """What happens."""

    OPENS = "opens"
    CUT_OFF = "cut_off"
    DELIVERY = "delivery"


class RoundEvent(NamedTuple):
    """Something that happens on a day (on a Paris clock); without a code the round is only to come."""

    day: date
    at: time | None
    kind: EventKind
    code: str | None
    name: str
    parks: str = ""


def events_between(session: Session, first: date, last: date) -> list[RoundEvent]:
    """What happens from a day to a day (both included), in order; rounds that were called off are left out."""
    planned = session.execute(
        text("""
            SELECT local::date AS day, local::time AS at, kind, code, name, '' AS parks
            FROM rounds CROSS JOIN LATERAL (
                VALUES (opens_at AT TIME ZONE 'Europe/Paris', :opens), (closes_at AT TIME ZONE 'Europe/Paris', :cut_off)
            ) AS event (local, kind)
            WHERE status <> :cancelled AND local::date BETWEEN :first AND :last
            UNION ALL
            SELECT d.delivery_on, NULL, :delivery, r.code, r.name, string_agg(p.name, ', ' ORDER BY p.name)
            FROM round_deliveries d JOIN rounds r ON r.id = d.round_id JOIN parks p ON p.id = d.park_id
            WHERE r.status <> :cancelled AND d.delivery_on BETWEEN :first AND :last
            GROUP BY d.delivery_on, r.code, r.name
        """),
        {
            "first": first,
            "last": last,
            "cancelled": RoundStatus.CANCELLED,
            "opens": EventKind.OPENS,
            "cut_off": EventKind.CUT_OFF,
            "delivery": EventKind.DELIVERY,
        },
    )
    events = [event._replace(kind=EventKind(event.kind)) for event in rows_as(RoundEvent, planned)]
    return sorted((*events, *_to_come(session, first, last)), key=lambda e: (e.day, e.at or time.min, e.name, e.kind))


def _to_come(session: Session, first: date, last: date) -> Iterator[RoundEvent]:
    """Cut-offs and deliveries of series that go on, beyond the rounds that they have already."""
    series = session.execute(
        select(RoundSeries, func.max(Round.closes_at))
        .outerjoin(Round, col(Round.series_id) == RoundSeries.id)
        .where(col(RoundSeries.stopped_at).is_(None))
        .group_by(col(RoundSeries.id))
        .order_by(col(RoundSeries.id))
    )
    for one, last_planned in series:
        rhythm = rhythm_of(one)
        for cut_off in rhythm.cut_offs(max(clock.now(), last_planned or clock.now())):
            local = cut_off.astimezone(clock.PARIS)
            if local.date() > last:
                break
            if local.date() >= first:
                yield RoundEvent(local.date(), local.time(), EventKind.CUT_OFF, None, one.name)
            delivery = rhythm.delivery_day(cut_off)
            if first <= delivery <= last:
                yield RoundEvent(delivery, None, EventKind.DELIVERY, None, one.name)


def rhythm_of(series: RoundSeries) -> Rhythm:
    """The rhythm of a stored series."""
    return Rhythm(
        series.first_cut_off_on, series.cut_off_at, series.every_weeks, series.delivery_after_days, clock.PARIS
    )


def next_cut_off_of(series: RoundSeries) -> datetime:
    """When a series closes next."""
    return next(rhythm_of(series).cut_offs(clock.now()))
