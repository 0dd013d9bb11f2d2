"""Idempotency keys: a repeated POST gives the first one's answer. Kept in the same transaction as the work."""

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Field, Session, SQLModel, col

from app.core import clock
from app.core.errors import Conflict
from app.core.tables import instant

KEPT_FOR = timedelta(days=3)


class IdempotencyRecord(SQLModel, table=True):
    """A key of one caller, the fingerprint of its request, and the answer it got."""

    __tablename__ = "idempotency_records"

    caller: str = Field(primary_key=True)
    idempotency_key: str = Field(primary_key=True)
    fingerprint: str
    created_at: datetime = instant(index=True)
    status_code: int | None = None
    body: bytes | None = None
    location: str | None = None


def claim_key(session: Session, caller: str, idempotency_key: str, fingerprint: str) -> IdempotencyRecord | None:
    """Claim a key for this transaction; the stored record if an earlier request did the work already.

    A second request with the same key waits here until the first has ended. Raises `Conflict` if the key was
    used for another request.
    """
    claimed = session.scalar(
        insert(IdempotencyRecord)
        .values(caller=caller, idempotency_key=idempotency_key, fingerprint=fingerprint, created_at=clock.now())
        .on_conflict_do_nothing()
        .returning(col(IdempotencyRecord.idempotency_key))
    )
    if claimed:
        return None
    record = session.get(IdempotencyRecord, (caller, idempotency_key))
    if record is None or record.fingerprint != fingerprint:
        raise Conflict(
            "This Idempotency-Key was used for another request. Send a new key with a new request.",
            code="idempotency_key_reused",
        )
    return record


def store_answer(
    session: Session, caller: str, idempotency_key: str, status_code: int, body: bytes, location: str | None
) -> None:
    """Keep the answer beside the claimed key."""
    record = session.get_one(IdempotencyRecord, (caller, idempotency_key))
    record.status_code, record.body, record.location = status_code, body, location


def forget_old_keys(session: Session) -> None:
    """Drop keys older than three days."""
    session.execute(delete(IdempotencyRecord).where(col(IdempotencyRecord.created_at) < clock.now() - KEPT_FOR))
