"""The best consolidation of a round: points between price and charter on a chart, one of them applied."""

from decimal import Decimal
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.orders.consolidation import round_plans
from app.orders.consolidation.models.plans import PlanStatus, RoundPlan
from app.orders.consolidation.plan_points import Point, points_of
from app.orders.consolidation.queries.plans import product_names
from app.orders.rounds.models import RoundStatus
from app.orders.rounds.service import get_round
from app.web.charts import FrontChart, front_chart
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/rounds/{code}/plans")
def plans_page(
    request: Request, session: SessionDep, actor: SignedIn, code: str, form: ExportFormat | None = None
) -> Response:
    """The plans of a round; `form` gives them as a file."""
    if form is not None:
        actor.require(Permission.MANAGE_ROUNDS)
        return _table(code, round_plans.list_plans(session, code)).as_file(form)
    return _page(request, session, actor, code)


def _page(request: Request, session: Session, actor: Actor, code: str, error: str | None = None) -> Response:
    actor.require(Permission.MANAGE_ROUNDS)
    plans = round_plans.list_plans(session, code)
    done = _done(plans)
    points = points_of(done)
    found = get_round(session, code)
    return render(
        request,
        "consolidation/plans.html",
        status_code=409 if error else 200,
        round=found,
        plans=plans,
        done=done,
        under_way=[plan for plan in plans if plan.status in {PlanStatus.QUEUED, PlanStatus.RUNNING}],
        applied=next((plan for plan in done if plan.applied_at), None),
        plain=next((point for point in points if point.is_plain), None),
        points=[point for point in points if not point.is_plain],
        premiums_of=_premiums,
        chart=_chart(points) if points else None,
        products=product_names(session, [key for plan in done for key in plan.unserved]),
        decidable=found.status is RoundStatus.CONSOLIDATED,
        front=[str(premium) for premium in round_plans.FRONT],
        error=error,
    )


def _chart(points: list[Point]) -> FrontChart:
    """The points beside plain consolidation, which is drawn once even where a point comes to the same."""
    one = points[0].plan
    drawn = [
        (point.plan.score, point.plan.cost, _premiums(point), "applied" if point.plan.applied_at else "point")
        for point in points
        if not point.is_plain
    ]
    return front_chart([(one.plain_score, one.plain_cost, _("plain"), "plain"), *drawn])


def _premiums(point: Point) -> str:
    """The premiums that come to a point."""
    return ", ".join(
        _percent(first) if first == last else f"{_percent(first).removesuffix(' %')}–{_percent(last)}"
        for first, last in point.runs
    )


def _percent(premium: Decimal) -> str:
    return f"{(premium * 100).normalize():f} %"


def _table(code: str, plans: list[RoundPlan]) -> Table:
    columns = [
        Column(_("Premium for the charter")),
        Column(_("Cost"), "money"),
        Column(_("Less than plain, at equal service"), "money"),
        Column(_("Served besides, in units"), "number"),
        Column(_("Served besides"), "money"),
        Column(_("Served by plain alone, in units"), "number"),
        Column(_("Served by plain alone"), "money"),
        Column(_("Not served, in units"), "number"),
        Column(_("Not served"), "money"),
        Column(_("Mean score"), "number"),
        Column(_("Deliveries"), "number"),
        Column(_("Lines moved"), "number"),
        Column(_("Proven gap, in percent"), "number"),
    ]
    return Table(f"{code}-plans", columns, [_row(point) for point in points_of(_done(plans))])


def _row(point: Point) -> tuple[object, ...]:
    plan = point.plan
    beside = (plan.more_units, plan.more_amount, plan.fewer_units, plan.fewer_amount)
    rest = (plan.unfilled, plan.unfilled_amount, plan.score, plan.deliveries, plan.moved_lines)
    return (_premiums(point), plan.cost, plan.saved, *beside, *rest, (point.gap * 100).quantize(Decimal("0.001")))


def _done(plans: list[RoundPlan]) -> list[RoundPlan]:
    return [plan for plan in plans if plan.status is PlanStatus.DONE]


@router.post("/rounds/{code}/plans")
def ask(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    percent: Annotated[int | None, Form(ge=0, le=500)] = None,
    seconds: Annotated[int, Form()] = 60,
) -> Response:
    """Have one plan worked out at the slider's premium (in percent), or the whole front."""
    premiums = round_plans.FRONT if percent is None else (Decimal(percent) / 100,)
    try:
        with session.begin_nested():
            round_plans.ask_for_plans(session, actor, code, premiums, seconds)
    except DomainError as refusal:
        return _page(request, session, actor, code, say(refusal))
    return RedirectResponse(f"/rounds/{code}/plans", 303)


@router.post("/rounds/{code}/plans/{plan_id:int}/application")
def apply(request: Request, session: SessionDep, actor: SignedIn, code: str, plan_id: int) -> Response:
    """Make a plan's choice the round's."""
    try:
        with session.begin_nested():
            round_plans.apply_plan(session, actor, code, plan_id)
    except DomainError as refusal:
        return _page(request, session, actor, code, say(refusal))
    return RedirectResponse(f"/rounds/{code}/consolidation", 303)


@router.post("/rounds/{code}/plans/undo")
def take_back(session: SessionDep, actor: SignedIn, code: str) -> Response:
    """Plain consolidation again."""
    round_plans.take_plan_back(session, actor, code)
    return RedirectResponse(f"/rounds/{code}/plans", 303)
