"""Tables of rounds, member orders, budgets and approvals, supplier orders and allocations."""

from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.money import ZERO
from app.core.tables import choice, euros, euros_per_unit, instant, key
from app.orders.consolidation import SharingPolicy, UnfilledReason


class RoundStatus(StrEnum):
    """The life of a round."""

    PLANNED = "planned"
    OPEN = "open"
    CLOSED = "closed"
    CONSOLIDATED = "consolidated"
    APPROVED = "approved"
    SENT = "sent"
    DELIVERED = "delivered"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class OrderStatus(StrEnum):
    """The life of a member order."""

    CART = "cart"
    AWAITING_APPROVAL = "awaiting_approval"
    APPROVED = "approved"
    LOCKED = "locked"
    FULFILLED = "fulfilled"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    ROLLED_OVER = "rolled_over"


class IfUnfilled(StrEnum):
    """What becomes of the units that a line does not get."""

    ROLL_OVER = "roll_over"
    CANCEL = "cancel"


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


class RoundSeries(SQLModel, table=True):
    """Rounds that recur: every so many weeks a cut-off (on a Paris clock), and delivery some days after."""

    __tablename__ = "round_series"
    __table_args__ = (
        CheckConstraint("every_weeks BETWEEN 1 AND 12", name="weeks_in_range"),
        CheckConstraint("delivery_after_days BETWEEN 0 AND 60", name="days_in_range"),
    )

    id: int | None = key()
    name: str = Field(max_length=100)
    first_cut_off_on: date
    cut_off_at: time
    every_weeks: int = 1
    delivery_after_days: int = 5
    stopped_at: datetime | None = instant(default=None)


