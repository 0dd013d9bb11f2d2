"""Tables of supplier orders, drops and allocations, and of the manager's decisions."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Computed,
    ForeignKeyConstraint,
    Index,
    Integer,
    UniqueConstraint,
    func,
    text,
)
from sqlmodel import Field, SQLModel

from app.core.money import ZERO
from app.core.tables import choice, euros, euros_per_unit, instant, key, rate_in_percent
from app.orders.consolidation.rules import UnfilledReason


class SupplierOrderStatus(StrEnum):
    """The life of a supplier order."""

    DRAFT = "draft"
    APPROVED = "approved"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    PARTIALLY_ACKNOWLEDGED = "partially_acknowledged"
    REFUSED = "refused"
    SHIPPED = "shipped"
    PARTIALLY_RECEIVED = "partially_received"
    RECEIVED = "received"
    CLOSED = "closed"
    CANCELLED = "cancelled"


UNDER_WAY = (
    SupplierOrderStatus.SENT,
    SupplierOrderStatus.ACKNOWLEDGED,
    SupplierOrderStatus.PARTIALLY_ACKNOWLEDGED,
    SupplierOrderStatus.SHIPPED,
    SupplierOrderStatus.PARTIALLY_RECEIVED,
)
NOTHING_TO_COME = (
    SupplierOrderStatus.RECEIVED,
    SupplierOrderStatus.CLOSED,
    SupplierOrderStatus.REFUSED,
    SupplierOrderStatus.CANCELLED,
)


class DropStatus(StrEnum):
    """The life of a drop."""

    EXPECTED = "expected"
    RECEIVED = "received"


class SupplierAlert(StrEnum):
    """What the supplier's own terms say about the amount of its order."""

    BELOW_MINIMUM = "below_minimum"
    BELOW_FREE_DELIVERY = "below_free_delivery"


class SupplierDecision(StrEnum):
    """What the manager does about an alert."""

    PAY_FEE = "pay_fee"
    POSTPONE = "postpone"
    ROLL_OVER = "roll_over"
    DROP = "drop"


SETTING_ASIDE = (SupplierDecision.DROP, SupplierDecision.ROLL_OVER, SupplierDecision.POSTPONE)  # it orders nothing


class LineAnswer(StrEnum):
    """What a supplier answers to a line."""

    ACCEPTED = "accepted"
    CHANGED = "changed"
    BACK_ORDERED = "back_ordered"
    REFUSED = "refused"


def served_of(ordered: str) -> Any:
    """A column that the database computes: received, else confirmed, else ordered."""
    computed = Computed(f"coalesce(received_quantity, confirmed_quantity, {ordered})", persisted=True)
    return Field(default=None, sa_column=Column(Integer, computed, nullable=False))


class SupplierOrder(SQLModel, table=True):
    """One supplier's order of a round. Amounts are euros before VAT, without eco-contribution."""

    __tablename__ = "supplier_orders"
    __table_args__ = (
        UniqueConstraint("round_id", "supplier_id"),
        Index("ix_supplier_orders_by_change", "supplier_id", "updated_at", "id"),
    )

    id: int | None = key()
    number: str = Field(unique=True, max_length=120)
    round_id: int = Field(foreign_key="rounds.id")
    supplier_id: int = Field(foreign_key="suppliers.id", index=True)
    status: SupplierOrderStatus = choice(SupplierOrderStatus, default=SupplierOrderStatus.DRAFT)
    amount: Decimal = euros(default=ZERO)
    list_amount: Decimal = euros(default=ZERO)
    commission: Decimal = euros(default=ZERO)
    eco_contribution: Decimal = euros(default=ZERO)
    delivery_fee: Decimal = euros(default=ZERO)
    line_count: int = 0
    member_line_count: int = 0
    alert: SupplierAlert | None = choice(SupplierAlert, default=None, nullable=True)
    approved_at: datetime | None = instant(default=None)
    sent_at: datetime | None = instant(default=None)
    acknowledged_at: datetime | None = instant(default=None)
    shipped_at: datetime | None = instant(default=None)
    received_at: datetime | None = instant(default=None)
    supplier_reference: str = Field(default="", max_length=80, sa_column_kwargs={"server_default": ""})
    updated_at: datetime | None = instant(default=None, sa_column_kwargs={"server_default": func.now()}, nullable=False)
    version: int = 1


class SupplierOrderLine(SQLModel, table=True):
    """What a supplier order asks of one offer, in whole packs at the group's price; what was answered, what came.

    `asked_price`: a dearer one that the supplier asks for and the manager has not decided about. The commission's rate
    (in percent, with its bounds in euros a member line) is that of the rule that held when the round was consolidated.
    """

    __tablename__ = "supplier_order_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 1 AND packs >= 1", name="quantity_positive"),
        CheckConstraint(
            "confirmed_quantity BETWEEN 0 AND quantity AND received_quantity BETWEEN 0 AND quantity"
            " AND damaged_quantity >= 0",
            name="confirmed_within_ordered",
        ),
    )

    supplier_order_id: int = Field(foreign_key="supplier_orders.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    packs: int
    unit_price: Decimal = euros_per_unit()
    amount: Decimal = euros()
    list_amount: Decimal = euros()
    commission: Decimal = euros()
    commission_rule_id: int | None = None
    commission_rate: Decimal = rate_in_percent(default=ZERO)
    commission_minimum: Decimal | None = euros(default=None)
    commission_maximum: Decimal | None = euros(default=None)
    member_line_count: int
    answer: LineAnswer | None = choice(LineAnswer, default=None, nullable=True)
    answer_reason: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})
    confirmed_quantity: int | None = None
    received_quantity: int | None = None
    served: int = served_of("quantity")
    damaged_quantity: int | None = None
    asked_price: Decimal | None = euros_per_unit(default=None)
    promised_on: date | None = None


