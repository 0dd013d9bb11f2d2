"""The cut-off freezes what was agreed: see `models/agreed_terms`."""

from sqlalchemy import text
from sqlmodel import Session

_OFFERS = """
    INSERT INTO round_offers (round_id, offer_id, supplier_id, product_id, category_id, sku, name, gtin, unit,
        pack_size, min_quantity, vat_rate, eco_contribution, tier_quantities, tier_prices, restricted, offered)
    WITH wanted AS (
        SELECT DISTINCT l.offer_id FROM order_lines l JOIN member_orders o ON o.id = l.order_id
        WHERE o.round_id = :round_id
    )
    SELECT :round_id, f.id, f.supplier_id, f.product_id, p.category_id, f.sku, f.name, f.gtin, p.unit, f.pack_size,
        f.min_quantity, f.vat_rate, f.eco_contribution, f.tier_quantities, f.tier_prices, limits.restricted,
        s.active AND NOT limits.restricted
    FROM offers f
    JOIN products p ON p.id = f.product_id
    JOIN suppliers s ON s.id = f.supplier_id
    CROSS JOIN LATERAL (
        SELECT f.withdrawn_at IS NOT NULL OR EXISTS (SELECT FROM assortment_rules a WHERE a.offer_id = f.id)
            AS restricted
    ) limits
    WHERE f.product_id IN (SELECT g.product_id FROM offers g JOIN wanted w ON w.offer_id = g.id)
"""
_SUPPLIERS = """
    INSERT INTO round_suppliers (round_id, supplier_id, code, name, street, postal_code, city, country, siret,
        vat_number, minimum_order, free_delivery_from, delivery_fee)
    SELECT :round_id, s.id, s.code, s.name, s.street, s.postal_code, s.city, s.country, s.siret, s.vat_number,
        s.minimum_order, s.free_delivery_from, s.delivery_fee
    FROM suppliers s WHERE s.id IN (SELECT supplier_id FROM round_offers WHERE round_id = :round_id)
"""
_PARKS = """
    INSERT INTO round_parks (round_id, park_id, code, name, street, postal_code, city)
    SELECT :round_id, k.id, k.code, k.name, k.street, k.postal_code, k.city FROM parks k
"""


def freeze_terms(session: Session, round_id: int) -> None:
    """Keep the terms of every offer that the round wants, or that may serve its product, of their suppliers, and where
    the parks are. Offers of the products that nobody in the round ordered are left out."""
    session.flush()
    for statement in (_OFFERS, _SUPPLIERS, _PARKS):
        session.execute(text(statement), {"round_id": round_id})
    session.execute(text("ANALYZE round_offers"))
