"""A supplier's own offers: listed, and many changed at once (stock, prices, lead times, withdrawn or back)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.service import get_association
from app.catalog.models import Supplier
from app.catalog.outbox import tell_of_changed_offers
from app.catalog.price_moves import PriceTiers, any_rises_beyond, rises
from app.catalog.shelf import refresh_listing
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.bulk_copy import copy_rows
from app.core.database import rows_as
from app.core.errors import InvalidInput
from app.core.events import Question, ask
from app.core.pagination import Page, decode_cursor, page_of

MOST_CHANGES = 10_000


class OwnOfferRow(NamedTuple):
    """An offer in its supplier's own list; prices in euros before VAT."""

    sku: str
    name: str
    product_ref: str
    category: str
    gtin: str | None
    pack_size: int
    min_quantity: int
    lead_time_days: int
    vat_rate: Decimal
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    stock: int | None
    stock_at: datetime | None
    withdrawn: bool

    @property
    def tiers(self) -> list[tuple[int, Decimal]]:
        """Group quantity and unit price of each tier."""
        return list(zip(self.tier_quantities, self.tier_prices, strict=True))


def list_own_offers(
    session: Session, supplier_id: int, cursor: str | None, limit: int, *, words: str = ""
) -> Page[OwnOfferRow]:
    """A supplier's offers by SKU, withdrawn ones too; `words` is part of a name or the beginning of a SKU."""
    parameters: dict[str, Any] = {"supplier_id": supplier_id, "limit": limit + 1, "words": words.strip().lower()}
    after = decode_cursor(cursor, str)
    parameters["after"] = after[0] if after else ""
    rows = session.execute(
        text("""
            SELECT o.sku, o.name, p.ref AS product_ref, c.name AS category, o.gtin, o.pack_size, o.min_quantity,
                o.lead_time_days, o.vat_rate, o.tier_quantities, o.tier_prices, o.stock, o.stock_at,
                o.withdrawn_at IS NOT NULL AS withdrawn
            FROM offers o JOIN products p ON p.id = o.product_id JOIN categories c ON c.id = p.category_id
            WHERE o.supplier_id = :supplier_id AND o.sku > :after
              AND (:words = '' OR position(:words IN lower(o.name)) > 0 OR starts_with(lower(o.sku), :words))
            ORDER BY o.sku LIMIT :limit
        """),
        parameters,
    )
    return page_of(rows_as(OwnOfferRow, rows), limit, lambda row: (row.sku,))


@dataclass(frozen=True)
class OfferChange:
    """What changes about an offer; None leaves it. A stock of None stays unknown, or as it was said last."""

    sku: str
    stock: int | None = None
    price_tiers: PriceTiers | None = None
    lead_time_days: int | None = None
    withdrawn: bool | None = None


def change_own_offers(session: Session, actor: Actor, changes: Sequence[OfferChange]) -> int:
    """Change many offers of the actor's supplier at once, all or none; how many differ now.

    Raises `InvalidInput` for an unknown SKU, one named twice, tiers that do not rise, or a price that rises:
    in any tier by more than the association's limit, or at all while members want the offer in an open round.
    """
    supplier = session.get_one(Supplier, require_supplier(session, actor))
    for change in changes:
        _check_tiers(change)
    [(most_named, times)] = Counter(change.sku for change in changes).most_common(1) or [("", 0)]
    if times > 1:
        raise InvalidInput("{sku} is named twice.", code="sku_twice", field="items", sku=most_named)
    _stage(session, changes)
    _reject_unknown(session, supplier)
    _reject_rises(session, supplier, get_association(session).price_jump_percent)
    changed = session.scalars(
        text("""
            UPDATE offers o
            SET stock = coalesce(s.stock, o.stock),
                stock_at = CASE WHEN s.stock IS NULL THEN o.stock_at ELSE :now END,
                tier_quantities = coalesce(s.tier_quantities, o.tier_quantities),
                tier_prices = coalesce(s.tier_prices, o.tier_prices),
                lead_time_days = coalesce(s.lead_time_days, o.lead_time_days),
                withdrawn_at = CASE WHEN s.withdrawn IS NULL THEN o.withdrawn_at
                    WHEN s.withdrawn THEN coalesce(o.withdrawn_at, :now) END,
                version = o.version + 1
            FROM staged_changes s
            WHERE o.supplier_id = :supplier_id AND o.sku = s.sku AND (
                s.stock IS NOT NULL
                OR (o.tier_quantities, o.tier_prices, o.lead_time_days, o.withdrawn_at IS NOT NULL) IS DISTINCT FROM
                   (coalesce(s.tier_quantities, o.tier_quantities), coalesce(s.tier_prices, o.tier_prices),
                    coalesce(s.lead_time_days, o.lead_time_days), coalesce(s.withdrawn, o.withdrawn_at IS NOT NULL)))
            RETURNING o.id
        """),
        {"supplier_id": supplier.id, "now": clock.now()},
    ).all()
    if any(change.price_tiers or change.withdrawn is not None for change in changes):
        refresh_listing(session)
    if any(change.withdrawn is not None for change in changes):
        tell_of_changed_offers(session, supplier.id)
    audit.record(session, actor.label, "offers.changed", supplier, changed=len(changed))
    return len(changed)


