"""Rounds in lists and in figures, their days, their live demand: sums over offers, never over lines."""

from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy import text
from sqlmodel import Session, col

from app.core import clock
from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.rounds.models import Round, RoundStatus


def list_rounds(session: Session, cursor: str | None, limit: int) -> Page[Round]:
    """Rounds, those with the latest cut-off first."""
    query = sa.select(Round).order_by(col(Round.closes_at).desc(), col(Round.id).desc()).limit(limit + 1)
    after = decode_cursor(cursor, datetime.fromisoformat, int)
    if after:
        query = query.where(sa.tuple_(col(Round.closes_at), col(Round.id)) < sa.tuple_(*map(sa.literal, after)))
    return page_of(session.scalars(query).all(), limit, lambda r: (r.closes_at.isoformat(), r.id))


def open_rounds(session: Session) -> list[Round]:
    """The rounds that take orders now, the first to close first."""
    now = clock.now()
    return list(
        session.scalars(
            sa.select(Round)
            .where(col(Round.status) == RoundStatus.OPEN, col(Round.opens_at) <= now, col(Round.closes_at) > now)
            .order_by(col(Round.closes_at), col(Round.id))
        )
    )


class Delivery(NamedTuple):
    """A park and its delivery day in a round."""

    park_id: int
    park: str
    delivery_on: date


def deliveries_of(session: Session, round_id: int) -> list[Delivery]:
    """The delivery days of a round, by park."""
    rows = session.execute(
        text("""
            SELECT p.id AS park_id, p.name AS park, d.delivery_on
            FROM round_deliveries d JOIN parks p ON p.id = d.park_id
            WHERE d.round_id = :round_id ORDER BY d.delivery_on, p.name
        """),
        {"round_id": round_id},
    )
    return rows_as(Delivery, rows)
