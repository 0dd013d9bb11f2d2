"""What the commission API takes and gives. Amounts are euros."""

from datetime import date
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field

MAX_ID = 2_147_483_647


class Out(BaseModel):
    """Read from rows and dataclasses."""

    model_config = ConfigDict(from_attributes=True)


class RuleIn(BaseModel):
    """A commission rule: for an offer, a supplier in a category, a supplier, a category, or (all empty) everyone."""

    percent: Decimal = Field(ge=0, le=100, max_digits=5, decimal_places=2, examples=["3.50"])
    offer_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    supplier_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    category_id: int | None = Field(default=None, ge=1, le=MAX_ID)
    minimum: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2)
    maximum: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2)
    valid_from: date | None = None
    valid_to: date | None = None


class NewRuleOut(Out):
    """A rule just made."""

    id: int
    percent: Decimal


class RuleOut(Out):
    """A commission rule with what it is for."""

    id: int
    offer: str | None
    supplier: str | None
    category: str | None
    percent: Decimal
    minimum: Decimal | None
    maximum: Decimal | None
    valid_from: date | None
    valid_to: date | None


class PostingOut(Out):
    """One side of an entry."""

    id: int
    entry_id: int
    booked_on: date
    document_type: str
    document_number: str
    label: str
    account: str
    supplier: str | None
    debit: Decimal
    credit: Decimal


class AccountBalanceOut(Out):
    """The sums of an account."""

    account: str
    debit: Decimal
    credit: Decimal
