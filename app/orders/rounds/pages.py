"""The calendar of rounds, a month a page."""

from calendar import Calendar
from datetime import date, timedelta
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core import clock
from app.core.i18n import weekday_names
from app.orders.rounds import calendar
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/calendar")
def calendar_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    month: Annotated[str, Query(pattern=r"^(20\d{2}-(0[1-9]|1[0-2]))?$")] = "",
) -> Response:
    """What opens, closes and is delivered in a month, week by week."""
    actor.require(Permission.VIEW_PRICES)
    first = date.fromisoformat(f"{month}-01") if month else clock.today().replace(day=1)
    weeks = Calendar().monthdatescalendar(first.year, first.month)
    events = calendar.events_between(session, weeks[0][0], weeks[-1][-1])
    return render(
        request,
        "rounds/calendar.html",
        month=first,
        before=first - timedelta(days=1),
        after=weeks[-1][-1] if weeks[-1][-1].month != first.month else first + timedelta(days=31),
        weeks=weeks,
        weekdays=weekday_names(),
        events={day: list(group) for day, group in groupby(events, key=lambda event: event.day)},
        today=clock.today(),
    )