class Round(SQLModel, table=True):
    """A purchasing round. `completing_from`: from then on orders may only help to complete packs.

    `only_supplier_id` marks the sequel of a round that keeps one supplier open until a later day.
    """

    __tablename__ = "rounds"
    __table_args__ = (
        CheckConstraint("opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint("completing_from BETWEEN opens_at AND closes_at", name="completing_within"),
        Index("ix_rounds_status_closes_at", "status", "closes_at"),
    )

    id: int | None = key()
    code: str = Field(unique=True, max_length=60)
    name: str
    opens_at: datetime = instant()
    closes_at: datetime = instant()
    completing_from: datetime | None = instant(default=None)
    status: RoundStatus = choice(RoundStatus, default=RoundStatus.PLANNED)
    sharing_policy: SharingPolicy = choice(SharingPolicy, default=SharingPolicy.PROPORTIONAL)
    only_supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    series_id: int | None = Field(default=None, foreign_key="round_series.id", index=True)
    closed_at: datetime | None = instant(default=None)
    version: int = 1


class RoundDelivery(SQLModel, table=True):
    """The delivery day of a round on one park."""

    __tablename__ = "round_deliveries"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    park_id: int = Field(foreign_key="parks.id", primary_key=True)
    delivery_on: date


class CostCentre(SQLModel, table=True):
    """A cost centre of a company, by the company's own code."""

    __tablename__ = "cost_centres"
    __table_args__ = (UniqueConstraint("company_id", "code"),)

    id: int | None = key()
    company_id: int = Field(foreign_key="companies.id")
    code: str
    name: str


class Budget(SQLModel, table=True):
    """What a company (or one of its cost centres) may order in a month, in euros before VAT.

    `committed` counts every placed order at the most it could cost; the check makes overspending impossible.
    """

    __tablename__ = "budgets"
    __table_args__ = (
        Index(
            "uq_budgets_company_id_cost_centre_id_month",
            "company_id",
            "cost_centre_id",
            "month",
            unique=True,
            postgresql_nulls_not_distinct=True,
        ),
        CheckConstraint("committed BETWEEN 0 AND amount", name="committed_within_amount"),
        CheckConstraint("extract(day FROM month) = 1", name="month_by_its_first_day"),
    )

    id: int | None = key()
    company_id: int = Field(foreign_key="companies.id")
    cost_centre_id: int | None = Field(default=None, foreign_key="cost_centres.id")
    month: date
    amount: Decimal = euros()
    committed: Decimal = euros(default=ZERO)


class MemberOrder(SQLModel, table=True):
    """An employee's order in one round, with the firm's own reference and cost centre if it has them."""

    __tablename__ = "member_orders"
    __table_args__ = (
        Index("ix_member_orders_round_id_id", "round_id", "id"),
        Index("ix_member_orders_company_id_id", "company_id", "id"),
        Index("ix_member_orders_person_id_id", "person_id", "id"),
        Index(
            "uq_member_orders_one_cart",
            "person_id",
            "round_id",
            unique=True,
            postgresql_where=text("status = 'cart'"),
        ),
        CheckConstraint("status = 'cart' OR placed_at IS NOT NULL", name="placed_once_out_of_the_cart"),
    )

    id: int | None = key()
    reference: str = Field(unique=True, max_length=160)
    round_id: int = Field(foreign_key="rounds.id")
    company_id: int = Field(foreign_key="companies.id")
    person_id: int = Field(foreign_key="people.id")
    park_id: int = Field(foreign_key="parks.id")
    status: OrderStatus = choice(OrderStatus, default=OrderStatus.CART)
    placed_at: datetime | None = instant(default=None)
    company_reference: str = ""
    cost_centre_id: int | None = Field(default=None, foreign_key="cost_centres.id")
    rolled_over_from_id: int | None = Field(default=None, foreign_key="member_orders.id", index=True)
    version: int = 1


class OrderLine(SQLModel, table=True):
    """What an order wants of one offer. Nobody ever pays more than `ceiling_price` (euros a unit before VAT)."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "offer_id"),
        Index("ix_order_lines_offer_id", "offer_id"),
        Index("uq_order_lines_rolled_over_from_id", "rolled_over_from_id", unique=True),
        CheckConstraint("quantity >= 1", name="quantity_positive"),
        CheckConstraint("tolerance >= 0", name="tolerance_not_negative"),
        CheckConstraint("ceiling_price >= 0", name="ceiling_not_negative"),
    )

    id: int | None = key()
    order_id: int = Field(foreign_key="member_orders.id")
    offer_id: int = Field(foreign_key="offers.id")
    quantity: int
    tolerance: int = 0
    ceiling_price: Decimal = euros_per_unit()
    if_unfilled: IfUnfilled = choice(IfUnfilled, default=IfUnfilled.ROLL_OVER)
    excluded_because: str | None = None
    rolled_over_from_id: int | None = Field(default=None, foreign_key="order_lines.id")


class StandingRhythm(StrEnum):
    """How often a list orders itself."""

    OFF = "off"
    EVERY_ROUND = "every_round"
    MONTHLY = "monthly"


class OrderList(SQLModel, table=True):
    """A basket that somebody keeps to order again; a standing one orders itself when a round opens."""

    __tablename__ = "order_lists"
    __table_args__ = (UniqueConstraint("person_id", "name"),)

    id: int | None = key()
    person_id: int = Field(foreign_key="people.id")
    name: str = Field(max_length=100)
    standing: StandingRhythm = choice(StandingRhythm, default=StandingRhythm.OFF)
    skip_next: bool = False


class StandingPlacement(SQLModel, table=True):
    """That a standing list was dealt with in a round: at most once."""

    __tablename__ = "standing_placements"

    list_id: int = Field(primary_key=True, foreign_key="order_lists.id", ondelete="CASCADE")
    round_id: int = Field(primary_key=True, foreign_key="rounds.id")
    placed_on: date


class OrderListLine(SQLModel, table=True):
    """What a list wants of one offer."""

    __tablename__ = "order_list_lines"
    __table_args__ = (CheckConstraint("quantity >= 1 AND tolerance >= 0", name="quantities_in_range"),)

    list_id: int = Field(foreign_key="order_lists.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    tolerance: int = 0


class RoundDemand(SQLModel, table=True):
    """The group's demand for an offer in a round, kept up to date by every order placed, changed or withdrawn."""

    __tablename__ = "round_demand"
    __table_args__ = (CheckConstraint("quantity >= 0 AND tolerance >= 0 AND line_count >= 0", name="not_negative"),)

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    tolerance: int
    line_count: int


class BudgetReservation(SQLModel, table=True):
    """The part of a budget that an order holds."""

    __tablename__ = "budget_reservations"

    order_id: int = Field(foreign_key="member_orders.id", primary_key=True)
    budget_id: int = Field(foreign_key="budgets.id", primary_key=True)
    amount: Decimal = euros()


class ApprovalRule(SQLModel, table=True):
    """A company's rule: which orders wait for whom. Every condition that is set must hold.

    `step` 1 is asked first. Without `approver_id` any approver of the company may decide.
    """

    __tablename__ = "approval_rules"
    __table_args__ = (CheckConstraint("step >= 1", name="step_positive"),)

    id: int | None = key()
    company_id: int = Field(foreign_key="companies.id", index=True)
    step: int = 1
    above_amount: Decimal | None = euros(default=None)
    above_sku_count: int | None = None
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    over_limit_only: bool = False
    approver_id: int | None = Field(default=None, foreign_key="people.id")


class OrderApproval(SQLModel, table=True):
    """A step that an order must pass, and how it was decided."""

    __tablename__ = "order_approvals"
    __table_args__ = (Index("ix_order_approvals_open", "approver_id", postgresql_where=text("decided_at IS NULL")),)

    order_id: int = Field(foreign_key="member_orders.id", primary_key=True)
    step: int = Field(primary_key=True)
    approver_id: int | None = Field(default=None, foreign_key="people.id")
    because: str
    decided_by_id: int | None = Field(default=None, foreign_key="people.id")
    decided_at: datetime | None = instant(default=None)
    approved: bool | None = None
    comment: str = ""


class ApprovalLink(SQLModel, table=True):
    """A link sent by mail with which one approver decides on one order, once. Only its hash is kept."""

    __tablename__ = "approval_links"

    id: int | None = key()
    token_hash: str = Field(unique=True)
    order_id: int = Field(foreign_key="member_orders.id", index=True)
    person_id: int = Field(foreign_key="people.id")
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)


