"""What the suppliers' API takes and gives."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field

from app.orders.consolidation.models.supplier_orders import LineAnswer, SupplierOrderStatus
from app.supplying.models.invoices import InvoiceStatus
from app.web.bodies import Body, Day, Flag, Named, Out, Text, UnitPrice, Units

Sku = Annotated[Text, Field(max_length=80, examples=["VOS-001-03"])]
Sscc = Annotated[str, Field(pattern=r"^[0-9]{18}$", description="Serial shipping container code, with its check digit")]
Number = Annotated[Text, Path(max_length=200, examples=["2026-S10-VOSGES"])]


class OrderSummaryOut(Out):
    """An order in a list. Amounts are euros before VAT."""

    number: str
    round: str
    status: SupplierOrderStatus
    sent_at: datetime | None
    updated_at: datetime
    supplier_reference: str
    amount: Decimal
    line_count: int
    first_delivery_on: date | None


class LineOut(Out):
    """A line: what was ordered, what was answered, what came."""

    sku: str
    name: str
    gtin: str | None
    pack_size: int
    quantity: int = Field(description="Ordered, in sales units")
    confirmed_quantity: int | None
    received_quantity: int | None
    unit_price: Decimal
    asked_price: Decimal | None = Field(
        description="A dearer price asked for, that the association has to decide about"
    )
    vat_rate: Decimal
    amount: Decimal
    answer: LineAnswer | None
    answer_reason: str
    promised_on: date | None


class DropOut(Out):
    """Where goods go and when."""

    park: str
    park_name: str
    street: str
    postal_code: str
    city: str
    delivery_on: date
    received_at: datetime | None
    units: dict[str, int] = Field(description="Sales units by SKU")


class AdviceOut(Out):
    """A despatch advice."""

    number: str
    park: str
    carrier: str
    tracking: str
    expected_on: date
    advised_at: datetime
    lines: dict[str, int] = Field(description="Sales units by SKU")
    sscc: list[str]


class OrderInvoiceOut(Out):
    """An invoice for an order; whole under `/supplier/invoices/{id}`."""

    id: int
    number: str
    status: InvoiceStatus
    total_amount: Decimal


class OrderOut(BaseModel):
    """An order with its lines, deliveries, despatch advices and invoices."""

    number: str
    status: SupplierOrderStatus
    supplier_reference: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    updated_at: datetime | None
    amount: Decimal
    eco_contribution: Decimal
    delivery_fee: Decimal
    lines: list[LineOut]
    drops: list[DropOut]
    despatch_advices: list[AdviceOut]
    invoices: list[OrderInvoiceOut]


class LineAnswerIn(Body):
    """What is answered to one line; what is left out stays as ordered."""

    sku: Sku
    quantity: Units | None = Field(
        default=None, description="At most what was ordered; 0 refuses the line", examples=[20]
    )
    unit_price: UnitPrice | None = Field(default=None, examples=["7.9000"])
    promised_on: Day | None = None
    back_ordered: Flag = Field(default=False, description="All of it comes, on `promised_on`")
    reason: Text = Field(default="", max_length=500, examples=["Out of stock until May"])


class AcknowledgementIn(Body):
    """An answer to an order. Lines that it does not name are accepted as they are."""

    supplier_reference: Text = Field(default="", max_length=80, examples=["AB-2026-118"])
    lines: list[LineAnswerIn] = Field(default_factory=list, max_length=10_000)


class RefusalIn(Body):
    """Why an order is refused whole."""

    reason: Named = Field(max_length=500, examples=["We no longer deliver to this park"])


class DespatchIn(Body):
    """What is on its way to one park."""

    number: Named = Field(max_length=80, examples=["BL-4711"])
    park: Text = Field(max_length=40, examples=["nord"])
    expected_on: Day
    carrier: Text = Field(default="", max_length=100)
    tracking: Text = Field(default="", max_length=200)
    sscc: list[Sscc] = Field(default_factory=list, max_length=1000, examples=[["340123450000000017"]])
    lines: dict[Text, Units] = Field(
        default_factory=dict,
        description="Sales units by SKU; empty: all still to come",
        json_schema_extra={"additionalProperties": False},  # none but those of the pattern
    )
