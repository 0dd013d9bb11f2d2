"""Suppliers who are paid directly: an account of their own at Stripe (Connect), to which members' payments go less our
commission."""

from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.billing.outbox import SYNC_ACCOUNT
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.cards import StripeAccount
from app.catalog.models import Supplier
from app.catalog.suppliers import require_supplier
from app.core import audit, clock, jobs
from app.core.database import outside
from app.core.settings import get_settings

PAGE = "/supplier/payouts"


def own_account(session: Session, actor: Actor) -> StripeAccount | None:
    """The account of the actor's supplier."""
    return session.get(StripeAccount, require_supplier(session, actor))


def join(session: Session, actor: Actor) -> str:
    """Open an account for the actor's supplier, once; the address at which it tells Stripe who it is."""
    account_id = _account_of(session, actor, require_supplier(session, actor))
    with outside(session):
        return gateway.account_link(account_id, get_settings().address_of(PAGE))


def _account_of(session: Session, actor: Actor, supplier_id: int) -> str:
    known = session.get(StripeAccount, supplier_id)
    if known is not None:
        return known.account_id
    supplier = session.get_one(Supplier, supplier_id)
    name, email = supplier.name, supplier.email
    with outside(session):
        account_id = gateway.open_account(supplier_id, name, email)
    session.get_one(Supplier, supplier_id, with_for_update=True, populate_existing=True)
    if session.get(StripeAccount, supplier_id) is None:  # else somebody asked at the same time, and got the same
        account = StripeAccount(supplier_id=supplier_id, account_id=account_id, opened_at=clock.now())
        session.add(account)
        session.flush()
        audit.record(session, actor.label, "stripe_account.opened", account, account=account_id)
    return account_id


def sync_account(session: Session, account_id: str) -> None:
    """Bring an account in step with Stripe; one that is not ours is passed over."""
    account = session.exec(select(StripeAccount).where(StripeAccount.account_id == account_id)).one_or_none()
    if account is None:
        return
    looks = account.looks
    with outside(session):
        enabled = gateway.takes_charges(account_id)
    session.refresh(account, with_for_update=True)
    if account.looks != looks:  # somebody looked meanwhile: which of the two was later is not known
        jobs.defer(session, SYNC_ACCOUNT, account_id=account_id)
        return
    account.charges_enabled, account.looks = enabled, looks + 1
    session.flush()
