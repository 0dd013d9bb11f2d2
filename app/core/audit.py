"""The audit log: every change of state, who made it, when, and what. Rows are only ever added."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel

from app.core import clock
from app.core.tables import instant, key


class AuditEntry(SQLModel, table=True):
    """One change. `actor` names the person, API key or command; the database refuses updates and deletions."""

    __tablename__ = "audit_entries"
    __table_args__ = (Index("ix_audit_entries_subject", "subject_type", "subject_id"),)

    id: int | None = key()
    at: datetime = instant(index=True)
    actor: str
    action: str
    subject_type: str
    subject_id: int | None = None
    details: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)


def record(session: Session, actor: str, action: str, subject: SQLModel, **details: Any) -> None:
    """Write down that `actor` did `action` to a stored row; `details` are plain JSON values."""
    entry = AuditEntry(
        at=clock.now(),
        actor=actor,
        action=action,
        subject_type=str(subject.__tablename__),
        subject_id=getattr(subject, "id", None),
        details=details,
    )
    session.add(entry)
