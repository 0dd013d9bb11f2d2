"""Rounds that recur: there is always one to order into, planned once, and what is left over rolls into it."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlmodel import Session, select

from app.accounts.actor import COMMAND_LINE
from app.core import clock
from app.core.clock import PARIS
from app.core.errors import Conflict, InvalidInput
from app.orders.consolidation.round_lifecycle import (
    close_round,
    keep_series_going,
    open_and_close_due_rounds,
    start_series,
)
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.models import Round, RoundStatus
from app.orders.rounds.recurrence import Rhythm
from app.orders.rounds.series import stop_series
from tests.factories import NOW, World
from tests.site import Site

INSTANTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: NOW + timedelta(minutes=minutes))


@given(INSTANTS, st.integers(1, 12), st.integers(0, 6), st.integers(0, 23), st.integers(0, 20))
def test_cut_offs_keep_their_weekday_hour_and_distance(
    after: datetime, weeks: int, weekday: int, hour: int, days: int
) -> None:
    rhythm = Rhythm(date(2026, 6, 1) + timedelta(days=weekday), time(hour), weeks, days, PARIS)
    cut_offs = rhythm.cut_offs(after)
    first, second, third = next(cut_offs), next(cut_offs), next(cut_offs)
    assert after < first < second < third
    for cut_off in (first, second, third):
        local = cut_off.astimezone(PARIS)
        assert local.weekday() == weekday
        assert (local.date() - rhythm.anchor).days % (7 * weeks) == 0
        assert rhythm.delivery_day(cut_off) == local.date() + timedelta(days=days)
    assert first.astimezone(PARIS).date() >= rhythm.anchor
    assert first.astimezone(PARIS).date() <= max(after.astimezone(PARIS).date(), rhythm.anchor) + timedelta(weeks=weeks)


def rounds(session: Session) -> list[tuple[str, str, str]]:
    session.expire_all()
    found = session.exec(select(Round).order_by(Round.id)).all()  # type: ignore[arg-type]
    return [(r.code, r.status.value, f"{r.closes_at.astimezone(PARIS):%Y-%m-%d %H:%M}") for r in found]


def test_a_series_has_its_first_round_open_at_once_and_only_that(world: World, session: Session) -> None:
    start_series(session, COMMAND_LINE, name="Semaine", first_cut_off_on=date(2026, 3, 5))
    assert rounds(session) == [("2026-S10", "open", "2026-03-05 12:00")]
    assert keep_series_going(session) == []
    days = session.execute(text("SELECT delivery_on FROM round_deliveries")).scalars().all()
    assert days == [date(2026, 3, 10)]


def test_the_next_round_is_there_when_one_closes_and_takes_what_was_not_served(world: World, session: Session) -> None:
    start_series(session, COMMAND_LINE, name="Semaine", first_cut_off_on=date(2026, 3, 5))
    first = session.exec(select(Round)).one()
    order = world.an_order(first, (world.an_offer(), 2), buyer=world.a_buyer(order_limit="1"))
    assert order.status is OrderStatus.AWAITING_APPROVAL
    with clock.frozen(NOW + timedelta(days=4)):
        assert keep_series_going(session) == ["2026-S11"]
        assert open_and_close_due_rounds(session) == ["2026-S10"]
    assert rounds(session) == [
        ("2026-S10", "closed", "2026-03-05 12:00"),
        ("2026-S11", "open", "2026-03-12 12:00"),
    ]
    carried = session.execute(
        text("SELECT r.code FROM member_orders o JOIN rounds r ON r.id = o.round_id WHERE o.rolled_over_from_id = :id"),
        {"id": order.id},
    )
    assert carried.scalar_one() == "2026-S11"


def test_a_round_closed_early_is_followed_by_the_next_cut_off_not_its_own(world: World, session: Session) -> None:
    start_series(session, COMMAND_LINE, name="Semaine", first_cut_off_on=date(2026, 3, 5))
    close_round(session, COMMAND_LINE, "2026-S10")
    assert keep_series_going(session) == ["2026-S11"]


def test_summer_time_keeps_noon_at_noon(world: World, session: Session) -> None:
    start_series(session, COMMAND_LINE, name="Mois", first_cut_off_on=date(2026, 3, 5), every_weeks=4)
    close_round(session, COMMAND_LINE, "2026-S10")
    keep_series_going(session)
    second = session.exec(select(Round).where(Round.code == "2026-S14")).one()
    assert second.closes_at == datetime(2026, 4, 2, 10, 0, tzinfo=UTC)


def test_two_series_in_a_week_have_codes_of_their_own(world: World, session: Session) -> None:
    for name in ("Bureau", "Atelier"):
        start_series(session, COMMAND_LINE, name=name, first_cut_off_on=date(2026, 3, 5))
    assert [code for code, *_rest in rounds(session)] == ["2026-S10", "2026-S10a"]


def test_a_stopped_series_plans_nothing_more(world: World, session: Session) -> None:
    series = start_series(session, COMMAND_LINE, name="Semaine", first_cut_off_on=date(2026, 3, 5))
    stop_series(session, COMMAND_LINE, series.id or 0)
    with pytest.raises(Conflict, match="ended already"):
        stop_series(session, COMMAND_LINE, series.id or 0)
    with clock.frozen(NOW + timedelta(days=4)):
        assert keep_series_going(session) == []
        assert open_and_close_due_rounds(session) == ["2026-S10"]
    assert session.exec(select(Round)).one().status is RoundStatus.CLOSED


@pytest.mark.parametrize(
    "change", [{"every_weeks": 0}, {"every_weeks": 13}, {"delivery_after_days": 61}, {"name": " "}]
)
def test_a_series_out_of_range_is_refused(world: World, session: Session, change: dict[str, object]) -> None:
    terms = {"name": "Semaine", "first_cut_off_on": date(2026, 3, 5)} | change
    with pytest.raises(InvalidInput):
        start_series(session, COMMAND_LINE, **terms)  # type: ignore[arg-type]


def test_who_may_not_plan_rounds_is_shown_none_of_them(world: World, site: Site) -> None:
    assert (
        site.post("/round-series", world.a_buyer(), data={"series_name": "", "first_cut_off": "x"}).status_code == 403
    )
