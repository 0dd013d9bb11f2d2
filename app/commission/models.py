"""Tables of commission rules and of the books: double entry, append-only, guarded by the database."""

from datetime import date
from decimal import Decimal

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import euros, key, rate_in_percent


class CommissionRule(SQLModel, table=True):
    """A rate for an offer, a supplier in a category, a supplier, a category, or (all empty) everyone."""

    __tablename__ = "commission_rules"
    __table_args__ = (
        CheckConstraint("percent BETWEEN 0 AND 100", name="percent_in_range"),
        CheckConstraint("minimum >= 0 AND maximum >= 0", name="limits_not_negative"),
        CheckConstraint("minimum IS NULL OR maximum IS NULL OR minimum <= maximum", name="limits_in_order"),
        CheckConstraint("valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to", name="days_in_order"),
        CheckConstraint("offer_id IS NULL OR (supplier_id IS NULL AND category_id IS NULL)", name="offer_stands_alone"),
    )

    id: int | None = key()
    offer_id: int | None = Field(default=None, foreign_key="offers.id")
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    percent: Decimal = rate_in_percent()
    minimum: Decimal | None = euros(default=None)
    maximum: Decimal | None = euros(default=None)
    valid_from: date | None = None
    valid_to: date | None = None
