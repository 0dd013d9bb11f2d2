"""What was agreed when a round closed: terms of its offers and suppliers, where its goods go. Read there for ever.

Rows are written at the cut-off and never changed, whatever becomes of the catalogue, its suppliers and the parks.
"""

from decimal import Decimal

from sqlmodel import Field, SQLModel

import app.orders.rounds.models  # noqa: F401 - foreign keys name its tables
from app.core.tables import INTEGER_ARRAY, UNIT_PRICE_ARRAY, euros, euros_per_unit, rate_in_percent


class RoundOffer(SQLModel, table=True):
    """An offer as it stood at the cut-off of a round that wants its product. Quantities in sales units.

    `restricted`: it serves nobody but who chose it, being open to some only, or withdrawn. `offered`: it may serve
    everybody who wants its product and accepts equivalents.
    """

    __tablename__ = "round_offers"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True, index=True)
    supplier_id: int = Field(foreign_key="suppliers.id")
    product_id: int = Field(foreign_key="products.id")
    category_id: int = Field(foreign_key="categories.id")
    sku: str = Field(max_length=80)
    name: str
    gtin: str | None = Field(default=None, max_length=14)
    unit: str
    pack_size: int
    min_quantity: int
    vat_rate: Decimal = rate_in_percent()
    eco_contribution: Decimal = euros_per_unit()
    tier_quantities: list[int] = Field(sa_type=INTEGER_ARRAY)
    tier_prices: list[Decimal] = Field(sa_type=UNIT_PRICE_ARRAY)
    restricted: bool
    offered: bool


class RoundSupplier(SQLModel, table=True):
    """A supplier as it was at the cut-off of a round. Amounts in euros before VAT; None where there is no such term."""

    __tablename__ = "round_suppliers"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    supplier_id: int = Field(foreign_key="suppliers.id", primary_key=True, index=True)
    code: str = Field(max_length=40)
    name: str
    street: str
    postal_code: str
    city: str
    country: str
    siret: str
    vat_number: str
    minimum_order: Decimal | None = euros(default=None)
    free_delivery_from: Decimal | None = euros(default=None)
    delivery_fee: Decimal | None = euros(default=None)


class RoundPark(SQLModel, table=True):
    """A park as it was at the cut-off of a round: where the goods go."""

    __tablename__ = "round_parks"

    round_id: int = Field(foreign_key="rounds.id", primary_key=True)
    park_id: int = Field(foreign_key="parks.id", primary_key=True)
    code: str
    name: str
    street: str
    postal_code: str
    city: str
