"""The suppliers' API: their orders, their answers, what is on its way; nothing of others, nothing of members."""

import base64
import binascii
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any

from fastapi import Form, Header, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Scope
from app.accounts.sign_in import TOKEN_LASTS, issue_token
from app.catalog.suppliers import require_supplier
from app.core.errors import InvalidInput
from app.core.i18n import say
from app.orders import queries
from app.orders.documents.writing import DocumentFormat, order_files
from app.orders.models import LineAnswer, SupplierOrder, SupplierOrderStatus
from app.orders.service.acknowledging import Answer, acknowledge_order, get_supplier_order_of, refuse_order
from app.orders.service.despatching import Despatch, advise_despatch
from app.web.api import DEFAULT_LIMIT, Cursor, ExpectedVersion, Limit, PageOut, api_router, page_out, set_etag
from app.web.edge import SessionDep
from app.web.exports import documents

router = api_router("supplier")

Number = Annotated[str, Path(max_length=200, examples=["2026-S10-VOSGES"])]
Sku = Annotated[str, Field(max_length=80, examples=["VOS-001-03"])]
Units = Annotated[int, Field(ge=0, le=1_000_000_000)]


class Out(BaseModel):
    """Read from rows."""

    model_config = ConfigDict(from_attributes=True)


class TokenOut(BaseModel):
    """An access token (RFC 6749, section 5.1)."""

    access_token: str
    token_type: str = "Bearer"
    expires_in: int = Field(description="Seconds")
    scope: str


class OAuthErrorOut(BaseModel):
    """Why no token is given (RFC 6749, section 5.2)."""

    error: str = Field(examples=["invalid_client"])
    error_description: str


class OrderSummaryOut(Out):
    """An order in a list. Amounts are euros before VAT."""

    number: str
    round: str
    status: SupplierOrderStatus
    sent_at: datetime | None
    updated_at: datetime
    supplier_reference: str
    amount: Decimal
    line_count: int
    first_delivery_on: date | None


class LineOut(Out):
    """A line: what was ordered, what was answered, what came."""

    sku: str
    name: str
    gtin: str | None
    pack_size: int
    quantity: int = Field(description="Ordered, in sales units")
    confirmed_quantity: int | None
    received_quantity: int | None
    unit_price: Decimal
    asked_price: Decimal | None = Field(
        description="A dearer price asked for, that the association has to decide about"
    )
    vat_rate: Decimal
    amount: Decimal
    answer: LineAnswer | None
    answer_reason: str
    promised_on: date | None


class DropOut(Out):
    """Where goods go and when."""

    park: str
    park_name: str
    street: str
    postal_code: str
    city: str
    delivery_on: date
    received_at: datetime | None
    units: dict[str, int] = Field(description="Sales units by SKU")


class AdviceOut(Out):
    """A despatch advice."""

    number: str
    park: str
    carrier: str
    tracking: str
    expected_on: date
    advised_at: datetime
    lines: dict[str, int] = Field(description="Sales units by SKU")
    sscc: list[str]


class OrderOut(BaseModel):
    """An order with its lines, deliveries and despatch advices."""

    number: str
    status: SupplierOrderStatus
    supplier_reference: str
    sent_at: datetime | None
    acknowledged_at: datetime | None
    shipped_at: datetime | None
    received_at: datetime | None
    updated_at: datetime | None
    amount: Decimal
    eco_contribution: Decimal
    delivery_fee: Decimal
    lines: list[LineOut]
    drops: list[DropOut]
    despatch_advices: list[AdviceOut]


class LineAnswerIn(BaseModel):
    """What is answered to one line; what is left out stays as ordered."""

    sku: Sku
    quantity: Units | None = Field(
        default=None, description="At most what was ordered; 0 refuses the line", examples=[20]
    )
    unit_price: Decimal | None = Field(default=None, ge=0, le=10**7, decimal_places=4, examples=["7.9000"])
    promised_on: date | None = None
    back_ordered: bool = Field(default=False, description="All of it comes, on `promised_on`")
    reason: str = Field(default="", max_length=500, examples=["Out of stock until May"])


class AcknowledgementIn(BaseModel):
    """An answer to an order. Lines that it does not name are accepted as they are."""

    supplier_reference: str = Field(default="", max_length=80, examples=["AB-2026-118"])
    lines: list[LineAnswerIn] = Field(default_factory=list, max_length=10_000)


class RefusalIn(BaseModel):
    """Why an order is refused whole."""

    reason: str = Field(max_length=500, examples=["We no longer deliver to this park"])


class DespatchIn(BaseModel):
    """What is on its way to one park."""

    number: str = Field(min_length=1, max_length=80, examples=["BL-4711"])
    park: str = Field(max_length=40, examples=["nord"])
    expected_on: date
    carrier: str = Field(default="", max_length=100)
    tracking: str = Field(default="", max_length=200)
    sscc: list[str] = Field(default_factory=list, max_length=1000, examples=[["340123450000000017"]])
    lines: dict[str, int] = Field(default_factory=dict, description="Sales units by SKU; empty: all still to come")


