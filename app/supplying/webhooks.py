"""Telling suppliers' systems: their addresses, what happened, every try, and sending again.

A message is kept before anything is sent, and sent until its receiver takes it, for three days. Receivers see the same
`webhook-id` at every try: they apply it once.
"""

import json
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import text, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.catalog.suppliers import require_supplier
from app.core import audit, clock, jobs
from app.core.database import transaction
from app.core.errors import Conflict, NotFound
from app.core.settings import get_settings
from app.core.tokens import new_token
from app.orders.consolidation.supplier_events import SupplierEvent
from app.supplying.models.webhooks import (
    DeliveryStatus,
    WebhookAttempt,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookMessage,
)
from app.supplying.webhook_requests import Outcome, check_url, post
from app.supplying.webhook_signature import new_secret, signed_headers

MOST_ENDPOINTS = 10
OLD_SECRET_LASTS = timedelta(days=1)
LOG_KEPT_FOR = timedelta(days=90)
# Waits between tries, as the specification advises: 11 tries in 76 hours.
WAITS = (
    *(timedelta(seconds=5), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2), timedelta(hours=5)),
    *(timedelta(hours=10), timedelta(hours=10), timedelta(hours=14), timedelta(hours=14), timedelta(hours=20)),
)
SEND_WEBHOOKS = jobs.JobName("supplying.send_webhooks", "webhooks")
_LEASE = timedelta(seconds=40)
_GONE = 410


def add_endpoint(
    session: Session, actor: Actor, url: str, event_types: Sequence[SupplierEvent] = ()
) -> WebhookEndpoint:
    """Name an address to be told; no event types: all. Its secret is shown on the answer."""
    supplier_id = require_supplier(session, actor)
    checked = check_url(url, private_allowed=get_settings().webhooks_to_private_addresses)
    known = session.exec(select(WebhookEndpoint.url).where(WebhookEndpoint.supplier_id == supplier_id)).all()
    if checked in known:
        raise Conflict("This address is told already.", code="duplicate_endpoint")
    if len(known) >= MOST_ENDPOINTS:
        raise Conflict("At most {most} addresses are told.", code="too_many_endpoints", most=MOST_ENDPOINTS)
    endpoint = WebhookEndpoint(
        supplier_id=supplier_id,
        url=checked,
        event_types=sorted({event.value for event in event_types}),
        secret=new_secret(),
        created_at=clock.now(),
    )
    session.add(endpoint)
    session.flush()
    audit.record(session, actor.label, "webhook_endpoint.added", endpoint, url=checked)
    return endpoint


