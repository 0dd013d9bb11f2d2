"""Use cases about suppliers and offers, one at a time; whole files come through `imports`."""

from sqlmodel import Session, select

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_email, check_version, get_association
from app.catalog.models import Offer, Supplier
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.shelf import refresh_listing
from app.core import audit, clock
from app.core.errors import NotFound, NotSignedIn


def require_prices(session: Session, actor: Actor | None) -> None:
    """Negotiated prices are for members: raise `NotSignedIn` for strangers unless the catalogue is open."""
    if actor is None:
        if not get_association(session).catalog_is_open:
            raise NotSignedIn("Prices are for members: sign in to see them.")
    else:
        actor.require(Permission.VIEW_PRICES)


def set_withdrawn(
    session: Session, actor: Actor, offer_id: int, withdrawn: bool, expected_version: int | None = None
) -> Offer:
    """Withdraw an offer, so that nobody can order it any more, or bring it back."""
    actor.require(Permission.MANAGE_CATALOG)
    offer = session.get(Offer, offer_id, with_for_update=True, populate_existing=True)
    if offer is None:
        raise NotFound("There is no such offer.")
    check_version(offer.version, expected_version)
    if (offer.withdrawn_at is not None) is not withdrawn:
        offer.withdrawn_at = clock.now() if withdrawn else None
        offer.version += 1
        refresh_listing(session, offer.product_id)
        tell_of_changed_offers(session, offer.supplier_id)
        audit.record(session, actor.label, "offer.withdrawn" if withdrawn else "offer.restored", offer, sku=offer.sku)
    return offer


def set_supplier_mail(session: Session, actor: Actor, code: str, email: str | None) -> Supplier:
    """Set where a supplier's orders are mailed to."""
    actor.require(Permission.MANAGE_CATALOG)
    supplier = session.exec(select(Supplier).where(Supplier.code == code).with_for_update()).one_or_none()
    if supplier is None:
        raise NotFound("There is no such supplier.")
    supplier.email = check_email(email) if email else None
    supplier.version += 1
    audit.record(session, actor.label, "supplier.changed", supplier, email=supplier.email)
    return supplier
