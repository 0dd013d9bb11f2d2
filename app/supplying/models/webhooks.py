"""Tables of webhooks: where suppliers want to be told, what, and how each telling went."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

import app.catalog.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import choice, instant, key, text_list


class WebhookEndpoint(SQLModel, table=True):
    """An address of a supplier's own system. The secret signs what goes there; the one before is good for a day more.

    `busy_until`: somebody sends there now; one message at a time, so that a slow receiver holds up nobody else.
    """

    __tablename__ = "webhook_endpoints"

    id: int | None = key()
    supplier_id: int = Field(foreign_key="suppliers.id", index=True)
    url: str = Field(max_length=2000)
    event_types: list[str] = text_list(default_factory=list)
    secret: str
    old_secret: str | None = None
    old_secret_until: datetime | None = instant(default=None)
    active: bool = True
    disabled_because: str = Field(default="", max_length=200)
    created_at: datetime = instant()
    busy_until: datetime | None = instant(default=None)


class WebhookMessage(SQLModel, table=True):
    """Something that happened, as it is told; its id is the same for every try, so that receivers can tell repeats."""

    __tablename__ = "webhook_messages"

    id: str = Field(primary_key=True)
    supplier_id: int = Field(foreign_key="suppliers.id")
    type: str
    payload: str
    created_at: datetime = instant()


class DeliveryStatus(StrEnum):
    """How the telling of a message stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"


class WebhookDelivery(SQLModel, table=True):
    """A message on its way to an endpoint."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        UniqueConstraint("endpoint_id", "message_id"),
        Index("ix_webhook_deliveries_due", "endpoint_id", "next_attempt_at", postgresql_where=text("status='pending'")),
    )

    id: int | None = key()
    message_id: str = Field(foreign_key="webhook_messages.id")
    endpoint_id: int = Field(foreign_key="webhook_endpoints.id", ondelete="CASCADE")
    status: DeliveryStatus = choice(DeliveryStatus, default=DeliveryStatus.PENDING)
    attempt_count: int = 0
    next_attempt_at: datetime | None = instant(default=None)
    delivered_at: datetime | None = instant(default=None)


class WebhookAttempt(SQLModel, table=True):
    """One try, and what came of it. `error` where no answer came."""

    __tablename__ = "webhook_attempts"

    id: int | None = key()
    delivery_id: int = Field(foreign_key="webhook_deliveries.id", ondelete="CASCADE", index=True)
    at: datetime = instant()
    status_code: int | None = None
    error: str = Field(default="", max_length=300)
    duration_ms: int = 0
