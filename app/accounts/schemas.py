"""What the accounts API takes and gives."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from app.accounts.permissions import Permission, Role


class Out(BaseModel):
    """Read from rows and dataclasses."""

    model_config = ConfigDict(from_attributes=True)


class ActorOut(Out):
    """Who the caller is, and what they may do."""

    person_id: int | None
    company_id: int | None
    name: str
    roles: list[Role]
    permissions: list[Permission]


class ParkIn(BaseModel):
    """A new business park."""

    code: str = Field(min_length=1, max_length=40, examples=["nord"])
    name: str = Field(min_length=1, max_length=200, examples=["Parc des Collines"])
    postal_code: str = Field(default="", max_length=20, examples=["68200"])
    city: str = Field(default="", max_length=200, examples=["Mulhouse"])


class ParkOut(Out):
    """A business park."""

    id: int
    code: str
    name: str
    postal_code: str
    city: str


class CompanyIn(BaseModel):
    """A new member company."""

    code: str = Field(min_length=1, max_length=40, examples=["ATELIER"])
    name: str = Field(min_length=1, max_length=200, examples=["Atelier Weber"])
    park_id: int = Field(examples=[1])
    siret: str | None = Field(default=None, examples=["73282932000074"], description="14 digits, checked.")
    postal_code: str = Field(default="", max_length=20)
    city: str = Field(default="", max_length=200)


class CompanyOut(Out):
    """A member company."""

    id: int
    code: str
    name: str
    siret: str | None
    park_id: int
    active: bool


class PersonIn(BaseModel):
    """A new person; they are invited by mail."""

    email: str = Field(max_length=254, examples=["claire@atelier.example"])
    name: str = Field(min_length=1, max_length=200, examples=["Claire Weber"])
    roles: list[Role] = Field(min_length=1, examples=[["employee"]])
    company_id: int | None = Field(default=None, examples=[1])
    locale: str = Field(default="fr", pattern="^(fr|en)$")
    order_limit: Decimal | None = Field(default=None, ge=0, max_digits=12, decimal_places=2, examples=["250.00"])


class PersonChange(BaseModel):
    """What may be changed about a person."""

    order_limit: Decimal | None = Field(ge=0, max_digits=12, decimal_places=2, examples=["250.00"])
    active: bool = True


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


class ApiKeyIn(BaseModel):
    """A new API key."""

    name: str = Field(min_length=1, max_length=100, examples=["ERP"])
    scopes: list[str] = Field(min_length=1, examples=[["read", "write"]])


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
