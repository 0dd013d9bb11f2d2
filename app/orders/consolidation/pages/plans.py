"""The best consolidation of a round: points between price and charter on a chart, one of them applied."""

from collections import defaultdict
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
    done = [plan for plan in plans if plan.status is PlanStatus.DONE]
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
        chart=_chart(done) if done else None,
        products=product_names(session, [key for plan in done for key in plan.beyond]),
        decidable=found.status is RoundStatus.CONSOLIDATED,
        front=[str(premium) for premium in round_plans.FRONT],
        error=error,
    )


def _chart(done: list[RoundPlan]) -> FrontChart:
    plain = (done[0].plain_score, done[0].plain_cost, _("plain"), "plain")
    same: defaultdict[tuple[Decimal, Decimal], list[RoundPlan]] = defaultdict(list)
    for plan in done:
        same[plan.score, plan.cost].append(plan)
    points = [
        (*place, _range(plans), "applied" if any(plan.applied_at for plan in plans) else "point")
        for place, plans in same.items()
    ]
    return front_chart([plain, *points])


def _range(plans: list[RoundPlan]) -> str:
    """The premiums that come to the same point."""
    first, last = _percent(plans[0].premium), _percent(plans[-1].premium)
    return first if first == last else f"{first.removesuffix(' %')}–{last}"


def _percent(premium: Decimal) -> str:
    return f"{(premium * 100).normalize():f} %"


def _table(code: str, plans: list[RoundPlan]) -> Table:
    columns = [Column(_("Premium for the charter")), Column(_("Cost"), "money"), Column(_("Less than plain"), "money")]
    columns += [Column(_("Mean score"), "number"), Column(_("Deliveries"), "number"), Column(_("Unfilled"), "number")]
    columns += [Column(_("Lines moved"), "number"), Column(_("Proven gap, in percent"), "number")]
    return Table(
        f"{code}-plans",
        columns,
        [
            (_percent(one.premium), one.cost, one.saved, one.score, one.deliveries, one.unfilled, one.moved_lines)
            + ((one.gap * 100).quantize(Decimal("0.001")),)
            for one in plans
            if one.status is PlanStatus.DONE
        ],
    )


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
