"""The table of the group's demand."""

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel


class RoundDemand(SQLModel, table=True):
    """The group's demand for an offer in a round, kept up to date by every order placed, changed or withdrawn."""

    __tablename__ = "round_demand"
    __table_args__ = (CheckConstraint("quantity >= 0 AND tolerance >= 0 AND line_count >= 0", name="not_negative"),)

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int
    tolerance: int
    line_count: int
