"""Tables of how suppliers answer: links by mail, and what they say is on its way."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.core.tables import instant, key


class SupplierOrderLink(SQLModel, table=True):
    """A link that opens one supplier order to its supplier, or with a drop the receipt there to the driver.

    Only its hash is kept.
    """

    __tablename__ = "supplier_order_links"

    token_hash: str = Field(primary_key=True)
    supplier_order_id: int = Field(foreign_key="supplier_orders.id", index=True)
    drop_id: int | None = Field(default=None, foreign_key="drops.id", index=True)
    expires_at: datetime = instant()


class DespatchAdvice(SQLModel, table=True):
    """Goods of a supplier order on their way to one drop, by the supplier's own number (an ASN)."""

    __tablename__ = "despatch_advices"
    __table_args__ = (UniqueConstraint("supplier_order_id", "number"),)

    id: int | None = key()
    supplier_order_id: int = Field(foreign_key="supplier_orders.id")
    drop_id: int = Field(foreign_key="drops.id", index=True)
    number: str = Field(max_length=80)
    carrier: str = Field(default="", max_length=100)
    tracking: str = Field(default="", max_length=200)
    expected_on: date
    advised_at: datetime = instant()


class DespatchLine(SQLModel, table=True):
    """How many units of an offer are on their way."""

    __tablename__ = "despatch_lines"
    __table_args__ = (CheckConstraint("quantity >= 1", name="quantity_positive"),)

    advice_id: int = Field(foreign_key="despatch_advices.id", primary_key=True)
    offer_id: int = Field(foreign_key="offers.id", primary_key=True)
    quantity: int


class DespatchParcel(SQLModel, table=True):
    """A parcel or pallet, by its serial shipping container code (SSCC-18)."""

    __tablename__ = "despatch_parcels"

    advice_id: int = Field(foreign_key="despatch_advices.id", primary_key=True)
    sscc: str = Field(primary_key=True, max_length=18)
