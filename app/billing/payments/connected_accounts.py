"""Suppliers who are paid directly: an account of their own at Stripe (Connect), to which members' payments go less our
commission."""

from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.cards import StripeAccount
from app.catalog.models import Supplier
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.settings import get_settings

PAGE = "/supplier/payouts"


def own_account(session: Session, actor: Actor) -> StripeAccount | None:
    """The account of the actor's supplier."""
    return session.get(StripeAccount, require_supplier(session, actor))


def join(session: Session, actor: Actor) -> str:
    """Open an account for the actor's supplier, once; the address at which it tells Stripe who it is."""
    supplier = session.get_one(Supplier, require_supplier(session, actor), with_for_update=True)
    account = session.get(StripeAccount, supplier.id)
    if account is None:
        account_id = gateway.open_account(supplier.id or 0, supplier.name, supplier.email)
        account = StripeAccount(supplier_id=supplier.id or 0, account_id=account_id, opened_at=clock.now())
        session.add(account)
        session.flush()
        audit.record(session, actor.label, "stripe_account.opened", account, account=account_id)
    return gateway.account_link(account.account_id, get_settings().address_of(PAGE))


def sync_account(session: Session, account_id: str) -> None:
    """Bring an account in step with Stripe; one that is not ours is passed over."""
    query = select(StripeAccount).where(StripeAccount.account_id == account_id).with_for_update()
    account = session.exec(query).one_or_none()
    if account is not None:
        account.charges_enabled = gateway.takes_charges(account_id)
        session.flush()