def _check_tiers(change: OfferChange) -> None:
    if change.price_tiers is None:
        return
    quantities = [quantity for quantity, _price in change.price_tiers]
    if not quantities or quantities != sorted(set(quantities)) or quantities[0] < 1:
        raise InvalidInput(
            "The tiers of {sku} do not rise from a quantity of 1 or more.",
            code="tiers_not_rising",
            field="items",
            sku=change.sku,
        )


def _stage(session: Session, changes: Sequence[OfferChange]) -> None:
    session.execute(text("DROP TABLE IF EXISTS staged_changes"))
    session.execute(
        text("""
            CREATE TEMPORARY TABLE staged_changes (sku text, stock integer, lead_time_days integer, withdrawn boolean,
                tier_quantities integer[], tier_prices numeric(12,4)[]) ON COMMIT DROP
        """)
    )
    copy_rows(session, "COPY staged_changes FROM STDIN", (_staged(change) for change in changes))


def _staged(change: OfferChange) -> list[object]:
    quantities = prices = None
    if change.price_tiers is not None:
        quantities, prices = (f"{{{','.join(map(str, values))}}}" for values in zip(*change.price_tiers, strict=True))
    return [change.sku, change.stock, change.lead_time_days, change.withdrawn, quantities, prices]


def _reject_unknown(session: Session, supplier: Supplier) -> None:
    unknown = session.scalar(
        text("""
            SELECT min(s.sku) FROM staged_changes s
            WHERE NOT EXISTS (SELECT FROM offers o WHERE o.supplier_id = :supplier_id AND o.sku = s.sku)
        """),
        {"supplier_id": supplier.id},
    )
    if unknown is not None:
        raise InvalidInput("You offer no {sku}.", code="unknown_sku", field="items", sku=unknown)


def _reject_rises(session: Session, supplier: Supplier, limit_percent: Decimal) -> None:
    moves = session.execute(
        text("""
            SELECT s.sku, t.id AS offer_id, t.tier_quantities AS old_quantities, t.tier_prices AS old_prices,
                s.tier_quantities AS new_quantities, s.tier_prices AS new_prices
            FROM staged_changes s JOIN offers t ON t.supplier_id = :supplier_id AND t.sku = s.sku
            WHERE (s.tier_quantities, s.tier_prices) IS DISTINCT FROM (t.tier_quantities, t.tier_prices)
                AND s.tier_prices IS NOT NULL
            ORDER BY s.sku
        """),
        {"supplier_id": supplier.id},
    ).all()
    wanted = offers_in_demand(session, [move.offer_id for move in moves])
    for move in moves:
        old = list(zip(move.old_quantities, move.old_prices, strict=True))
        new = list(zip(move.new_quantities, move.new_prices, strict=True))
        if move.offer_id in wanted and rises(old, new):
            raise InvalidInput(
                "Members want {sku} in an open round: no price of it rises before the cut-off."
                " Change it for the next round, or ask the association.",
                code="price_rises_in_open_round",
                field="items",
                sku=move.sku,
            )
        if any_rises_beyond(old, new, limit_percent):
            raise InvalidInput(
                "The price of {sku} rises by more than {limit} %: ask the association to change it.",
                code="price_rises_too_much",
                field="items",
                sku=move.sku,
                limit=limit_percent,
            )


def offers_in_demand(session: Session, offer_ids: Sequence[int]) -> frozenset[int]:
    """Which of some offers members want in a round that is open."""
    wanted: frozenset[int] = ask(Question.OFFERS_IN_DEMAND, session, offer_ids)
    return wanted
