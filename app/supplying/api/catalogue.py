"""A supplier's catalogue: files in the background, stock and prices in bulk, what it shows for the charter."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated

from fastapi import File, Form, Query, Response, UploadFile
from pydantic import BaseModel, Field

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Scope
from app.catalog.api import DryRun, SkipBadRows
from app.catalog.import_runs import get_run, start_import
from app.catalog.schemas import ImportRunOut, TierOut
from app.catalog.supplier_offers import MOST_CHANGES, OfferChange, change_own_offers, list_own_offers
from app.sourcing.charter.evidence import (
    MADE_IN,
    MakingPlace,
    file_of,
    get_own_evidence,
    list_own_evidence,
    submit_evidence,
    withdraw_evidence,
)
from app.sourcing.charter.models import EvidenceStatus
from app.sourcing.charter.schemas import ScoreOut
from app.sourcing.charter.supplier_grades import list_own_scores
from app.sourcing.charter.version import FIRST_VERSION
from app.supplying.api.access import supplier_within
from app.supplying.schemas import Sku
from app.web.api import DEFAULT_LIMIT, Cursor, Id, Limit, PageOut, api_router, page_out
from app.web.bodies import Body, Day, Flag, FormFlag, Named, Out, Text, UnitPrice, Units, Whole
from app.web.edge import SessionDep
from app.web.exports import documents

router = api_router("supplier")
_CRITERIA = ", ".join(f"`{key}`" for key in (*(one.key for one in FIRST_VERSION.criteria), MADE_IN))


class OwnOfferOut(Out):
    """One of my offers; prices in euros before VAT, from a quantity of the whole group on."""

    sku: str
    name: str
    product_ref: str
    category: str
    gtin: str | None
    pack_size: int
    min_quantity: int
    lead_time_days: int
    vat_rate: Decimal
    price_tiers: list[TierOut]
    stock: int | None
    stock_at: datetime | None
    withdrawn: bool


class TierIn(Body):
    """From this quantity of the whole group on, everyone's unit price."""

    from_quantity: Whole = Field(ge=1, le=1_000_000_000, examples=[10])
    unit_price: UnitPrice = Field(examples=["11.9000"])


class OfferChangeIn(Body):
    """What changes about an offer; what is left out stays."""

    sku: Sku
    stock: Units | None = None
    price_tiers: list[TierIn] | None = Field(default=None, min_length=1, max_length=20)
    lead_time_days: Whole | None = Field(default=None, ge=0, le=3650)
    withdrawn: Flag | None = None


class OfferChangesIn(Body):
    """Many changes at once: all are made, or none."""

    items: list[OfferChangeIn] = Field(
        min_length=1, max_length=MOST_CHANGES, examples=[[{"sku": "VOS-001-03", "stock": 120}]]
    )


class ChangedOut(BaseModel):
    """How many offers differ now."""

    changed: int


class EvidenceOut(Out):
    """Something shown for the charter, and how far it is believed."""

    id: int
    criterion: str
    sku: str | None
    words: str
    country: str
    place: str
    expires_on: date | None
    file_name: str
    status: EvidenceStatus
    decided_words: str = Field(description="How it was checked, or why it was refused")
    trust: str = Field(description="`declared`, `documented`, `verified` or `expired`")
    sent_at: datetime