def get_endpoint(session: Session, actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    """An address of the actor's supplier. Raises `NotFound`."""
    supplier_id = require_supplier(session, actor)
    found = session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if found is None or found.supplier_id != supplier_id:
        raise NotFound("There is no such webhook address.")
    return found


def set_endpoint_active(session: Session, actor: Actor, endpoint_id: int, active: bool) -> WebhookEndpoint:
    """Stop telling an address, or begin again: what was not told meanwhile is sent then."""
    endpoint = get_endpoint(session, actor, endpoint_id)
    endpoint.active, endpoint.disabled_because = active, ""
    audit.record(session, actor.label, "webhook_endpoint.changed", endpoint, active=active)
    if active:
        jobs.defer(session, SEND_WEBHOOKS, endpoint_id=endpoint_id)
    return endpoint


def remove_endpoint(session: Session, actor: Actor, endpoint_id: int) -> None:
    """Forget an address and its log."""
    endpoint = get_endpoint(session, actor, endpoint_id)
    audit.record(session, actor.label, "webhook_endpoint.removed", endpoint, url=endpoint.url)
    session.delete(endpoint)
    session.flush()


def rotate_secret(session: Session, actor: Actor, endpoint_id: int) -> WebhookEndpoint:
    """A new secret; messages are signed with the old one too for a day."""
    endpoint = get_endpoint(session, actor, endpoint_id)
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, clock.now() + OLD_SECRET_LASTS
    endpoint.secret = new_secret()
    audit.record(session, actor.label, "webhook_endpoint.secret_rotated", endpoint)
    return endpoint


def send_test(session: Session, actor: Actor, endpoint_id: int) -> None:
    """Tell an address that it is an address."""
    endpoint = get_endpoint(session, actor, endpoint_id)
    message_id = f"msg_{new_token()}"
    _keep(session, message_id, endpoint.supplier_id, SupplierEvent.TEST, clock.now(), {"endpoint": endpoint.id})
    _queue(session, message_id, [endpoint_id])


def note_event(
    session: Session, message_id: str, supplier_id: int, event: str, at: datetime, data: dict[str, object]
) -> None:
    """Keep what happened for every address that wants to know. Repeated with the same id, it does nothing more."""
    wanting = session.exec(
        select(WebhookEndpoint.id).where(
            WebhookEndpoint.supplier_id == supplier_id,
            text("(event_types = '{}' OR :event = ANY(event_types))").bindparams(event=event),
        )
    ).all()
    if wanting and _keep(session, message_id, supplier_id, event, at, data):
        _queue(session, message_id, [key for key in wanting if key is not None])


def _keep(
    session: Session, message_id: str, supplier_id: int, event: str, at: datetime, data: dict[str, object]
) -> bool:
    payload = json.dumps({"type": event, "timestamp": at.isoformat(), "data": data}, ensure_ascii=False)
    kept = session.scalar(
        insert(WebhookMessage)
        .values(id=message_id, supplier_id=supplier_id, type=event, payload=payload, created_at=at)
        .on_conflict_do_nothing()
        .returning(col(WebhookMessage.id))
    )
    return kept is not None


def _queue(session: Session, message_id: str, endpoint_ids: Sequence[int]) -> None:
    session.add_all(
        WebhookDelivery(message_id=message_id, endpoint_id=key, next_attempt_at=clock.now()) for key in endpoint_ids
    )
    session.flush()
    jobs.defer_many(session, SEND_WEBHOOKS, [{"endpoint_id": key} for key in endpoint_ids])


def replay(session: Session, actor: Actor, delivery_id: int) -> WebhookDelivery:
    """Send a message again, whatever became of it, with three days of tries before it."""
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if delivery is None:
        raise NotFound("There is no such delivery.")
    get_endpoint(session, actor, delivery.endpoint_id)
    delivery.status, delivery.attempt_count, delivery.next_attempt_at = DeliveryStatus.PENDING, 0, clock.now()
    session.flush()
    jobs.defer(session, SEND_WEBHOOKS, endpoint_id=delivery.endpoint_id)
    return delivery


def replay_failed(session: Session, actor: Actor, endpoint_id: int) -> int:
    """Send again what an address never took; how many."""
    get_endpoint(session, actor, endpoint_id)
    again = session.scalars(
        update(WebhookDelivery)
        .where(col(WebhookDelivery.endpoint_id) == endpoint_id, col(WebhookDelivery.status) == DeliveryStatus.FAILED)
        .values(status=DeliveryStatus.PENDING, attempt_count=0, next_attempt_at=clock.now())
        .returning(col(WebhookDelivery.id))
    ).all()
    jobs.defer(session, SEND_WEBHOOKS, endpoint_id=endpoint_id)
    return len(again)


def endpoints_with_something_due(session: Session) -> list[int]:
    """The addresses that somebody should be sending to now and nobody is."""
    rows = session.scalars(
        text("""
            SELECT e.id FROM webhook_endpoints e
            WHERE e.active AND (e.busy_until IS NULL OR e.busy_until < :now) AND EXISTS (
                SELECT FROM webhook_deliveries d
                WHERE d.endpoint_id = e.id AND d.status = :pending AND d.next_attempt_at <= :now)
            ORDER BY e.id
        """),
        {"now": clock.now(), "pending": DeliveryStatus.PENDING},
    )
    return list(rows)


def send_due(endpoint_id: int) -> bool:
    """Send an address what is due, one after the other, until nothing is or it fails; False where somebody else does.

    Each message has transactions of its own: one that takes it, one that notes what came of it. A process killed
    between them sends it once more, under the same id.
    """
    while True:
        with transaction() as session:
            taken = _take(session, endpoint_id)
        if taken is None:
            return False
        delivery_id, url, headers, body = taken
        if delivery_id is None:
            return True
        outcome = post(url, headers, body, private_allowed=get_settings().webhooks_to_private_addresses)
        with transaction() as session:
            _note(session, endpoint_id, delivery_id, outcome)
        if not outcome.delivered:
            return True


def _take(session: Session, endpoint_id: int) -> tuple[int | None, str, dict[str, str], bytes] | None:
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update={"skip_locked": True}, populate_existing=True)
    now = clock.now()
    if endpoint is None or not endpoint.active or (endpoint.busy_until is not None and endpoint.busy_until > now):
        return None
    found = session.execute(
        select(WebhookDelivery.id, WebhookMessage.id, WebhookMessage.payload)
        .join(WebhookMessage, col(WebhookMessage.id) == WebhookDelivery.message_id)
        .where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.status == DeliveryStatus.PENDING,
            col(WebhookDelivery.next_attempt_at) <= now,
        )
        .order_by(col(WebhookDelivery.next_attempt_at), col(WebhookDelivery.id))
        .limit(1)
    ).one_or_none()
    if found is None:
        return None, "", {}, b""
    delivery_id, message_id, payload = found
    endpoint.busy_until = now + _LEASE
    known = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until is not None and endpoint.old_secret_until > now:
        known.append(endpoint.old_secret)
    headers = {"content-type": "application/json; charset=utf-8", "user-agent": "Engrenages-Webhooks/1"}
    headers |= signed_headers(known, message_id, int(now.timestamp()), payload)
    return delivery_id, endpoint.url, headers, payload.encode()


