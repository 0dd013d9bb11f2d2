"""What the API of consolidated rounds takes and gives. Amounts are euros before VAT."""

from decimal import Decimal

from pydantic import Field

from app.orders.consolidation.models.supplier_orders import SupplierAlert, SupplierDecision, SupplierOrderStatus
from app.orders.consolidation.rules import UnfilledReason
from app.orders.rounds.schemas import DeliveryOut, RoundOut
from app.web.bodies import Body, Instant, Named, Out, Whole


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


class HeldBackOut(Out):
    """An approved supplier order that cannot be sent: its supplier has no mail address."""

    number: str
    supplier_code: str
    supplier: str


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
