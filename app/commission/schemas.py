"""What the commission API takes and gives. Amounts are euros."""

from datetime import date
from decimal import Decimal

from pydantic import Field

from app.web.bodies import Body, Day, Euros, Out, Percent, RowId


class RuleIn(Body):
    """A commission rule: for an offer, a supplier in a category, a supplier, a category, or (all empty) everyone."""

    percent: Percent = Field(examples=["3.50"])
    offer_id: RowId | None = None
    supplier_id: RowId | None = None
    category_id: RowId | None = None
    minimum: Euros | None = None
    maximum: Euros | None = None
    valid_from: Day | None = None
    valid_to: Day | None = None


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
