"""Tables of member orders, their lines and comments, and of lists that people keep."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, false, text
from sqlmodel import Field, SQLModel

from app.core.tables import choice, euros_per_unit, instant, key


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


PLACED_ORDERS = (OrderStatus.AWAITING_APPROVAL, OrderStatus.APPROVED)
COUNTED_ORDERS = (*PLACED_ORDERS, OrderStatus.LOCKED)  # in the group's demand


class IfUnfilled(StrEnum):
    """What becomes of the units that a line does not get."""

    ROLL_OVER = "roll_over"
    CANCEL = "cancel"


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
    """What an order wants of one offer. Nobody ever pays more than `ceiling_price` (euros a unit before VAT).

    `accepts_equivalents`: another supplier's offer of the same product serves as well. `rolled_over_from_id`: the line
    whose units it takes over; together its successors take no more than it lost.
    """

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "offer_id"),
        Index("ix_order_lines_offer_id", "offer_id"),
        Index("ix_order_lines_rolled_over_from_id", "rolled_over_from_id"),
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
    accepts_equivalents: bool = Field(default=False, sa_column_kwargs={"server_default": false()})
    rolled_over_from_id: int | None = Field(default=None, foreign_key="order_lines.id")


class OrderComment(SQLModel, table=True):
    """What somebody said about an order: its buyer, an approver of the firm, or the association."""

    __tablename__ = "order_comments"

    id: int | None = key()
    order_id: int = Field(foreign_key="member_orders.id", index=True)
    person_id: int = Field(foreign_key="people.id")
    said_at: datetime = instant()
    words: str


class StandingRhythm(StrEnum):
    """How often a list orders itself."""

    OFF = "off"
    EVERY_ROUND = "every_round"
    WEEKLY = "weekly"
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
