"""Live demand of a round, offer by offer."""

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.catalog.terms import PriceTier, Terms
from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of
from app.orders.ordering.progress import Progress, progress_on
from app.orders.rounds.models import RoundStatus


def demand_for(session: Session, round_id: int, offer_ids: list[int]) -> dict[int, int]:
    """The group's demand in a round for some offers, by offer; offers nobody wants are left out."""
    rows = session.execute(
        text("SELECT offer_id, quantity FROM round_demand WHERE round_id = :round_id AND offer_id = ANY(:offer_ids)"),
        {"round_id": round_id, "offer_ids": offer_ids},
    )
    return {row.offer_id: row.quantity for row in rows}


def offers_in_open_demand(session: Session, offer_ids: Sequence[int]) -> frozenset[int]:
    """Which of some offers members want in a round that is open."""
    rows = session.scalars(
        text("""
            SELECT DISTINCT d.offer_id FROM round_demand d JOIN rounds r ON r.id = d.round_id AND r.status = :open
            WHERE d.offer_id = ANY(:offer_ids) AND d.line_count > 0
        """),
        {"open": RoundStatus.OPEN, "offer_ids": list(offer_ids)},
    )
    return frozenset(rows)


class DemandRow(NamedTuple):
    """Live demand for an offer."""

    offer_id: int
    supplier: str
    sku: str
    name: str
    pack_size: int
    min_quantity: int
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    quantity: int
    tolerance: int
    line_count: int

    @property
    def progress(self) -> Progress:
        """Where the group stands."""
        tiers = tuple(map(PriceTier, self.tier_quantities, self.tier_prices))
        return progress_on(Terms(self.pack_size, self.min_quantity, tiers), self.quantity)


def list_demand(session: Session, round_id: int, cursor: str | None, limit: int) -> Page[DemandRow]:
    """The demand of a round, offer by offer."""
    after = decode_cursor(cursor, int) or (0,)
    rows = session.execute(
        text("""
            SELECT d.offer_id, s.name AS supplier, f.sku, f.name, f.pack_size, f.min_quantity, f.tier_quantities,
                f.tier_prices, d.quantity, d.tolerance, d.line_count
            FROM (
                SELECT * FROM round_demand
                WHERE round_id = :round_id AND offer_id > :after AND line_count > 0 ORDER BY offer_id LIMIT :limit
            ) d
            JOIN offers f ON f.id = d.offer_id JOIN suppliers s ON s.id = f.supplier_id
            ORDER BY d.offer_id
        """),
        {"round_id": round_id, "after": after[0], "limit": limit + 1},
    )
    return page_of(rows_as(DemandRow, rows), limit, lambda row: (row.offer_id,))
