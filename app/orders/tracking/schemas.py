"""What the orders API takes and gives. Amounts are euros before VAT, quantities sales units, instants UTC."""

from datetime import datetime
from decimal import Decimal

from pydantic import Field

from app.orders.consolidation.rules import UnfilledReason
from app.orders.ordering.models.member_orders import IfUnfilled, OrderStatus
from app.orders.ordering.schemas import ApprovalOut
from app.web.bodies import Out


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


class OrderDetailOut(OrderOut):
    """A member order with its approval steps and its first lines; further ones under `/lines`."""

    approvals: list[ApprovalOut]
    lines: list[OrderLineOut]
    next_lines_cursor: str | None
