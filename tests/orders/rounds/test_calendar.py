"""The calendar: what opens, closes and is delivered, and what recurring rounds will do."""

from datetime import date, datetime

from sqlmodel import Session

from app.accounts.actor import COMMAND_LINE
from app.core.clock import PARIS
from app.orders.consolidation.round_lifecycle import cancel_round, start_series
from app.orders.rounds.calendar import EventKind, events_between
from app.orders.rounds.series import stop_series
from tests.factories import CUT_OFF, World
from tests.site import Site

MARCH = date(2026, 3, 1), date(2026, 3, 31)


def test_a_round_opens_closes_and_is_delivered_on_paris_days(world: World, session: Session) -> None:
    world.an_open_round("R1", closes_at=datetime(2026, 3, 5, 23, 30, tzinfo=PARIS))
    events = [(e.day.day, e.kind, e.code, e.parks) for e in events_between(session, *MARCH)]
    assert events == [
        (1, EventKind.OPENS, "R1", ""),
        (5, EventKind.CUT_OFF, "R1", ""),
        (10, EventKind.DELIVERY, "R1", "Parc Nord"),
    ]
    cancel_round(session, COMMAND_LINE, "R1")
    assert events_between(session, *MARCH) == []


def test_recurring_rounds_show_their_cut_offs_to_come_once(world: World, session: Session) -> None:
    series = start_series(
        session, COMMAND_LINE, name="Chaque jeudi", first_cut_off_on=CUT_OFF.date(), delivery_after_days=5
    )
    events = [e for e in events_between(session, *MARCH) if e.kind is EventKind.CUT_OFF]
    assert [(e.day.day, e.code is not None) for e in events] == [(5, True), (12, False), (19, False), (26, False)]
    deliveries = [e.day.day for e in events_between(session, *MARCH) if e.kind is EventKind.DELIVERY]
    assert deliveries == [10, 17, 24, 31]
    stop_series(session, COMMAND_LINE, series.id or 0)
    assert len([e for e in events_between(session, *MARCH) if e.kind is EventKind.CUT_OFF]) == 1


def test_a_month_is_a_page_that_leads_to_its_neighbours(world: World, site: Site) -> None:
    world.an_open_round("R1")
    manager, buyer = world.a_manager(), world.a_buyer()
    page = site.get("/calendar", manager).text
    assert 'href="/rounds/R1"' in page
    assert "month=2026-02" in page
    assert "month=2026-04" in page
    assert "/rounds/R1" not in site.get("/calendar", buyer).text
    assert "Nothing happens in this month." in site.get("/calendar?month=2027-01", buyer).text
    assert site.get("/calendar?month=2027-13", buyer).status_code == 422
