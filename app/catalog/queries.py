"""What the catalogue's screens and lists read: one statement a question."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import ColumnElement, Select, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.catalog.assortment import NOTHING, Hidden
from app.catalog.models import Category, Offer, Product, ShelfCount, Supplier
from app.catalog.net_content import Measure, telling
from app.catalog.search import Search, matches
from app.core.database import row_as, rows_as
from app.core.errors import NotFound
from app.core.pagination import Page, after_key, decode_cursor, page_of


class Sort(StrEnum):
    """The order of products."""

    RELEVANCE = "relevance"
    NAME = "name"
    PRICE = "price"


@dataclass(frozen=True)
class CatalogFilter:
    """What is looked for: words, and the facets chosen; `hidden` is what the asker does not see.

    `grade`: a charter grade or a better one.
    """

    query: str = ""
    category_id: int | None = None
    supplier_id: int | None = None
    max_price: Decimal | None = None
    grade: str | None = None
    hidden: Hidden = NOTHING


class ProductRow(NamedTuple):
    """A product in a list."""

    id: int
    ref: str
    name: str
    unit: str
    category: str
    lowest_price: Decimal
    best_grade: str | None
    rank: int


class OfferRow(NamedTuple):
    """An offer with its supplier."""

    id: int
    product_id: int
    supplier_id: int
    supplier: str
    sku: str
    name: str
    gtin: str | None
    pack_size: int
    min_quantity: int
    lead_time_days: int
    vat_rate: Decimal
    eco_contribution: Decimal
    tier_quantities: list[int]
    tier_prices: list[Decimal]
    origin_country: str
    content: Decimal | None
    content_unit: str | None
    stock: int | None
    stock_at: datetime | None
    withdrawn: bool
    version: int

    @property
    def tiers(self) -> list[tuple[int, Decimal]]:
        """Group quantity and unit price of each tier."""
        return list(zip(self.tier_quantities, self.tier_prices, strict=True))

    @property
    def measure(self) -> Measure | None:
        """What one sales unit holds, where that says more than the price itself."""
        return telling(self.content, self.content_unit)


@dataclass(frozen=True, slots=True)
class FacetValue:
    """A value of a facet, and how many products have it."""

    id: int
    name: str
    count: int


@dataclass(frozen=True)
class Facets:
    """How many products match, in all and by category and supplier."""

    total: int
    categories: list[FacetValue] = field(default_factory=list)
    suppliers: list[FacetValue] = field(default_factory=list)


def find(session: Session, wanted: CatalogFilter) -> Search | None:
    """What the words of a filter mean, worked out once for its list and its facets; None without words."""
    return matches(session, wanted.query) if wanted.query.strip() else None


def _condition(wanted: CatalogFilter, search: Search | None) -> list[ColumnElement[bool]]:
    """The conditions on listed products."""
    conditions: list[ColumnElement[bool]] = [col(Product.lowest_price).is_not(None)]
    if search is not None:
        conditions.append(search.matching)
    if wanted.category_id is not None:
        conditions.append(col(Product.category_id) == wanted.category_id)
    if wanted.supplier_id is not None:
        conditions.append(_offered_by(Product.id, wanted.supplier_id, wanted.hidden))
    conditions += _seen(wanted.hidden)
    if wanted.max_price is not None:
        conditions.append(col(Product.lowest_price) <= wanted.max_price)
    if wanted.grade is not None:
        conditions.append(col(Product.best_grade) <= wanted.grade)
    return conditions


def list_products(
    session: Session,
    wanted: CatalogFilter,
    sort: Sort,
    cursor: str | None,
    limit: int,
    search: Search | None = None,
) -> Page[ProductRow]:
    """Products that can be ordered. Sorting by relevance without words falls back to the name.

    `search` is what `find` gave for the same filter, where the caller has it already.
    """
    search = search or find(session, wanted)
    conditions, rank = _condition(wanted, search), search and search.rank
    by_rank = rank is not None and sort is Sort.RELEVANCE
    # A whole number, so that a cursor can name it exactly; smaller is nearer, so that all keys ascend.
    distance: Any = sa.cast(-rank * 1_000_000, sa.Integer) if rank is not None and by_rank else sa.literal(0)
    query = (
        sa.select(
            col(Product.id),
            col(Product.ref),
            col(Product.name),
            col(Product.unit),
            col(Category.name).label("category"),
            col(Product.lowest_price),
            col(Product.best_grade),
            distance.label("rank"),
        )
        .join(Category, col(Category.id) == Product.category_id)
        .where(*conditions)
        .limit(limit + 1)
    )
    if by_rank:
        keys: tuple[Any, ...] = (distance, col(Product.name), col(Product.id))
        after = decode_cursor(cursor, int, str, int)
        page = _page(session, query, keys, after, limit, lambda row: (row.rank, row.name, row.id))
    elif sort is Sort.PRICE:
        keys = (col(Product.lowest_price), col(Product.id))
        after = decode_cursor(cursor, Decimal, int)
        page = _page(session, query, keys, after, limit, lambda row: (row.lowest_price, row.id))
    else:
        keys = (col(Product.name), col(Product.id))
        after = decode_cursor(cursor, str, int)
        page = _page(session, query, keys, after, limit, lambda row: (row.name, row.id))
    return page


def _page(
    session: Session, query: Select[Any], keys: Sequence[Any], after: tuple[Any, ...] | None, limit: int, key_of: Any
) -> Page[ProductRow]:
    if after is not None:
        query = query.where(after_key(keys, after))
    rows = rows_as(ProductRow, session.execute(query.order_by(*keys)))
    return page_of(rows, limit, key_of)


def count_facets(session: Session, wanted: CatalogFilter, search: Search | None = None) -> Facets:
    """How many products match, by category and by supplier, each without regard to its own choice.

    Browsing without words or price reads counts kept ready; a search, or one who does not see everything, counts.
    """
    if wanted.query.strip() or wanted.max_price is not None or wanted.grade is not None or wanted.hidden:
        categories, suppliers = _count_matches(session, wanted, search or find(session, wanted))
    else:
        categories, suppliers = _kept_counts(session, wanted)
    total = sum(value.count for value in categories if wanted.category_id in {None, value.id})
    return Facets(total, categories, suppliers)


def _kept_counts(session: Session, wanted: CatalogFilter) -> tuple[list[FacetValue], list[FacetValue]]:
    by_category = session.execute(
        sa.select(col(Category.id), col(Category.name), col(ShelfCount.product_count).label("count"))
        .join(ShelfCount, col(ShelfCount.category_id) == Category.id)
        .where(col(ShelfCount.supplier_id).is_not_distinct_from(wanted.supplier_id))
        .order_by(col(Category.name))
    )
    by_supplier = session.execute(
        sa.select(col(Supplier.id), col(Supplier.name), col(ShelfCount.product_count).label("count"))
        .join(ShelfCount, col(ShelfCount.supplier_id) == Supplier.id)
        .where(col(ShelfCount.category_id).is_not_distinct_from(wanted.category_id))
        .order_by(col(Supplier.name))
    )
    return rows_as(FacetValue, by_category), rows_as(FacetValue, by_supplier)


def _count_matches(
    session: Session, wanted: CatalogFilter, search: Search | None
) -> tuple[list[FacetValue], list[FacetValue]]:
    """Search once, then count what was found both ways."""
    conditions = _condition(replace(wanted, category_id=None, supplier_id=None), search)
    found = sa.select(col(Product.id), col(Product.category_id)).where(*conditions).cte("found")
    in_category = sa.select(found.c.category_id.label("id"), func.count().label("count")).group_by(found.c.category_id)
    if wanted.supplier_id is not None:
        in_category = in_category.where(_offered_by(found.c.id, wanted.supplier_id, wanted.hidden))
    pairs: Select[*tuple[Any, ...]] = (
        sa.select(col(Offer.supplier_id).label("id"), col(Offer.product_id))
        .join(found, found.c.id == Offer.product_id)
        .where(col(Offer.withdrawn_at).is_(None), *_offers_seen(wanted.hidden))
        .distinct()
    )
    if wanted.category_id is not None:
        pairs = pairs.where(found.c.category_id == wanted.category_id)
    distinct_pairs = pairs.subquery()
    from_supplier = sa.select(distinct_pairs.c.id, func.count().label("count")).group_by(distinct_pairs.c.id)
    named = sa.union_all(
        *(
            sa.select(
                sa.literal(facet).label("facet"), counts.c.id, col(model.name).label("name"), counts.c.count
            ).join(counts, counts.c.id == model.id)
            for facet, model, counts in (
                ("category", Category, in_category.subquery()),
                ("supplier", Supplier, from_supplier.subquery()),
            )
        )
    )
    counted: dict[str, list[FacetValue]] = {"category": [], "supplier": []}
    for row in session.execute(named.order_by(sa.column("name"))).mappings():
        counted[row["facet"]].append(FacetValue(row["id"], row["name"], row["count"]))
    return counted["category"], counted["supplier"]


def _offered_by(product_id: Any, supplier_id: int, hidden: Hidden) -> ColumnElement[bool]:
    return sa.exists().where(
        col(Offer.product_id) == product_id,
        col(Offer.supplier_id) == supplier_id,
        col(Offer.withdrawn_at).is_(None),
        *_offers_seen(hidden),
    )


def _offers_seen(hidden: Hidden) -> list[ColumnElement[bool]]:
    return [col(Offer.id).not_in(hidden.offer_ids)] if hidden.offer_ids else []


def _seen(hidden: Hidden) -> list[ColumnElement[bool]]:
    """Products outside hidden categories that have an offer which is not hidden."""
    conditions: list[ColumnElement[bool]] = []
    if hidden.category_ids:
        conditions.append(col(Product.category_id).not_in(hidden.category_ids))
    if hidden.offer_ids:
        other = aliased(Offer)
        wholly_hidden = sa.select(col(Offer.product_id)).where(
            col(Offer.id).in_(hidden.offer_ids),
            ~sa.exists().where(
                col(other.product_id) == Offer.product_id,
                col(other.withdrawn_at).is_(None),
                col(other.id).not_in(hidden.offer_ids),
            ),
        )
        conditions.append(col(Product.id).not_in(wholly_hidden))
    return conditions


def _offers_query() -> Select[*tuple[Any, ...]]:
    return (
        sa.select(
            col(Offer.id),
            col(Offer.product_id),
            col(Offer.supplier_id),
            col(Supplier.name).label("supplier"),
            col(Offer.sku),
            col(Offer.name),
            col(Offer.gtin),
            col(Offer.pack_size),
            col(Offer.min_quantity),
            col(Offer.lead_time_days),
            col(Offer.vat_rate),
            col(Offer.eco_contribution),
            col(Offer.tier_quantities),
            col(Offer.tier_prices),
            col(Offer.origin_country),
            col(Offer.content),
            col(Offer.content_unit),
            col(Offer.stock),
            col(Offer.stock_at),
            col(Offer.withdrawn_at).is_not(None).label("withdrawn"),
            col(Offer.version),
        )
        .join(Supplier, col(Supplier.id) == Offer.supplier_id)
        .order_by(col(Offer.product_id), col(Offer.id))
    )


def offers_of(session: Session, product_ids: Sequence[int], hidden: Hidden = NOTHING) -> list[OfferRow]:
    """The offers of some products that are neither withdrawn nor hidden."""
    query = _offers_query().where(
        col(Offer.product_id).in_(product_ids), col(Offer.withdrawn_at).is_(None), *_offers_seen(hidden)
    )
    return rows_as(OfferRow, session.execute(query))


def get_offers(session: Session, offer_ids: Sequence[int], hidden: Hidden = NOTHING) -> list[OfferRow]:
    """Some offers, withdrawn ones too, in the order asked; those unknown or hidden are left out."""
    query = _offers_query().where(col(Offer.id).in_(offer_ids), *_offers_seen(hidden))
    if hidden.category_ids:
        seen = sa.select(col(Product.id)).where(col(Product.category_id).not_in(hidden.category_ids))
        query = query.where(col(Offer.product_id).in_(seen))
    found = {row.id: row for row in rows_as(OfferRow, session.execute(query))}
    return [found[offer_id] for offer_id in offer_ids if offer_id in found]


def get_offer(session: Session, offer_id: int, hidden: Hidden = NOTHING) -> OfferRow:
    """One offer. Raises `NotFound` for one that is unknown or hidden."""
    found = get_offers(session, [offer_id], hidden)
    if not found:
        raise NotFound("There is no such offer.")
    return found[0]


@dataclass(frozen=True)
class ProductDetail:
    """A product with its offers side by side."""

    id: int
    ref: str
    name: str
    description: str
    unit: str
    category: str
    offers: list[OfferRow]


def get_product(session: Session, product_id: int, hidden: Hidden = NOTHING) -> ProductDetail:
    """One product with the offers that are neither withdrawn nor hidden. Raises `NotFound`."""
    row = session.execute(
        sa.select(
            col(Product.id),
            col(Product.ref),
            col(Product.name),
            col(Product.description),
            col(Product.unit),
            col(Category.name).label("category"),
        )
        .join(Category, col(Category.id) == Product.category_id)
        .where(col(Product.id) == product_id, *_seen(hidden))
    ).one_or_none()
    if row is None:
        raise NotFound("There is no such product.")
    return row_as(ProductDetail, row, offers=offers_of(session, [product_id], hidden))


def list_categories(session: Session) -> list[Category]:
    """Every category, by name."""
    return list(session.scalars(sa.select(Category).order_by(col(Category.name))))
