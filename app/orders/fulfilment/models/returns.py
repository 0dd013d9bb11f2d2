"""The table of goods that went back."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
)
from sqlmodel import Field, SQLModel

from app.core.tables import instant, key


class GoodsReturn(SQLModel, table=True):
    """Units of a member line that were received and went back, or that were missing when they were unpacked."""

    __tablename__ = "goods_returns"
    __table_args__ = (CheckConstraint("units > 0", name="units_positive"),)

    id: int | None = key()
    order_line_id: int = Field(foreign_key="order_lines.id", index=True)
    units: int
    reason: str = Field(max_length=500)
    recorded_at: datetime = instant()
    recorded_by: str = ""
