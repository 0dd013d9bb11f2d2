"""How a firm pays by Stripe: a card or account is set up once in the browser and kept by its id until removed."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.accounts.actor import Actor
from app.accounts.models import Company
from app.accounts.permissions import Permission
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.models.bank import SepaMandate
from app.billing.payments.models.cards import MethodKind, PaymentMethod, StripeCustomer
from app.core import audit, clock
from app.core.database import outside
from app.core.errors import NotFound


def begin_setup(session: Session, actor: Actor, kind: MethodKind) -> gateway.Setup:
    """Begin to set up a card or account for the actor's firm; the browser confirms it with Stripe."""
    actor.require(Permission.MANAGE_COMPANY)
    customer_id = _customer_of(session, actor.require_company())
    with outside(session):
        return gateway.begin_setup(customer_id, kind)


def _customer_of(session: Session, company_id: int) -> str:
    known = session.get(StripeCustomer, company_id)
    if known is not None:
        return known.customer_id
    name = session.get_one(Company, company_id).name
    with outside(session):
        customer_id = gateway.create_customer(company_id, name)
    session.get_one(Company, company_id, with_for_update=True, populate_existing=True)
    if session.get(StripeCustomer, company_id) is None:  # else somebody asked at the same time, and got the same
        session.add(StripeCustomer(company_id=company_id, customer_id=customer_id))
        session.flush()
    return customer_id


def keep_method(session: Session, actor: Actor, setup_id: str) -> PaymentMethod:
    """Keep what the browser confirmed. Raises `NotFound` for another firm's, `Conflict` where it is not confirmed."""
    actor.require(Permission.MANAGE_COMPANY)
    with outside(session):
        kept = gateway.read_setup(setup_id)
    customer = session.get(StripeCustomer, actor.require_company())
    if customer is None or customer.customer_id != kept.customer_id:
        raise NotFound("There is no such set-up of your firm.")
    return _keep(session, customer.company_id, kept, actor.label)


def keep_from_event(session: Session, setup_id: str) -> None:
    """Keep what was confirmed though the browser did not come back to say so."""
    with outside(session):
        kept = gateway.read_setup(setup_id)
    query = select(StripeCustomer).where(StripeCustomer.customer_id == kept.customer_id)
    customer = session.exec(query).one_or_none()
    if customer is not None:
        _keep(session, customer.company_id, kept, "stripe")


def _keep(session: Session, company_id: int, kept: gateway.KeptMethod, by: str) -> PaymentMethod:
    session.get_one(Company, company_id, with_for_update=True)
    known = session.exec(select(PaymentMethod).where(PaymentMethod.stripe_id == kept.stripe_id)).one_or_none()
    if known is not None:
        return known
    pay_by_transfer(session, company_id)
    method = PaymentMethod(
        company_id=company_id, kind=kept.kind, stripe_id=kept.stripe_id, label=kept.label,
        mandate_reference=kept.mandate_reference, added_at=clock.now(), added_by=by,
    )  # fmt: skip
    session.add(method)
    session.flush()
    audit.record(session, by, "payment_method.added", method, label=method.label)
    return method


def method_of(session: Session, company_id: int) -> PaymentMethod | None:
    """The method of a company that is in force."""
    query = select(PaymentMethod).where(PaymentMethod.company_id == company_id, col(PaymentMethod.removed_at).is_(None))
    return session.exec(query).one_or_none()


def remove_method(session: Session, actor: Actor) -> None:
    """Pay by transfer again."""
    actor.require(Permission.MANAGE_COMPANY)
    method = method_of(session, actor.require_company())
    if method is None:
        raise NotFound("Your firm has no card or account here.")
    pay_by_transfer(session, method.company_id)
    audit.record(session, actor.label, "payment_method.removed", method, label=method.label)


def pay_by_transfer(session: Session, company_id: int) -> None:
    """Use whatever card, account or mandate a company gave no more."""
    session.execute(
        update(PaymentMethod)
        .where(col(PaymentMethod.company_id) == company_id, col(PaymentMethod.removed_at).is_(None))
        .values(removed_at=clock.now())
    )
    session.execute(
        update(SepaMandate)
        .where(col(SepaMandate.company_id) == company_id, col(SepaMandate.revoked_at).is_(None))
        .values(revoked_at=clock.now())
    )