class OrderComment(SQLModel, table=True):
    """What somebody said about an order: its buyer, an approver of the firm, or the association."""

    __tablename__ = "order_comments"

    id: int | None = key()
    order_id: int = Field(foreign_key="member_orders.id", index=True)
    person_id: int = Field(foreign_key="people.id")
    said_at: datetime = instant()
    words: str


class Announcement(SQLModel, table=True):
    """A sentence of the association to everyone who signs in, until an instant."""

    __tablename__ = "announcements"

    id: int | None = key()
    french: str
    english: str = ""
    made_at: datetime = instant()
    shown_until: datetime = instant(index=True)


class SupplierOrder(SQLModel, table=True):
    """One supplier's order of a round. Amounts are euros before VAT, without eco-contribution."""

    __tablename__ = "supplier_orders"
    __table_args__ = (UniqueConstraint("round_id", "supplier_id"),)

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
    version: int = 1


class SupplierOrderLine(SQLModel, table=True):
    """What a supplier order asks of one offer: whole packs, at the group's price."""

    __tablename__ = "supplier_order_lines"
    __table_args__ = (CheckConstraint("quantity >= 1 AND packs >= 1", name="quantity_positive"),)

    supplier_order_id: int = Field(foreign_key="supplier_orders.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    packs: int
    unit_price: Decimal = euros_per_unit()
    amount: Decimal = euros()
    list_amount: Decimal = euros()
    commission: Decimal = euros()
    member_line_count: int


class Drop(SQLModel, table=True):
    """One supplier order's delivery to one park on one day."""

    __tablename__ = "drops"
    __table_args__ = (UniqueConstraint("supplier_order_id", "park_id"),)

    id: int | None = key()
    supplier_order_id: int = Field(foreign_key="supplier_orders.id")
    park_id: int = Field(foreign_key="parks.id")
    delivery_on: date


class DropLine(SQLModel, table=True):
    """How many units of an offer one drop brings."""

    __tablename__ = "drop_lines"
    __table_args__ = (CheckConstraint("quantity >= 1", name="quantity_positive"),)

    drop_id: int = Field(foreign_key="drops.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int


class Allocation(SQLModel, table=True):
    """What became of a member line: its share of the supplier order line, and why it got less than it wanted.

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
        Index("ix_allocations_by_offer", "round_id", "offer_id", "order_line_id"),
        Index(
            "ix_allocations_unfilled",
            *("round_id", "offer_id", "order_line_id"),
            postgresql_where=text("unfilled > 0"),
        ),
        CheckConstraint("allocated + unfilled = wanted + surplus", name="wholly_accounted_for"),
        CheckConstraint("unfilled = 0 OR surplus = 0", name="not_both_short_and_over"),
        CheckConstraint("allocated >= 0 AND unfilled >= 0 AND surplus >= 0", name="not_negative"),
        CheckConstraint("(allocated = 0) = (supplier_order_id IS NULL)", name="ordered_where_allocated"),
        CheckConstraint("(unfilled = 0) = (reason IS NULL)", name="reason_where_unfilled"),
        CheckConstraint("commission <= amount", name="commission_within_amount"),
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


class RoundApproval(SQLModel, table=True):
    """Somebody of the association (by mail address), or the command line, approved a consolidated round."""

    __tablename__ = "round_approvals"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    approver: str = Field(primary_key=True)
    approved_at: datetime = instant()
