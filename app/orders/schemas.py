"""What the orders API takes and gives. Amounts are euros before VAT, quantities sales units, instants UTC."""

from datetime import date, datetime, time
from decimal import Decimal

from pydantic import Field

from app.orders.consolidation import SharingPolicy, UnfilledReason
from app.orders.models import IfUnfilled, OrderStatus, RoundStatus, SupplierAlert, SupplierDecision, SupplierOrderStatus
from app.web.bodies import Body, Day, Euros, Flag, Instant, LocalTime, Named, Out, RowId, Text, Units, Whole


class DeliveryIn(Body):
    """The delivery day of a round on one park."""

    park_id: RowId = Field(examples=[1])
    delivery_on: Day = Field(examples=["2026-03-10"])


class RoundIn(Body):
    """A new round."""

    code: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", examples=["2026-10"])
    name: Named = Field(max_length=200, examples=["Tournée de la semaine 10"])
    opens_at: Instant = Field(examples=["2026-02-26T11:00:00Z"])
    closes_at: Instant = Field(examples=["2026-03-05T11:00:00Z"])
    deliveries: list[DeliveryIn] = Field(default=[], max_length=100)
    completing_from: Instant | None = None
    sharing_policy: SharingPolicy | None = Field(default=None, description="The association's own where empty")


class RoundOut(Out):
    """A round."""

    id: int
    code: str
    name: str
    opens_at: datetime
    closes_at: datetime
    completing_from: datetime | None
    status: RoundStatus
    sharing_policy: SharingPolicy
    only_supplier_id: int | None
    version: int


class SeriesIn(Body):
    """Rounds that recur."""

    name: Named = Field(max_length=100, examples=["Tournée de la semaine"])
    first_cut_off_on: Day = Field(examples=["2026-03-05"])
    cut_off_at: LocalTime = Field(default=time(12), description="On a Paris clock", examples=["12:00"])
    every_weeks: Whole = Field(default=1, ge=1, le=12)
    delivery_after_days: Whole = Field(default=5, ge=0, le=60)


class SeriesOut(Out):
    """Rounds that recur."""

    id: int
    name: str
    first_cut_off_on: date
    cut_off_at: LocalTime
    every_weeks: int
    delivery_after_days: int


class DeliveryOut(Out):
    """The delivery day of a round on one park."""

    park_id: int
    park: str
    delivery_on: date


class RoundDetailOut(RoundOut):
    """A round in figures."""

    deliveries: list[DeliveryOut]
    offer_count: int
    line_count: int
    wanted: int
    supplier_order_count: int
    ordered_amount: Decimal
    list_amount: Decimal
    saved: Decimal
    commission: Decimal
    delivery_fees: Decimal
    alert_count: int
    approved_by: list[str]


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


class OrderOut(Out):
    """A member order."""

    id: int
    reference: str
    round_code: str
    company: str
    person: str
    status: OrderStatus
    placed_at: datetime | None
    line_count: int
    amount: Decimal = Field(description="At ceiling prices, without tolerances")
    company_reference: str
    version: int


class OrderLineOut(Out):
    """A line of a member order, with what became of it once its round is consolidated."""

    id: int
    offer_id: int
    supplier: str
    sku: str
    name: str
    quantity: int
    tolerance: int
    ceiling_price: Decimal
    if_unfilled: IfUnfilled
    accepts_equivalents: bool
    served_by: str | None = Field(description="Supplier and SKU of another offer that serves it instead")
    excluded_because: str | None
    allocated: int | None
    served: int | None = Field(description="What the supplier confirmed or delivered of it")
    unfilled: int | None
    reason: UnfilledReason | None
    unit_price: Decimal | None
    amount: Decimal | None


class ApprovalOut(Out):
    """A step of an order's approval."""

    step: int
    because: str
    approver: str | None
    decided_by: str | None
    decided_at: datetime | None
    approved: bool | None
    comment: str


class OrderDetailOut(OrderOut):
    """A member order with its approval steps and its first lines; further ones under `/lines`."""

    approvals: list[ApprovalOut]
    lines: list[OrderLineOut]
    next_lines_cursor: str | None


class CheckoutIn(Body):
    """What the firm wants on its order."""

    company_reference: Text = Field(default="", max_length=80, examples=["BC-2026-118"])
    cost_centre_id: RowId | None = None


class DecisionIn(Body):
    """An approver's decision."""

    approve: Flag = Field(examples=[True])
    comment: Text = Field(default="", max_length=500)


class SupplierOrderOut(Out):
    """A supplier order."""

    number: str
    round_code: str
    supplier_id: int
    supplier_code: str
    supplier: str
    status: SupplierOrderStatus
    amount: Decimal
    list_amount: Decimal
    saved: Decimal
    commission: Decimal
    eco_contribution: Decimal
    delivery_fee: Decimal
    line_count: int
    member_line_count: int
    alert: SupplierAlert | None
    decision: SupplierDecision | None
    version: int


class ArrivalIn(Body):
    """What came of an article, in sales units."""

    sku: Text = Field(max_length=80, examples=["VOS-001-03"])
    good: Units = Field(examples=[18])
    damaged: Units = 0
    note: Text = Field(default="", max_length=500, examples=["two boxes crushed"])


class ReceiptIn(Body):
    """What arrived at a park. Lines not named came whole; with `rest_came: false` they are still to come."""

    lines: list[ArrivalIn] = Field(default_factory=list, max_length=10_000)
    rest_came: Flag = True


class ReturnIn(Body):
    """Units of an article that a firm received and does not keep, and why."""

    company: Text = Field(max_length=40, examples=["menuiserie-klein"])
    sku: Text = Field(max_length=80, examples=["VOS-001-03"])
    units: Units = Field(examples=[2])
    reason: Text = Field(max_length=500, examples=["wrong size"])


class PriceDecisionIn(Body):
    """Whether a dearer price is taken; who has a lower ceiling then gets none."""

    accept: Flag = Field(examples=[False])


class DropOut(Out):
    """A delivery of a supplier order to a park."""

    id: int
    park: str
    delivery_on: date
    line_count: int
    unit_count: int


class SupplierOrderDetailOut(SupplierOrderOut):
    """A supplier order with its drops."""

    drops: list[DropOut]


class SupplierOrderLineOut(Out):
    """A line of a supplier order."""

    offer_id: int
    sku: str
    name: str
    pack_size: int
    quantity: int
    packs: int
    unit_price: Decimal
    list_price: Decimal
    amount: Decimal
    commission: Decimal
    vat_rate: Decimal
    wanted: int


class AllocationOut(Out):
    """What became of a member line."""

    order_line_id: int
    order_id: int
    order_reference: str
    company: str
    sku: str
    name: str
    wanted: int
    allocated: int
    served: int = Field(description="What the supplier confirmed or delivered of it")
    unfilled: int
    reason: UnfilledReason | None
    unit_price: Decimal | None
    amount: Decimal
    commission: Decimal


class ExclusionIn(Body):
    """Why a line is taken out; its buyer is told."""

    because: Named = Field(max_length=200, examples=["Ordered twice"])


class PacksIn(Body):
    """The manager's own number of packs; null takes the rule's."""

    packs: Whole | None = Field(ge=0, le=1_000_000, examples=[4])


class SupplierChoiceIn(Body):
    """What to do about a supplier under its own terms."""

    decision: SupplierDecision = Field(examples=["pay_fee"])
    keep_open_until: Instant | None = Field(default=None, description="Only, and always, with `postpone`")


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
