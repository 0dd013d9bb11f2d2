"""Pages of the association: rounds, live demand, consolidation review, approval, supplier orders."""

from collections.abc import Callable
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.accounts.queries import list_parks
from app.accounts.service import get_association
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.orders.consolidation import draft, round_approval, round_lifecycle, sending
from app.orders.consolidation.models.supplier_orders import SupplierDecision
from app.orders.consolidation.queries import rounds as round_queries
from app.orders.consolidation.queries import supplier_orders as supplier_order_queries
from app.orders.ordering.queries import demand as demand_queries
from app.orders.ordering.queries import orders as order_queries
from app.orders.rounds import calendar, queries, series, service
from app.orders.rounds.models import ROUNDS_BEFORE_SENDING, RoundStatus
from app.orders.rounds.schemas import RoundIn
from app.orders.rounds.service import get_round, round_key
from app.orders.rounds.states import ROUND_LIFE, RoundEvent
from app.orders.tracking.pages import exports
from app.orders.tracking.pages.watch_tables import TABLE_NAMES, watch, watched_file, withdrawn_table
from app.orders.tracking.queries.cockpit import withdrawn_in_demand
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import typed_instant
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
_SENDING = ROUND_LIFE.before(RoundEvent.SEND)


def _require_view(actor: Actor) -> None:
    if not actor.may(Permission.APPROVE_ROUNDS):
        actor.require(Permission.MANAGE_ROUNDS)


@router.get("/rounds")
def rounds_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """Every round, and the form to plan one; `form` gives the list as a file."""
    if form is not None:
        _require_view(actor)
        rows = every_row(lambda at, limit: queries.list_rounds(session, at, limit))
        return exports.rounds_table("rounds", rows).as_file(form)
    return _rounds(request, session, actor, cursor)


def _rounds(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None, **typed: str
) -> Response:
    _require_view(actor)
    page = queries.list_rounds(session, cursor, PAGE_SIZE)
    return render(
        request,
        "tracking/rounds.html",
        status_code=422 if error else 200,
        page=page,
        table=exports.rounds_table("", page.items),
        series=[(one, calendar.next_cut_off_of(one)) for one in series.list_series(session)],
        error=error,
        typed=typed,
    )


@router.post("/rounds")
def plan_round(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    opens_at: Annotated[str, Form()] = "",
    closes_at: Annotated[str, Form()] = "",
    delivery_on: Annotated[str, Form()] = "",
) -> Response:
    """Plan a round for every park; the form keeps what was typed where it cannot be."""
    actor.require(Permission.MANAGE_ROUNDS)
    try:
        planned = RoundIn(
            code=code.strip(),
            name=name.strip() or code.strip(),
            opens_at=typed_instant(opens_at),
            closes_at=typed_instant(closes_at),
        )
        day = date.fromisoformat(delivery_on)
        with session.begin_nested():
            made = service.create_round(
                session,
                actor,
                **planned.model_dump(exclude={"deliveries"}),
                deliveries={park.id: day for park in list_parks(session) if park.id},
            )
    except DomainError as refusal:
        error = say(refusal)
    except ValueError:
        error = _("A round has a code of letters, figures, dots and dashes, two instants, and a delivery day.")
    else:
        return RedirectResponse(f"/rounds/{made.code}", 303)
    return _rounds(
        request,
        session,
        actor,
        error=error,
        code=code,
        name=name,
        opens_at=opens_at,
        closes_at=closes_at,
        delivery_on=delivery_on,
    )


@router.post("/round-series")
def start_series(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    series_name: Annotated[str, Form(max_length=100)] = "",
    first_cut_off: Annotated[str, Form()] = "",
    every_weeks: Annotated[int, Form()] = 1,
    delivery_after_days: Annotated[int, Form()] = 5,
) -> Response:
    """Let rounds recur."""
    try:
        first = typed_instant(first_cut_off)
        with session.begin_nested():
            round_lifecycle.start_series(
                session,
                actor,
                name=series_name,
                first_cut_off_on=first.date(),
                cut_off_at=first.time(),
                every_weeks=every_weeks,
                delivery_after_days=delivery_after_days,
            )
    except DomainError as refusal:
        error = say(refusal)
    except ValueError:
        error = _("A series needs the instant of its first cut-off.")
    else:
        return RedirectResponse("/rounds", 303)
    return _rounds(request, session, actor, error=error, series_name=series_name, first_cut_off=first_cut_off)


@router.post("/round-series/{series_id}/stop")
def stop_series(session: SessionDep, actor: SignedIn, series_id: int) -> Response:
    """Plan no further rounds of a series."""
    series.stop_series(session, actor, series_id)
    return RedirectResponse("/rounds", 303)


