"""What the API of receipts, returns and supplier orders in detail takes and gives."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from app.orders.consolidation.schemas import SupplierOrderOut
from app.web.bodies import Body, Flag, Named, Out, Text, Units


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


class CancellationIn(Body):
    """Why an order is called off; its supplier reads it."""

    reason: Named = Field(max_length=500, examples=["The supplier has closed"])


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
