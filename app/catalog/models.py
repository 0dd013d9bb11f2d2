"""Tables of the catalogue. Offers hold their price tiers as two parallel arrays, one row an offer."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import CheckConstraint, Column, Computed, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlmodel import Field, SQLModel

import app.accounts.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import (
    CONTENT,
    INTEGER_ARRAY,
    UNIT_PRICE_ARRAY,
    euros,
    euros_per_unit,
    instant,
    key,
    rate_in_percent,
    text_list,
)


class Category(SQLModel, table=True):
    """A shelf of the shop, by its name; `parent_id` nests it."""

    __tablename__ = "categories"

    id: int | None = key()
    name: str = Field(unique=True)
    parent_id: int | None = Field(default=None, foreign_key="categories.id")


class Supplier(SQLModel, table=True):
    """A supplier and its order terms. Amounts are euros before VAT; None means there is no such term."""

    __tablename__ = "suppliers"
    __table_args__ = (
        CheckConstraint("minimum_order >= 0", name="minimum_order_not_negative"),
        CheckConstraint("free_delivery_from >= 0", name="free_delivery_from_not_negative"),
        CheckConstraint("delivery_fee >= 0", name="delivery_fee_not_negative"),
    )

    id: int | None = key()
    code: str = Field(unique=True, max_length=40)
    name: str
    country: str = ""
    postal_code: str = ""
    city: str = ""
    street: str = ""
    siret: str = ""
    vat_number: str = ""
    email: str | None = None
    iban: str = Field(default="", sa_column_kwargs={"server_default": ""})
    invoices_itself: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    minimum_order: Decimal | None = euros(default=None)
    free_delivery_from: Decimal | None = euros(default=None)
    delivery_fee: Decimal | None = euros(default=None)
    active: bool = True
    version: int = 1


class Product(SQLModel, table=True):
    """What people want, whoever supplies it. The database keeps the folded French search text by itself.

    `lowest_price` is the lowest list price of its offers that are not withdrawn; without one it is not listed.
    `best_grade` is the best of their charter grades, which sourcing keeps.
    """

    __tablename__ = "products"
    __table_args__ = (
        Index("ix_products_search", "search", postgresql_using="gin"),
        Index("ix_products_category_id_name", "category_id", "name", "id"),
        Index("ix_products_listed_by_name", "name", "id", postgresql_where=text("lowest_price IS NOT NULL")),
        Index("ix_products_listed_by_price", "lowest_price", "id"),
    )

    id: int | None = key()
    ref: str = Field(unique=True, max_length=80)
    name: str
    description: str = ""
    category_id: int = Field(foreign_key="categories.id")
    unit: str = "unit"
    lowest_price: Decimal | None = euros_per_unit(default=None)
    best_grade: str | None = Field(default=None, max_length=1)
    search: Any = Field(
        default=None,
        sa_column=Column(
            TSVECTOR,
            Computed(
                "setweight(to_tsvector('simple', fold_text(name)), 'A')"
                " || setweight(to_tsvector('french', fold_text(name)), 'B')"
                " || setweight(to_tsvector('french', fold_text(description)), 'C')",
                persisted=True,
            ),
        ),
    )


class ShelfCount(SQLModel, table=True):
    """How many products are listed in a category and from a supplier; None stands for any. Kept for quick facets."""

    __tablename__ = "shelf_counts"
    __table_args__ = (
        Index("uq_shelf_counts", "category_id", "supplier_id", unique=True, postgresql_nulls_not_distinct=True),
    )

    id: int | None = key()
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    supplier_id: int | None = Field(default=None, foreign_key="suppliers.id")
    product_count: int


class SearchWord(SQLModel, table=True):
    """A word of the catalogue with its trigrams: how a misspelt word finds the one that was meant."""

    __tablename__ = "search_words"
    __table_args__ = (Index("ix_search_words_trigrams", "trigrams", postgresql_using="gin"),)

    word: str = Field(primary_key=True, sa_type=Text(collation="C"))
    trigrams: list[str] = text_list()


class Offer(SQLModel, table=True):
    """One supplier's terms for a product. Quantities are whole sales units; `content`: what one of them holds.

    `stock`: what its supplier said to have at `stock_at`; None where it says nothing. It is withdrawn after `ends_on`.
    """

    __tablename__ = "offers"
    __table_args__ = (
        UniqueConstraint("supplier_id", "sku"),
        Index("ix_offers_product_id", "product_id", "supplier_id"),
        Index("ix_offers_lower_sku", text("lower(sku) text_pattern_ops")),
        Index("ix_offers_gtin", "gtin", postgresql_where=text("gtin IS NOT NULL")),
        CheckConstraint("pack_size >= 1", name="pack_size_positive"),
        CheckConstraint("min_quantity >= 0", name="min_quantity_not_negative"),
        CheckConstraint("lead_time_days >= 0", name="lead_time_not_negative"),
        CheckConstraint("vat_rate BETWEEN 0 AND 100", name="vat_rate_in_percent"),
        CheckConstraint("stock >= 0", name="stock_not_negative"),
        CheckConstraint("eco_contribution >= 0", name="eco_contribution_not_negative"),
        CheckConstraint("tiers_are_sound(tier_quantities, tier_prices)", name="tiers_are_sound"),
        CheckConstraint("(content IS NULL) = (content_unit IS NULL) AND content > 0", name="content_with_its_unit"),
        CheckConstraint("content_unit IN ('kg', 'l', 'piece', 'm', 'm2')", name="known_content_unit"),
    )

    id: int | None = key()
    supplier_id: int = Field(foreign_key="suppliers.id")
    product_id: int = Field(foreign_key="products.id")
    sku: str = Field(max_length=80)
    name: str
    gtin: str | None = Field(default=None, max_length=14)
    pack_size: int = 1
    min_quantity: int = 1
    lead_time_days: int = 0
    vat_rate: Decimal = rate_in_percent(default=Decimal("20.00"))
    eco_contribution: Decimal = euros_per_unit(default=Decimal("0"))
    tier_quantities: list[int] = Field(sa_type=INTEGER_ARRAY)
    tier_prices: list[Decimal] = Field(sa_type=UNIT_PRICE_ARRAY)
    origin_country: str = ""
    content: Decimal | None = Field(default=None, sa_type=CONTENT)
    content_unit: str | None = Field(default=None, max_length=10)
    stock: int | None = None
    stock_at: datetime | None = instant(default=None)
    withdrawn_at: datetime | None = instant(default=None)
    ends_on: date | None = None
    version: int = 1


class AssortmentRule(SQLModel, table=True):
    """A category or an offer is open to some only: who meets every condition of one of its rules sees it."""

    __tablename__ = "assortment_rules"
    __table_args__ = (
        CheckConstraint("(category_id IS NULL) <> (offer_id IS NULL)", name="category_or_offer"),
        CheckConstraint("company_id IS NOT NULL OR park_id IS NOT NULL OR role IS NOT NULL", name="open_to_somebody"),
        CheckConstraint("role IN ('employee', 'approver')", name="role_of_a_buyer"),
    )

    id: int | None = key()
    category_id: int | None = Field(default=None, foreign_key="categories.id")
    offer_id: int | None = Field(default=None, foreign_key="offers.id")
    company_id: int | None = Field(default=None, foreign_key="companies.id")
    park_id: int | None = Field(default=None, foreign_key="parks.id")
    role: str | None = Field(default=None, max_length=40)


class SupplierUser(SQLModel, table=True):
    """Somebody who speaks for a supplier, on the portal or by a program's key."""

    __tablename__ = "supplier_users"

    person_id: int = Field(foreign_key="people.id", primary_key=True)
    supplier_id: int = Field(foreign_key="suppliers.id", index=True)
