"""The manager's first page: what needs them today."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import announcements
from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core import clock
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.orders.ordering.queries.orders import waiting_for_association
from app.orders.tracking.pages.watch_tables import TABLE_NAMES, watch, watched_file
from app.orders.tracking.queries import cockpit as cockpit_queries
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/cockpit")
def cockpit_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern=TABLE_NAMES)] = "",
) -> Response:
    """Rounds that wait for a step, tiers about to be reached, minimums not reached, approvals that are late.

    `form` and `table` give one of the lists as a file, whole.
    """
    if form is not None and table:
        actor.require(Permission.MANAGE_ROUNDS)
        open_ids = [row.id for row in cockpit_queries.rounds_under_way(session) if row.status == "open"]
        return watched_file(form, table, session, open_ids)
    return _page(request, session, actor)


def _page(request: Request, session: Session, actor: Actor, error: str | None = None, **typed: str) -> Response:
    actor.require(Permission.MANAGE_ROUNDS)
    rounds = cockpit_queries.rounds_under_way(session)
    open_ids = [row.id for row in rounds if row.status == "open"]
    return render(
        request,
        "tracking/cockpit.html",
        status_code=422 if error else 200,
        error=error,
        typed=typed,
        announcements=announcements.announcements(session),
        rounds=rounds,
        follow_up=cockpit_queries.orders_to_follow_up(session, clock.now()),
        watch=watch(session, open_ids),
        to_approve=waiting_for_association(session, 3 * cockpit_queries.SHOWN),
    )


@router.post("/announcements")
def announce(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    french: Annotated[str, Form(max_length=1000)] = "",
    english: Annotated[str, Form(max_length=1000)] = "",
    last_day: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Show a sentence to everyone who signs in."""
    try:
        day = date.fromisoformat(last_day)
        with session.begin_nested():
            announcements.announce(session, actor, french=french, english=english, last_day=day)
    except DomainError as refusal:
        error = say(refusal)
    except ValueError:
        error = _("An announcement needs its last day.")
    else:
        return RedirectResponse("/cockpit#announcements", 303)
    return _page(request, session, actor, error, french=french, english=english)


@router.post("/announcements/{announcement_id}/end")
def end_announcement(session: SessionDep, actor: SignedIn, announcement_id: int) -> Response:
    """Show an announcement no longer."""
    announcements.end_announcement(session, actor, announcement_id)
    return RedirectResponse("/cockpit#announcements", 303)