@router.get("/rounds/{code}")
def round_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    cursor: str | None = None,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern=TABLE_NAMES)] = "",
) -> Response:
    """A round: figures, next step, live demand; `form` gives the demand, or the `table` watched, as a file."""
    _require_view(actor)
    found = get_round(session, code)
    if form is not None and table:
        return watched_file(form, table, session, [round_key(found)])
    if form is not None:
        rows = every_row(lambda at, limit: demand_queries.list_demand(session, round_key(found), at, limit))
        return exports.demand(form, code, rows)
    round_id = round_key(found)
    return render(
        request,
        "tracking/round.html",
        round=found,
        figures=round_queries.round_figures(session, round_id),
        against_last=round_queries.saved_against_last(session, round_id),
        deliveries=queries.deliveries_of(session, round_id),
        page=demand_queries.list_demand(session, round_id, cursor, PAGE_SIZE),
        watch=watch(session, [round_id]) if found.status is RoundStatus.OPEN else None,
    )


@router.get("/rounds/{code}/orders")
def round_orders_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """The member orders of a round, on screen or as a file."""
    found = get_round(session, code)
    if form is not None:
        rows = every_row(
            lambda at, limit: order_queries.list_orders(session, actor, at, limit, round_id=round_key(found))
        )
        return exports.orders_table(f"{code}-orders", rows, with_people=True).as_file(form)
    page = order_queries.list_orders(session, actor, cursor, PAGE_SIZE, round_id=round_key(found))
    table = exports.orders_table("", page.items, with_people=True)
    return render(request, "tracking/round_orders.html", round=found, page=page, table=table)


@router.get("/rounds/{code}/consolidation")
def consolidation_page(
    request: Request, session: SessionDep, actor: SignedIn, code: str, cursor: str | None = None
) -> Response:
    """The review: draft supplier orders, savings, alerts, and the approval."""
    _require_view(actor)
    found = get_round(session, code)
    round_id = round_key(found)
    return render(
        request,
        "tracking/consolidation.html",
        round=found,
        figures=round_queries.round_figures(session, round_id),
        against_last=round_queries.saved_against_last(session, round_id),
        page=supplier_order_queries.list_supplier_orders(session, round_id, cursor, PAGE_SIZE),
        decisions=list(SupplierDecision),
        set_aside=supplier_order_queries.suppliers_set_aside(session, round_id),
        approvals=round_queries.approval_names(session, round_id),
        two_needed=round_approval.second_person_needed(session, actor, found),
        limit=get_association(session).second_approval_above,
        held_back=sending.held_back(session, round_id) if found.status in _SENDING else [],
        withdrawn=withdrawn_table(
            withdrawn_in_demand(session, [round_id], PAGE_SIZE) if found.status in ROUNDS_BEFORE_SENDING else []
        ),
    )


@router.get("/rounds/{code}/allocations")
def allocations_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    cursor: str | None = None,
    offer_id: int | None = None,
    only_unfilled: bool = False,
    form: ExportFormat | None = None,
) -> Response:
    """What became of every member line, or of those left short; on screen or as a file."""
    _require_view(actor)
    found = get_round(session, code)
    if form is not None:
        rows = every_row(
            lambda at, limit: supplier_order_queries.list_allocations(
                session, round_key(found), at, limit, offer_id=offer_id, only_unfilled=only_unfilled
            )
        )
        return exports.allocations(form, code, rows)
    page = supplier_order_queries.list_allocations(
        session, round_key(found), cursor, PAGE_SIZE, offer_id=offer_id, only_unfilled=only_unfilled
    )
    return render(request, "tracking/allocations.html", round=found, page=page, only_unfilled=only_unfilled)


def _step(path: str, use_case: Callable[[Session, Actor, str, int | None], object], lands_on: str) -> None:
    """Add the route of a step in a round's life."""

    def take_step(
        session: SessionDep, actor: SignedIn, code: str, version: Annotated[int | None, Form()] = None
    ) -> Response:
        use_case(session, actor, code, version)
        return RedirectResponse(lands_on.format(code=code), 303)

    router.add_api_route(f"/rounds/{{code}}/{path}", take_step, methods=["POST"], name=f"{path}_round")


_step("open", round_lifecycle.open_round, "/rounds/{code}")
_step("close", round_lifecycle.close_round, "/rounds/{code}")
_step("cancel", round_lifecycle.cancel_round, "/rounds/{code}")
_step("consolidate", draft.consolidate_round, "/rounds/{code}/consolidation")
_step("approve", round_approval.approve_round, "/rounds/{code}/consolidation")
_step("send", sending.send_round, "/rounds/{code}/consolidation")
