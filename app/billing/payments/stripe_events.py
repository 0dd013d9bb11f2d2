"""What Stripe tells: each event is verified, kept by its id, and leads to looking again at what it is about, once."""

from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col

from app.billing.outbox import SYNC_ACCOUNT, SYNC_COLLECTION, SYNC_SETUP
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.cards import StripeEvent
from app.core import clock, jobs

_DONE = "setup_intent.succeeded"


def receive_event(session: Session, body: bytes, signature: str) -> bool:
    """Take in an event; False where it came before. Raises `InvalidInput` for one that Stripe did not sign."""
    event = gateway.read_event(body, signature)
    new = session.scalar(
        insert(StripeEvent)
        .values(id=event.id, type=event.type, received_at=clock.now())
        .on_conflict_do_nothing()
        .returning(col(StripeEvent.id))
    )
    if new is None:
        return False
    if event.intent_id:
        jobs.defer(session, SYNC_COLLECTION, intent_id=event.intent_id)
    elif event.setup_id and event.type == _DONE:
        jobs.defer(session, SYNC_SETUP, setup_id=event.setup_id)
    elif event.account_id:
        jobs.defer(session, SYNC_ACCOUNT, account_id=event.account_id)
    return True
