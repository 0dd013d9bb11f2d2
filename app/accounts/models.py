"""Tables of the association, its parks, companies and people, and of how people and machines sign in."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import CheckConstraint, Index, false, text
from sqlmodel import Field, SQLModel

from app.accounts.permissions import Role, Scope
from app.core.tables import euros, instant, key, rate_in_percent, text_list

_KNOWN_SCOPES = ", ".join(f"'{scope.value}'" for scope in Scope)
_KNOWN_ROLES = ", ".join(f"'{role.value}'" for role in Role)


class Association(SQLModel, table=True):
    """The one association of this installation, and its rules of the house."""

    __tablename__ = "associations"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: int = Field(default=1, primary_key=True)
    name: str
    sharing_policy: str = Field(default="proportional")
    second_approval_above: Decimal = euros(default=Decimal("5000.00"), ge=0)
    price_jump_percent: Decimal = rate_in_percent(default=Decimal("20.00"))
    catalog_is_open: bool = False
    siret: str = ""
    vat_number: str = ""
    street: str = ""
    postal_code: str = ""
    city: str = ""
    email: str = ""
    iban: str = Field(default="", sa_column_kwargs={"server_default": ""})
    creditor_id: str = Field(default="", sa_column_kwargs={"server_default": ""})
    version: int = 1


class Park(SQLModel, table=True):
    """A business park; member companies sit on one, and each round delivers to it once."""

    __tablename__ = "parks"

    id: int | None = key()
    code: str = Field(unique=True, max_length=40)
    name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""


class Company(SQLModel, table=True):
    """A member company. A SIRET, where given, has its right check digits (checked on the way in); `iban`: where it is
    paid back to."""

    __tablename__ = "companies"

    id: int | None = key()
    code: str = Field(unique=True, max_length=40)
    name: str
    siret: str | None = Field(default=None, unique=True, max_length=14)
    park_id: int = Field(foreign_key="parks.id", index=True)
    street: str = Field(default="", sa_column_kwargs={"server_default": ""})
    postal_code: str = ""
    city: str = ""
    iban: str = Field(default="", sa_column_kwargs={"server_default": ""})
    active: bool = True
    version: int = 1


class Person(SQLModel, table=True):
    """Somebody who signs in. `order_limit`: above it (euros before VAT) an order waits for approval."""

    __tablename__ = "people"
    __table_args__ = (
        Index("uq_people_email", text("lower(email)"), unique=True),
        CheckConstraint(f"roles <@ ARRAY[{_KNOWN_ROLES}]::text[]", name="known_roles"),
        CheckConstraint("locale IN ('fr', 'en')", name="known_locale"),
    )

    id: int | None = key()
    email: str
    name: str
    roles: list[str] = text_list(default_factory=list)
    company_id: int | None = Field(default=None, foreign_key="companies.id", index=True)
    locale: str = "fr"
    password_hash: str | None = None
    order_limit: Decimal | None = euros(default=None)
    active: bool = True
    version: int = 1


class JoinRequest(SQLModel, table=True):
    """A firm that asks to become a member, and what was decided."""

    __tablename__ = "join_requests"

    id: int | None = key()
    firm: str = ""
    siret: str | None = Field(default=None, max_length=14)
    street: str = Field(default="", sa_column_kwargs={"server_default": ""})
    postal_code: str = ""
    city: str = ""
    park_id: int = Field(foreign_key="parks.id")
    contact: str = ""
    email: str
    words: str = ""
    asked_at: datetime = instant(index=True)
    decided_at: datetime | None = instant(default=None)
    accepted: bool | None = None


class SignInSession(SQLModel, table=True):
    """A signed-in browser. Only the hash of its token is kept; revoking ends it at once."""

    __tablename__ = "sign_in_sessions"

    id: int | None = key()
    token_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="people.id", index=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    revoked_at: datetime | None = instant(default=None)
    user_agent: str = ""
    by_link: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class SignInLink(SQLModel, table=True):
    """A link sent by mail that signs in once."""

    __tablename__ = "sign_in_links"

    id: int | None = key()
    token_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="people.id", index=True)
    expires_at: datetime = instant()
    used_at: datetime | None = instant(default=None)


class SignInFailure(SQLModel, table=True):
    """A failed password, counted to slow down guessing: by address and by client (its network address)."""

    __tablename__ = "sign_in_failures"
    __table_args__ = (
        Index("ix_sign_in_failures_email_at", "email", "at"),
        Index("ix_sign_in_failures_client_at", "client", "at"),
    )

    id: int | None = key()
    email: str
    client: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    at: datetime = instant()


class IbanChange(SQLModel, table=True):
    """An account that somebody asked for, until a second person confirms it. `party`: the association, or the code of a
    supplier or firm."""

    __tablename__ = "iban_changes"

    party: str = Field(primary_key=True, max_length=60)
    iban: str = Field(max_length=34)
    asked_by: str
    asked_at: datetime = instant()


class ApiKey(SQLModel, table=True):
    """A key for programs: acts as its person, within its scopes. Only its hash is kept."""

    __tablename__ = "api_keys"
    __table_args__ = (CheckConstraint(f"scopes <@ ARRAY[{_KNOWN_SCOPES}]::text[]", name="known_scopes"),)

    id: int | None = key()
    name: str
    prefix: str = Field(unique=True)
    secret_hash: str = Field(unique=True)
    person_id: int = Field(foreign_key="people.id", index=True)
    scopes: list[str] = text_list(default_factory=list)
    created_at: datetime = instant()
    last_used_at: datetime | None = instant(default=None)
    expires_at: datetime | None = instant(default=None)
    revoked_at: datetime | None = instant(default=None)


class AccessToken(SQLModel, table=True):
    """A token that a program got for its key (OAuth 2.0 client credentials, RFC 6749 section 4.4); its hash only."""

    __tablename__ = "access_tokens"

    id: int | None = key()
    token_hash: str = Field(unique=True)
    api_key_id: int = Field(foreign_key="api_keys.id")
    scopes: list[str] = text_list(default_factory=list)
    expires_at: datetime = instant()
