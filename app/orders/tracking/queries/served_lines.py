"""The lines of a member order with what became of each."""

from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.catalog.net_content import Measure, telling
from app.catalog.terms import PriceTier, Terms
from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.ordering.progress import Progress, progress_on


class ServedLineRow(NamedTuple):
    """A line of an order, with what became of it."""

    id: int
    offer_id: int
    product_id: int
    supplier: str
    sku: str
    name: str
    unit: str
    quantity: int
    tolerance: int
    ceiling_price: Decimal
    if_unfilled: str
    excluded_because: str | None
    pack_size: int
    min_quantity: int
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    group_quantity: int
    allocated: int | None
    served: int | None
    unfilled: int | None
    reason: str | None
    unit_price: Decimal | None
    amount: Decimal | None
    content: Decimal | None
    content_unit: str | None
    accepts_equivalents: bool
    served_by: str | None

    @property
    def measure(self) -> Measure | None:
        """What one sales unit holds, where that says more than the price itself."""
        return telling(self.content, self.content_unit)

    @property
    def progress(self) -> Progress:
        """Where the group stands on the line's offer."""
        tiers = tuple(map(PriceTier, self.tier_quantities, self.tier_prices))
        return progress_on(Terms(self.pack_size, self.min_quantity, tiers), self.group_quantity)


_SERVED_LINES = """
    SELECT l.id, l.offer_id, f.product_id, s.name AS supplier, coalesce(t.sku, f.sku) AS sku,
        coalesce(t.name, f.name) AS name, coalesce(t.unit, p.unit) AS unit, l.quantity, l.tolerance, l.ceiling_price,
        l.if_unfilled, l.excluded_because, coalesce(t.pack_size, f.pack_size) AS pack_size,
        coalesce(t.min_quantity, f.min_quantity) AS min_quantity,
        coalesce(t.tier_quantities, f.tier_quantities) AS tier_quantities,
        coalesce(t.tier_prices, f.tier_prices) AS tier_prices, coalesce(d.quantity, 0) AS group_quantity, a.allocated,
        a.served,
        greatest(a.wanted - a.served, 0) AS unfilled, a.reason, a.unit_price, a.amount, f.content, f.content_unit,
        l.accepts_equivalents,
        (SELECT n.name || ', ' || g.sku FROM round_offers g JOIN suppliers n ON n.id = g.supplier_id
         WHERE g.round_id = a.round_id AND g.offer_id = a.offer_id AND a.offer_id <> l.offer_id) AS served_by
    FROM order_lines l
    JOIN member_orders o ON o.id = l.order_id
    JOIN offers f ON f.id = l.offer_id
    JOIN products p ON p.id = f.product_id
    JOIN suppliers s ON s.id = f.supplier_id
    LEFT JOIN round_offers t ON t.round_id = o.round_id AND t.offer_id = l.offer_id  -- agreed at the cut-off
    LEFT JOIN round_demand d ON d.round_id = o.round_id AND d.offer_id = l.offer_id
    LEFT JOIN allocations a ON a.order_line_id = l.id
    WHERE l.order_id = :order_id {after}
    ORDER BY l.id LIMIT :limit
"""


def list_served_lines(session: Session, order_id: int, cursor: str | None, limit: int) -> Page[ServedLineRow]:
    """The lines of an order, with what became of them."""
    after = decode_cursor(cursor, int)
    parameters = {"order_id": order_id, "limit": limit + 1} | ({"after": after[0]} if after else {})
    rows = session.execute(text(_SERVED_LINES.format(after="AND l.id > :after" if after else "")), parameters)
    return page_of(rows_as(ServedLineRow, rows), limit, lambda row: (row.id,))
