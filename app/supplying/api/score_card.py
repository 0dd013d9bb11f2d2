"""A supplier's score card, for the association and for itself."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission, Scope
from app.catalog.suppliers import supplier_id_of
from app.supplying.api.access import supplier_within
from app.supplying.score_card import quarters_of
from app.web.api import api_router
from app.web.bodies import Out, Text
from app.web.edge import SessionDep

router = api_router("supplier")


class QuarterOut(Out):
    """A quarter by the delivery days in it; rates in percent, null where there is nothing to count."""

    name: str = Field(examples=["2026-Q1"])
    begins_on: date
    drops: int
    on_time: Decimal | None
    filled: Decimal | None
    damaged: Decimal | None
    price_change: Decimal | None = Field(description="Against the quarter before, of articles bought in both")
    disputes: int
    charter: Decimal | None = Field(description="Mean charter score of the units")
    amount: Decimal


@router.get("/suppliers/{code}/score-card")
def read_score_card(session: SessionDep, actor: SignedIn, code: Text) -> list[QuarterOut]:
    """How a supplier did, the newest quarter first."""
    actor.require(Permission.MANAGE_CATALOG)
    return [QuarterOut.model_validate(one) for one in quarters_of(session, supplier_id_of(session, code))]


@router.get("/supplier/score-card")
def read_my_score_card(session: SessionDep, actor: SignedIn) -> list[QuarterOut]:
    """How my firm did, the newest quarter first."""
    supplier_id = supplier_within(session, actor, Scope.ORDERS_READ)
    return [QuarterOut.model_validate(one) for one in quarters_of(session, supplier_id)]
