"""A round's demand and every offer that may serve it, as the optimiser takes them: the same book that files make."""

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from app.catalog.terms import PriceTier, SupplierTerms, Terms
from app.orders.consolidation.models.supplier_orders import SETTING_ASIDE
from app.orders.consolidation.order_book import OfferKey, OrderBook, OrderRow
from app.orders.ordering.models.member_orders import OrderStatus
from app.orders.rounds.models import Round
from app.orders.rounds.service import round_key
from app.orders.rounds.sharing_policy import SharingPolicy

_SET_ASIDE = """
    SELECT supplier_id FROM supplier_choices
    WHERE round_id = :round_id AND decision = ANY(:set_aside)
"""
# Offers of the products that somebody wants: those that may serve everybody, and those that lines chose.
_OFFERS = f"""
    SELECT f.offer_id, s.code, f.sku, f.product_id, f.pack_size, f.min_quantity, f.tier_quantities, f.tier_prices,
        coalesce(k.score, 0) AS score, s.minimum_order, s.free_delivery_from, s.delivery_fee, f.restricted
    FROM round_offers f
    JOIN round_suppliers s ON s.round_id = f.round_id AND s.supplier_id = f.supplier_id
    LEFT JOIN offer_scores k ON k.offer_id = f.offer_id
    WHERE f.round_id = :round_id
        AND f.supplier_id NOT IN ({_SET_ASIDE}) AND (CAST(:only AS int) IS NULL OR f.supplier_id = :only)
        AND f.product_id IN (
            SELECT w.product_id FROM round_offers w JOIN order_lines l ON l.offer_id = w.offer_id
            JOIN member_orders o ON o.id = l.order_id AND o.round_id = w.round_id
            WHERE w.round_id = :round_id AND o.status = :locked AND l.excluded_because IS NULL)
        AND (f.offered OR EXISTS (
            SELECT FROM order_lines l JOIN member_orders o ON o.id = l.order_id AND o.round_id = :round_id
            WHERE l.offer_id = f.offer_id AND o.status = :locked AND l.excluded_because IS NULL))
    ORDER BY f.offer_id
"""
_LINES = f"""
    SELECT l.id, l.offer_id, o.reference, c.code, k.code AS park, o.placed_at, l.quantity, l.tolerance,
        l.ceiling_price, l.if_unfilled, l.accepts_equivalents
    FROM member_orders o
    JOIN order_lines l ON l.order_id = o.id
    JOIN companies c ON c.id = o.company_id
    JOIN parks k ON k.id = o.park_id
    JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
    WHERE o.round_id = :round_id AND o.status = :locked AND l.excluded_because IS NULL
        AND f.supplier_id NOT IN ({_SET_ASIDE})
    ORDER BY l.id
"""


@dataclass(frozen=True)
class RoundBook:
    """A book, with the database's numbers of its offers and lines, and their scores; `fixed_line_ids` never move."""

    book: OrderBook
    policy: SharingPolicy
    offer_ids: dict[OfferKey, int]
    line_ids: list[int]
    scores: dict[OfferKey, int]
    fixed_line_ids: frozenset[int]


def read_round_book(session: Session, planned: Round) -> RoundBook:
    """What the optimiser has to know of a round; lines taken out and suppliers set aside are left out."""
    session.flush()
    parameters = {
        "round_id": round_key(planned),
        "only": planned.only_supplier_id,
        "locked": OrderStatus.LOCKED,
        "set_aside": list(SETTING_ASIDE),
    }
    suppliers: dict[str, SupplierTerms] = {}
    terms: dict[OfferKey, Terms] = {}
    products: dict[OfferKey, str] = {}
    scores: dict[OfferKey, int] = {}
    keys: dict[int, OfferKey] = {}
    for row in session.execute(text(_OFFERS), parameters):
        offer = (row.code, row.sku)
        keys[row.offer_id] = offer
        suppliers[row.code] = SupplierTerms(row.minimum_order, row.free_delivery_from, row.delivery_fee)
        terms[offer] = Terms(row.pack_size, row.min_quantity, _tiers(row.tier_quantities, row.tier_prices))
        products[offer] = f"{row.product_id}/{row.offer_id}" if row.restricted else str(row.product_id)
        scores[offer] = row.score
    rows, line_ids, fixed = [], [], set()
    for line in session.execute(text(_LINES), parameters):
        rows.append(
            OrderRow(
                line.reference, line.code, "", "", line.park, line.placed_at, *keys[line.offer_id],
                line.quantity, line.tolerance, line.ceiling_price, line.if_unfilled,
            )
        )  # fmt: skip
        line_ids.append(line.id)
        if not line.accepts_equivalents:
            fixed.add(line.id)
    fixed_positions = frozenset(at for at, line_id in enumerate(line_ids) if line_id in fixed)
    book = OrderBook(suppliers, terms, products, rows, {}, fixed_positions)
    offer_ids = {key: offer_id for offer_id, key in keys.items()}
    return RoundBook(book, planned.sharing_policy, offer_ids, line_ids, scores, frozenset(fixed))


def _tiers(quantities: list[int], prices: list[Decimal]) -> tuple[PriceTier, ...]:
    return tuple(map(PriceTier, quantities, prices))
