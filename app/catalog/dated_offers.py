"""Offers agreed for a time: put on sale at a price until a day, withdrawn after it."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session, select

from app.catalog.models import Offer
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.shelf import refresh_listing
from app.core import audit, clock


class AgreedTerms(NamedTuple):
    """What was agreed with a supplier for a product; the unit price in euros before VAT."""

    supplier_id: int
    product_id: int
    sku: str
    name: str
    unit_price: Decimal
    pack_size: int
    min_quantity: int
    lead_time_days: int
    vat_rate: Decimal
    origin_country: str


def sell_until(session: Session, actor_label: str, terms: AgreedTerms, ends_on: date) -> Offer:
    """Put an offer on sale at agreed terms until a day: the supplier's SKU as it is, or a new one."""
    offer = session.exec(
        select(Offer).where(Offer.supplier_id == terms.supplier_id, Offer.sku == terms.sku).with_for_update()
    ).one_or_none()
    if offer is None:
        offer = Offer(supplier_id=terms.supplier_id, product_id=terms.product_id, sku=terms.sku, name=terms.name,
                      tier_quantities=[1], tier_prices=[terms.unit_price])  # fmt: skip
        session.add(offer)
    else:
        offer.version += 1
    offer.name, offer.tier_quantities, offer.tier_prices = terms.name, [1], [terms.unit_price]
    offer.pack_size, offer.min_quantity = terms.pack_size, terms.min_quantity
    offer.lead_time_days, offer.vat_rate = terms.lead_time_days, terms.vat_rate
    offer.origin_country = terms.origin_country or offer.origin_country
    offer.withdrawn_at, offer.ends_on = None, ends_on
    session.flush()
    audit.record(session, actor_label, "offer.agreed", offer, sku=terms.sku, price=str(terms.unit_price))
    return offer


def withdraw_ended_offers(session: Session) -> int:
    """Withdraw the offers whose last day has passed; how many."""
    ended = session.scalars(
        text("""
            UPDATE offers SET withdrawn_at = :now, version = version + 1
            WHERE ends_on < :today AND withdrawn_at IS NULL RETURNING id
        """),
        {"now": clock.now(), "today": clock.today()},
    ).all()
    if ended:
        refresh_listing(session)
        tell_of_changed_offers(session)
    return len(ended)
