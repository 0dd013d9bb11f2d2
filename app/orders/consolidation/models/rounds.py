"""Tables of what was decided about a round, and of what it came to."""

from datetime import datetime

from sqlmodel import Field, SQLModel

from app.core.tables import instant


class RoundResult(SQLModel, table=True):
    """What an approved round came to, counted once: for the park's public figures, which must not count its lines.

    `firm_deliveries`: how many deliveries it would have taken had each firm ordered from each supplier by itself.
    """

    __tablename__ = "round_results"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    order_count: int
    company_count: int
    firm_deliveries: int
    drop_count: int


class RoundApproval(SQLModel, table=True):
    """Somebody of the association (by mail address), or the command line, approved a consolidated round."""

    __tablename__ = "round_approvals"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    approver: str = Field(primary_key=True)
    approved_at: datetime = instant()