def _note(session: Session, endpoint_id: int, delivery_id: int, outcome: Outcome) -> None:
    endpoint = session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    delivery = session.get(WebhookDelivery, delivery_id, with_for_update=True, populate_existing=True)
    if endpoint is None or delivery is None:  # forgotten meanwhile
        return
    now = clock.now()
    endpoint.busy_until = None
    session.add(
        WebhookAttempt(
            delivery_id=delivery_id,
            at=now,
            status_code=outcome.status_code,
            error=outcome.error,
            duration_ms=outcome.duration_ms,
        )
    )
    if outcome.delivered:
        delivery.status, delivery.delivered_at, delivery.next_attempt_at = DeliveryStatus.DELIVERED, now, None
    elif delivery.attempt_count >= len(WAITS):
        delivery.status, delivery.next_attempt_at = DeliveryStatus.FAILED, None
    else:
        wait = WAITS[delivery.attempt_count]
        delivery.next_attempt_at = now + wait * (1 + secrets.randbelow(100) / 1000)  # not all at once
    delivery.attempt_count += 1
    if outcome.status_code == _GONE:
        endpoint.active, endpoint.disabled_because = False, "410 Gone"


def forget_old_messages(session: Session) -> None:
    """Drop what was told, or given up, 90 days ago; what still waits stays."""
    before = {"before": clock.now() - LOG_KEPT_FOR, "pending": DeliveryStatus.PENDING}
    session.execute(
        text("""
            DELETE FROM webhook_deliveries d USING webhook_messages m
            WHERE m.id = d.message_id AND m.created_at < :before AND d.status <> :pending
        """),
        before,
    )
    session.execute(
        text("""
            DELETE FROM webhook_messages m WHERE m.created_at < :before
              AND NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.message_id = m.id)
        """),
        before,
    )
