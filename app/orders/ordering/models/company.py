"""Tables of what a company sets up for its orders: cost centres, budgets, approval."""

from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.core.money import ZERO
from app.core.tables import euros, instant, key


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


class Deputy(SQLModel, table=True):
    """A colleague decides in an approver's place, from a day to a day (both included)."""

    __tablename__ = "deputies"
    __table_args__ = (
        CheckConstraint("approver_id <> deputy_id", name="somebody_else"),
        CheckConstraint("first_day <= last_day", name="days_in_order"),
    )

    id: int | None = key()
    approver_id: int = Field(foreign_key="people.id", index=True)
    deputy_id: int = Field(foreign_key="people.id", index=True)
    first_day: date
    last_day: date


class ApprovalLink(SQLModel, table=True):
    """A link sent by mail with which one approver decides on one order, once. Only its hash is kept."""

    __tablename__ = "approval_links"

    id: int | None = key()
    token_hash: str = Field(unique=True)
    order_id: int = Field(foreign_key="member_orders.id", index=True)
    person_id: int = Field(foreign_key="people.id")
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)