@router.get("/supplier/offers")
def list_my_offers(
    session: SessionDep,
    actor: SignedIn,
    q: Annotated[Text, Query(max_length=200, description="Part of a name, or the beginning of a SKU")] = "",
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[OwnOfferOut]:
    """My offers by SKU, withdrawn ones too."""
    page = list_own_offers(session, supplier_within(session, actor, Scope.CATALOG_WRITE), cursor, limit, words=q)
    items = [
        OwnOfferOut(
            **{name: value for name, value in row._asdict().items() if name != "tiers"},
            price_tiers=[TierOut(from_quantity=quantity, unit_price=price) for quantity, price in row.tiers],
        )
        for row in page.items
    ]
    return PageOut(items=items, next_cursor=page.next_cursor)


@router.patch("/supplier/offers")
def change_my_offers(session: SessionDep, actor: SignedIn, changes: OfferChangesIn) -> ChangedOut:
    """Change stock, prices, lead times of many offers, or withdraw them and bring them back."""
    supplier_within(session, actor, Scope.CATALOG_WRITE)
    asked = [
        OfferChange(
            **change.model_dump(exclude={"price_tiers"}),
            price_tiers=None
            if change.price_tiers is None
            else [(tier.from_quantity, tier.unit_price) for tier in change.price_tiers],
        )
        for change in changes.items
    ]
    return ChangedOut(changed=change_own_offers(session, actor, asked))


@router.post("/supplier/catalogue", status_code=202)
def upload_my_catalogue(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    file: Annotated[UploadFile, File(description="CSV or XLSX, columns as of an offers file, without the supplier")],
    whole: Annotated[FormFlag, Form(description="Withdraw what the file leaves out; else it is a difference")] = False,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
) -> ImportRunOut:
    """Import a file of my offers in the background: ask the answer's Location until it is done."""
    supplier_within(session, actor, Scope.CATALOG_WRITE)
    run = start_import(
        session,
        actor,
        kind="own_offers",
        file_name=file.filename or "",
        content=file.file.read(),
        whole=whole,
        dry_run=dry_run,
        skip_bad_rows=skip_bad_rows,
    )
    response.headers["Location"] = f"/api/v1/supplier/catalogue/{run.id}"
    return ImportRunOut.model_validate(run)


@router.get("/supplier/catalogue/{run_id}")
def read_my_catalogue_upload(session: SessionDep, actor: SignedIn, run_id: Id) -> ImportRunOut:
    """How an upload goes: rows read so far, in the end its report, or why it was refused."""
    supplier_within(session, actor, Scope.CATALOG_WRITE)
    return ImportRunOut.model_validate(get_run(session, actor, run_id))


@router.get("/supplier/evidence")
def list_my_evidence(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[EvidenceOut]:
    """What I show for the charter, the newest first."""
    return page_out(
        list_own_evidence(session, supplier_within(session, actor, Scope.CATALOG_WRITE), cursor, limit), EvidenceOut
    )


@router.post("/supplier/evidence", status_code=201)
def submit_my_evidence(
    session: SessionDep,
    actor: SignedIn,
    criterion: Annotated[Named, Form(max_length=40, description=f"One of {_CRITERIA}")],
    sku: Annotated[Text, Form(max_length=80, description="The article, where the criterion is about one")] = "",
    words: Annotated[Text, Form(max_length=500, description="What it is: label, number, scope")] = "",
    expires_on: Annotated[Day | None, Form()] = None,
    country: Annotated[Text, Form(max_length=2, description="Of `made_in`: where it is made, ISO 3166-1")] = "",
    postal_code: Annotated[Text, Form(max_length=10, description="Of `made_in`")] = "",
    city: Annotated[Text, Form(max_length=100, description="Of `made_in`")] = "",
    siret: Annotated[Text, Form(max_length=20, description="Of `made_in`: the maker's site, in France")] = "",
    file: Annotated[UploadFile | None, File(description="PDF, PNG or JPEG")] = None,
) -> EvidenceOut:
    """Show something for a criterion of the charter; with a file it is believed more."""
    supplier_id = supplier_within(session, actor, Scope.CATALOG_WRITE)
    submit_evidence(
        session,
        actor,
        criterion,
        sku=sku,
        words=words,
        expires_on=expires_on,
        file_name=(file.filename or "") if file else "",
        content=file.file.read() if file else None,
        place=MakingPlace(country, postal_code, city, siret),
    )
    return EvidenceOut.model_validate(list_own_evidence(session, supplier_id, None, 1).items[0])


@router.get("/supplier/evidence/{evidence_id}/file", response_class=Response)
def read_my_evidence_file(session: SessionDep, actor: SignedIn, evidence_id: Id) -> Response:
    """The file of a piece of evidence."""
    supplier_within(session, actor, Scope.CATALOG_WRITE)
    name, content = file_of(get_own_evidence(session, actor, evidence_id))
    return documents({name: content}, name)


@router.delete("/supplier/evidence/{evidence_id}", status_code=204)
def withdraw_my_evidence(session: SessionDep, actor: SignedIn, evidence_id: Id) -> None:
    """Take back what I showed."""
    supplier_within(session, actor, Scope.CATALOG_WRITE)
    withdraw_evidence(session, actor, evidence_id)


class OwnScoreOut(BaseModel):
    """One of my offers, and why it has its score."""

    sku: str
    name: str
    score: ScoreOut


@router.get("/supplier/scores")
def list_my_scores(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[OwnScoreOut]:
    """The score of each of my offers by SKU: what counted, what is unknown, what would raise it."""
    page = list_own_scores(session, supplier_within(session, actor, Scope.CATALOG_WRITE), cursor, limit)
    items = [OwnScoreOut(sku=one.sku, name=one.name, score=ScoreOut.of(one.why)) for one in page.items]
    return PageOut(items=items, next_cursor=page.next_cursor)
