"""What the accounts API takes and gives."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field

from app.accounts.permissions import Permission, Role
from app.web.bodies import Body, Euros, Flag, Named, Out, RowId, Text


class ActorOut(Out):
    """Who the caller is, and what they may do."""

    person_id: int | None
    company_id: int | None
    name: str
    roles: list[Role]
    permissions: list[Permission]


class ParkIn(Body):
    """A new business park."""

    code: Named = Field(max_length=40, examples=["nord"])
    name: Named = Field(max_length=200, examples=["Parc des Collines"])
    postal_code: Text = Field(default="", max_length=20, examples=["68200"])
    city: Text = Field(default="", max_length=200, examples=["Mulhouse"])


class ParkOut(Out):
    """A business park."""

    id: int
    code: str
    name: str
    postal_code: str
    city: str


class CompanyIn(Body):
    """A new member company."""

    code: Named = Field(max_length=40, examples=["ATELIER"])
    name: Named = Field(max_length=200, examples=["Atelier Weber"])
    park_id: RowId = Field(examples=[1])
    siret: str | None = Field(
        default=None, pattern=r"^[0-9]{14}$", examples=["73282932000074"], description="14 digits, checked."
    )
    street: Text = Field(default="", max_length=200)
    postal_code: Text = Field(default="", max_length=20)
    city: Text = Field(default="", max_length=200)


class CompanyOut(Out):
    """A member company."""

    id: int
    code: str
    name: str
    siret: str | None
    park_id: int
    active: bool


class PersonIn(Body):
    """A new person; they are invited by mail."""

    email: Text = Field(max_length=254, examples=["claire@atelier.example"])
    name: Named = Field(max_length=200, examples=["Claire Weber"])
    roles: list[Role] = Field(min_length=1, examples=[["employee"]])
    company_id: RowId | None = Field(default=None, examples=[1])
    locale: str = Field(default="fr", pattern="^(fr|en)$")
    order_limit: Euros | None = Field(default=None, examples=["250.00"])


class PersonChange(Body):
    """What may be changed about a person."""

    order_limit: Euros | None = Field(examples=["250.00"])
    active: Flag = True


class PersonOut(Out):
    """A person."""

    id: int
    email: str
    name: str
    roles: list[Role]
    company_id: int | None
    locale: str
    order_limit: Decimal | None
    active: bool
    version: int


class ApiKeyIn(Body):
    """A new API key."""

    name: Named = Field(max_length=100, examples=["ERP"])
    scopes: list[Text] = Field(min_length=1, examples=[["read", "write"]])


class ApiKeyOut(Out):
    """An API key; its secret is never shown again."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


class NewApiKeyOut(ApiKeyOut):
    """An API key just made, with its secret, shown this once."""

    secret: str = Field(examples=["eng_1a2b3c4d_…"])


class AuditEntryOut(Out):
    """One change of state."""

    id: int
    at: datetime
    actor: str
    action: str
    subject_type: str
    subject_id: int | None
    details: dict[str, Any]
