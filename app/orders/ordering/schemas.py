"""What the API of ordering takes and gives. Amounts are euros before VAT, quantities sales units."""

from datetime import date, datetime
from decimal import Decimal

from pydantic import Field

from app.orders.ordering.models.member_orders import IfUnfilled
from app.web.bodies import Body, Day, Euros, Flag, Named, Out, RowId, Text, Whole


class DemandOut(Out):
    """Live demand for an offer, and where the group stands."""

    offer_id: int
    supplier: str
    sku: str
    name: str
    pack_size: int
    min_quantity: int
    quantity: int
    tolerance: int
    line_count: int
    price_now: Decimal
    list_price: Decimal
    missing_to_next_tier: int = Field(description="0 on the last tier")
    missing_to_full_pack: int


class CartLineIn(Body):
    """A line of the cart; quantity 0 takes it out."""

    quantity: Whole = Field(ge=0, le=1_000_000, examples=[12])
    tolerance: Whole = Field(default=0, ge=0, le=1_000_000, examples=[2])
    if_unfilled: IfUnfilled = IfUnfilled.ROLL_OVER
    accepts_equivalents: Flag = Field(
        default=False,
        description="Another supplier's offer of the product serves as well, never above the ceiling",
    )


class ApprovalOut(Out):
    """A step of an order's approval."""

    step: int
    because: str
    approver: str | None
    decided_by: str | None
    decided_at: datetime | None
    approved: bool | None
    comment: str


class CheckoutIn(Body):
    """What the firm wants on its order."""

    company_reference: Text = Field(default="", max_length=80, examples=["BC-2026-118"])
    cost_centre_id: RowId | None = None


class DecisionIn(Body):
    """An approver's decision."""

    approve: Flag = Field(examples=[True])
    comment: Text = Field(default="", max_length=500)


class BudgetIn(Body):
    """A month's budget of the company or of one cost centre."""

    month: Day = Field(examples=["2026-03-01"])
    amount: Euros = Field(examples=["2500.00"])
    cost_centre_id: RowId | None = None


class BudgetOut(Out):
    """A month's budget, and what is left of it."""

    id: int
    cost_centre_id: int | None
    month: date
    amount: Decimal
    committed: Decimal


class CostCentreIn(Body):
    """A new cost centre."""

    code: Named = Field(max_length=40, examples=["ATELIER"])
    name: Named = Field(max_length=200, examples=["Atelier"])


class CostCentreOut(Out):
    """A cost centre."""

    id: int
    code: str
    name: str


class ApprovalRuleIn(Body):
    """A rule: every condition that is set must hold for its step to be asked."""

    step: Whole = Field(default=1, ge=1, le=10)
    above_amount: Euros | None = Field(default=None, examples=["100.00"])
    above_sku_count: Whole | None = Field(default=None, ge=0, le=10_000)
    category_id: RowId | None = None
    over_limit_only: Flag = False
    approver_id: RowId | None = None


class ApprovalRuleOut(Out):
    """A company's approval rule."""

    id: int
    step: int
    above_amount: Decimal | None
    above_sku_count: int | None
    category_id: int | None
    over_limit_only: bool
    approver_id: int | None
