"""What the catalogue API takes and gives. Prices are euros before VAT."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, Field

from app.catalog.import_runs import ImportStatus
from app.web.bodies import Body, Flag, Out, Text


class SupplierOut(Out):
    """A supplier and its order terms."""

    id: int
    code: str
    name: str
    country: str
    postal_code: str
    city: str
    email: str | None
    minimum_order: Decimal | None
    free_delivery_from: Decimal | None
    delivery_fee: Decimal | None
    active: bool
    version: int


class SupplierMailIn(Body):
    """Where a supplier's orders are mailed to."""

    email: Text | None = Field(max_length=254, examples=["commandes@fournisseur.example"])


class CategoryOut(Out):
    """A shelf of the shop."""

    id: int
    name: str


class ProductOut(Out):
    """A product in a list."""

    id: int
    ref: str
    name: str
    unit: str
    category: str
    lowest_price: Decimal = Field(description="The lowest list price of its offers")


class TierOut(BaseModel):
    """From this group quantity on, everyone's unit price."""

    from_quantity: int
    unit_price: Decimal


class OfferOut(Out):
    """One supplier's terms for a product."""

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
    price_tiers: list[TierOut]
    origin_country: str
    content: Decimal | None = Field(description="What one sales unit holds, in `content_unit`; null where not said")
    content_unit: str | None = Field(description="`kg`, `l`, `piece`, `m` or `m2`")
    stock: int | None = Field(description="Sales units that its supplier said to have at `stock_at`; null: not said")
    stock_at: datetime | None
    withdrawn: bool
    version: int

    @classmethod
    def of(cls, row: Any) -> "OfferOut":
        """From an offer row of the queries."""
        values = row._asdict() | {
            "price_tiers": [TierOut(from_quantity=quantity, unit_price=price) for quantity, price in row.tiers]
        }
        return cls.model_validate(values)


class ProductDetailOut(BaseModel):
    """A product with its offers side by side."""

    id: int
    ref: str
    name: str
    description: str
    unit: str
    category: str
    offers: list[OfferOut]


class OfferChange(Body):
    """What may be changed about an offer by hand."""

    withdrawn: Flag = Field(description="True takes it out of the shop", examples=[True])


class FacetValueOut(Out):
    """A value of a facet, and how many products have it."""

    id: int
    name: str
    count: int


class FacetsOut(Out):
    """How many products match, in all and by facet."""

    total: int
    categories: list[FacetValueOut]
    suppliers: list[FacetValueOut]


class ImportRunOut(Out):
    """A file sent to be imported, and how that goes."""

    id: int
    kind: str = Field(examples=["offers"])
    file_name: str
    status: ImportStatus
    rows_read: int
    report: dict[str, Any] | None = Field(
        description="Once done: `rows`, counts (`new_count`, `changed_count`, …), the first 200 rows of each kind,"
        " `price_jumps`, `skipped_count`, `unknown_columns`"
    )
    error: str | None = Field(description="Why it was refused; nothing was then imported")
    bad_cells: list[dict[str, Any]] = Field(description="Line, column, value and cure of the first bad cells")
    created_at: datetime
    finished_at: datetime | None
