"""Routes of the API for the optimiser's plans of a round."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Response
from pydantic import Field, StringConstraints

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.orders.consolidation import round_plans
from app.orders.consolidation.models.plans import PlanStatus
from app.orders.rounds import schemas
from app.orders.rounds.schemas import Code
from app.web.api import Id, api_router, set_etag
from app.web.bodies import Body, Out, Whole
from app.web.edge import SessionDep

router = api_router("rounds")
Premium = Annotated[str, StringConstraints(pattern=r"^([0-4](\.\d{1,3})?|5)$")]


class PlansIn(Body):
    """Premiums for the charter to work out: 0 is price only, 1 charter first; without any, the whole front."""

    premiums: list[Premium] = Field(default=[], max_length=20, examples=[["0", "0.1", "0.5"]])
    seconds: Whole = Field(default=60, ge=1, le=round_plans.MOST_SECONDS, description="Time for each")


class PlanOut(Out):
    """The best consolidation found at a premium, beside the plain one. Amounts in euros before VAT."""

    id: int
    premium: Decimal
    status: PlanStatus
    error: str
    cost: Decimal
    objective: Decimal = Field(description="Cost, with the charter's penalty")
    bound: Decimal = Field(description="No consolidation that leaves as few units unfilled has a lower objective")
    gap: Decimal = Field(description="How far the objective can be from the lowest possible, as a part of it")
    delivery_fees: Decimal
    score: Decimal = Field(description="Mean charter score of the units")
    deliveries: int
    unfilled: int
    unfilled_amount: Decimal = Field(description="Units unfilled at the prices shown when they were ordered")
    least_unfilled: int = Field(description="No consolidation leaves fewer units unfilled")
    saved: Decimal | None = Field(description="What the units that both serve cost less than plainly, fees included")
    more_units: int = Field(description="Units that the plan alone serves")
    more_amount: Decimal
    fewer_units: int = Field(description="Units that plain consolidation alone serves")
    fewer_amount: Decimal
    under_minimum: list[str] = Field(description="Suppliers ordered from under their minimum order")
    moved_lines: int
    plain_cost: Decimal
    plain_score: Decimal
    plain_deliveries: int
    plain_unfilled: int
    plain_unfilled_amount: Decimal
    plain_under_minimum: list[str]
    applied_at: datetime | None


@router.post("/rounds/{code}/plans", status_code=202)
def ask_for_plans(session: SessionDep, actor: SignedIn, code: Code, asked: PlansIn) -> list[PlanOut]:
    """Have plans worked out in the background; ask the list until they are done."""
    premiums = tuple(map(Decimal, asked.premiums)) or round_plans.FRONT
    plans = round_plans.ask_for_plans(session, actor, code, premiums, asked.seconds)
    return [PlanOut.model_validate(plan) for plan in plans]


@router.get("/rounds/{code}/plans")
def list_plans(session: SessionDep, actor: SignedIn, code: Code) -> list[PlanOut]:
    """The plans of a round, by premium."""
    actor.require(Permission.MANAGE_ROUNDS)
    return [PlanOut.model_validate(plan) for plan in round_plans.list_plans(session, code)]


@router.put("/rounds/{code}/plans/{plan_id}/application")
def apply_plan(session: SessionDep, actor: SignedIn, response: Response, code: Code, plan_id: Id) -> schemas.RoundOut:
    """Make a plan's choice the round's, and consolidate again."""
    applied = round_plans.apply_plan(session, actor, code, plan_id)
    set_etag(response, applied.version)
    return schemas.RoundOut.model_validate(applied)


@router.delete("/rounds/{code}/plans/application")
def take_plan_back(session: SessionDep, actor: SignedIn, response: Response, code: Code) -> schemas.RoundOut:
    """Plain consolidation again."""
    undone = round_plans.take_plan_back(session, actor, code)
    set_etag(response, undone.version)
    return schemas.RoundOut.model_validate(undone)