@router.post(
    "/supplier/token",
    response_model=TokenOut,
    responses={
        400: {"model": OAuthErrorOut, "description": "Not a request that this endpoint takes"},
        401: {"model": OAuthErrorOut, "description": "Unknown, revoked or expired key"},
    },
)
def get_token(
    session: SessionDep,
    grant_type: Annotated[str, Form(json_schema_extra={"enum": ["client_credentials"]})] = "",
    scope: Annotated[str, Form(description="Some of the key's scopes, parted by blanks; empty: all")] = "",
    client_id: Annotated[str, Form(description="The key's prefix, where HTTP Basic is not used")] = "",
    client_secret: Annotated[str, Form(description="The key's whole text")] = "",
    authorization: Annotated[str | None, Header(description="HTTP Basic: prefix and text of the key")] = None,
) -> Response:
    """An access token for an API key: OAuth 2.0 client credentials (RFC 6749, section 4.4)."""
    if grant_type != "client_credentials":
        return _oauth_error("unsupported_grant_type", 400)
    given = _basic(authorization) or (client_id, client_secret)
    try:
        issued = issue_token(session, *given, scope.split())
    except InvalidInput as error:
        return _oauth_error("invalid_scope", 400, say(error))
    if issued is None:
        return _oauth_error("invalid_client", 401)
    token, granted = issued
    body = TokenOut(access_token=token, expires_in=int(TOKEN_LASTS.total_seconds()), scope=" ".join(granted))
    return JSONResponse(body.model_dump(), headers={"Cache-Control": "no-store"})


def _basic(authorization: str | None) -> tuple[str, str] | None:
    kind, _blank, encoded = (authorization or "").partition(" ")
    if kind.lower() != "basic":
        return None
    try:
        name, _colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


def _oauth_error(error: str, status: int, description: str = "") -> JSONResponse:
    headers = {"Cache-Control": "no-store"} | ({"WWW-Authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error, "error_description": description}, status, headers)


@router.get("/supplier/orders")
def list_own_orders(
    session: SessionDep,
    actor: SignedIn,
    updated_since: Annotated[AwareDatetime | None, Query(description="Only what changed since then")] = None,
    status: SupplierOrderStatus | None = None,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[OrderSummaryOut]:
    """My orders, those that changed last at the end; ask again with `updated_since` to see what is new."""
    supplier_id = _supplier(session, actor, Scope.ORDERS_READ)
    return page_out(
        queries.list_own_orders(session, supplier_id, cursor, limit, updated_since=updated_since, status=status),
        OrderSummaryOut,
    )


@router.get("/supplier/orders/{number}")
def read_own_order(session: SessionDep, actor: SignedIn, response: Response, number: Number) -> OrderOut:
    """One order of mine."""
    _supplier(session, actor, Scope.ORDERS_READ)
    return _shown(session, response, get_supplier_order_of(session, actor, number))


@router.get("/supplier/orders/{number}/documents/{form}", response_class=Response)
def read_own_documents(session: SessionDep, actor: SignedIn, number: Number, form: DocumentFormat) -> Response:
    """The order as Peppol UBL, Order-X, PDF, CSV or XLSX; a ZIP where it goes to several parks."""
    _supplier(session, actor, Scope.ORDERS_READ)
    get_supplier_order_of(session, actor, number)
    return documents(order_files(session, number, form), number)


@router.post("/supplier/orders/{number}/acknowledgement")
def acknowledge_own_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Number,
    answer: AcknowledgementIn,
    version: ExpectedVersion,
) -> OrderOut:
    """Accept an order, or change, back-order or refuse lines of it. What is taken away is shared out again at once."""
    _supplier(session, actor, Scope.ORDERS_WRITE)
    answered = acknowledge_order(
        session,
        actor,
        number,
        [Answer(**line.model_dump()) for line in answer.lines],
        supplier_reference=answer.supplier_reference,
        expected_version=version,
    )
    return _shown(session, response, answered)


@router.post("/supplier/orders/{number}/refusal")
def refuse_own_order(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    number: Number,
    refusal: RefusalIn,
    version: ExpectedVersion,
) -> OrderOut:
    """Refuse an order whole."""
    _supplier(session, actor, Scope.ORDERS_WRITE)
    refused = refuse_order(session, actor, number, refusal.reason, expected_version=version)
    return _shown(session, response, refused)


@router.post("/supplier/orders/{number}/despatch-advices", status_code=201)
def advise_own_despatch(
    session: SessionDep, actor: SignedIn, response: Response, number: Number, advice: DespatchIn
) -> OrderOut:
    """Say what is on its way to a park. The first advice accepts an order that was not answered."""
    _supplier(session, actor, Scope.ORDERS_WRITE)
    given = advice.model_dump(exclude={"park"})
    advise_despatch(session, actor, number, Despatch(park_code=advice.park, **given))
    return _shown(session, response, get_supplier_order_of(session, actor, number))


def _supplier(session: Session, actor: Actor, scope: Scope) -> int:
    actor.require_scope(scope)
    return require_supplier(session, actor)


def _shown(session: Session, response: Response, order: SupplierOrder) -> OrderOut:
    session.flush()
    order_id = order.id or 0
    shown: dict[str, Any] = {name: getattr(order, name) for name in OrderOut.model_fields if hasattr(order, name)}
    set_etag(response, order.version)
    return OrderOut(
        **shown,
        lines=[LineOut.model_validate(line) for line in queries.own_lines(session, order_id)],
        drops=[DropOut.model_validate(drop) for drop in queries.own_drops(session, order_id)],
        despatch_advices=[AdviceOut.model_validate(advice) for advice in queries.own_advices(session, order_id)],
    )