class Drop(SQLModel, table=True):
    """One supplier order's delivery to one park on one day, and when all of it was received."""

    __tablename__ = "drops"
    __table_args__ = (
        UniqueConstraint("supplier_order_id", "park_id"),
        CheckConstraint("(status = 'received') = (received_at IS NOT NULL)", name="received_at_an_instant"),
    )

    id: int | None = key()
    supplier_order_id: int = Field(foreign_key="supplier_orders.id")
    park_id: int = Field(foreign_key="parks.id")
    delivery_on: date
    status: DropStatus = choice(
        DropStatus, default=DropStatus.EXPECTED, sa_column_kwargs={"server_default": DropStatus.EXPECTED}
    )
    received_at: datetime | None = instant(default=None)
    received_by: str = Field(default="", sa_column_kwargs={"server_default": ""})


class DropLine(SQLModel, table=True):
    """How many units of an offer one drop brings, and what came of them: good and damaged."""

    __tablename__ = "drop_lines"
    __table_args__ = (
        CheckConstraint("quantity >= 1", name="quantity_positive"),
        CheckConstraint("received_quantity >= 0 AND damaged_quantity >= 0", name="received_not_negative"),
    )

    drop_id: int = Field(foreign_key="drops.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    received_quantity: int | None = None
    damaged_quantity: int | None = None
    note: str = Field(default="", max_length=500, sa_column_kwargs={"server_default": ""})


class Allocation(SQLModel, table=True):
    """What became of a member line: its share of the supplier order line, and why it got less than it wanted.

    `served` is what it really gets: received, else confirmed, else allocated.

    The checks hold every line wholly accounted for: allocated + unfilled = wanted + surplus.
    """

    __tablename__ = "allocations"
    __table_args__ = (
        ForeignKeyConstraint(
            ["supplier_order_id", "offer_id"],
            ["supplier_order_lines.supplier_order_id", "supplier_order_lines.offer_id"],
            deferrable=True,
            initially="DEFERRED",
        ),
        Index("ix_allocations_by_supplier_order", "supplier_order_id", "offer_id"),
        Index("ix_allocations_by_offer", "round_id", "offer_id", "order_line_id"),
        Index(
            "ix_allocations_short",
            *("round_id", "offer_id", "order_line_id"),
            postgresql_where=text("served < wanted"),
        ),
        CheckConstraint("allocated + unfilled = wanted + surplus", name="wholly_accounted_for"),
        CheckConstraint("unfilled = 0 OR surplus = 0", name="not_both_short_and_over"),
        CheckConstraint("allocated >= 0 AND unfilled >= 0 AND surplus >= 0", name="not_negative"),
        CheckConstraint("(allocated = 0) = (supplier_order_id IS NULL)", name="ordered_where_allocated"),
        CheckConstraint("(unfilled = 0) = (reason IS NULL)", name="reason_where_unfilled"),
        CheckConstraint("commission <= amount", name="commission_within_amount"),
        CheckConstraint(
            "confirmed_quantity BETWEEN 0 AND allocated AND received_quantity BETWEEN 0 AND allocated",
            name="confirmed_within_allocated",
        ),
    )

    order_line_id: int = Field(foreign_key="order_lines.id", primary_key=True)
    round_id: int
    offer_id: int
    supplier_order_id: int | None = None
    wanted: int
    allocated: int
    unfilled: int
    surplus: int
    reason: UnfilledReason | None = choice(UnfilledReason, default=None, nullable=True)
    unit_price: Decimal | None = euros_per_unit(default=None)
    amount: Decimal = euros()
    commission: Decimal = euros()
    confirmed_quantity: int | None = None
    received_quantity: int | None = None
    served: int = served_of("allocated")


class PackDecision(SQLModel, table=True):
    """The manager's own number of packs for an offer in a round."""

    __tablename__ = "pack_decisions"
    __table_args__ = (CheckConstraint("packs >= 0", name="packs_not_negative"),)

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    packs: int


class SupplierChoice(SQLModel, table=True):
    """What the manager decided about a supplier whose order of a round is under its terms."""

    __tablename__ = "supplier_choices"
    __table_args__ = (
        CheckConstraint("(decision = 'postpone') = (keep_open_until IS NOT NULL)", name="postponed_until_a_day"),
    )

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    supplier_id: int = Field(foreign_key="suppliers.id", primary_key=True)
    decision: SupplierDecision = choice(SupplierDecision)
    keep_open_until: datetime | None = instant(default=None)


class DeliveryFeeShare(SQLModel, table=True):
    """A company's part of the delivery fee of a supplier order."""

    __tablename__ = "delivery_fee_shares"

    supplier_order_id: int = Field(foreign_key="supplier_orders.id", primary_key=True)
    company_id: int = Field(foreign_key="companies.id", primary_key=True)
    amount: Decimal = euros()
