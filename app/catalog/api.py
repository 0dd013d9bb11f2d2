"""Routes of the catalogue API."""

from typing import Annotated, Any

from fastapi import File, Form, Query, Response, UploadFile
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import OptionalActor, SignedIn
from app.accounts.permissions import Permission
from app.catalog import queries, schemas, service, suppliers
from app.catalog.assortment import hidden_from
from app.catalog.import_runs import get_run, start_import
from app.catalog.queries import CatalogFilter, Sort
from app.web.api import (
    DEFAULT_LIMIT,
    Cursor,
    ExpectedVersion,
    Id,
    Limit,
    PageOut,
    api_router,
    page_out,
    set_etag,
)
from app.web.bodies import MAX_ID, Euros, FormFlag, Text
from app.web.edge import SessionDep

router = api_router("catalogue")

Words = Annotated[Text, Query(max_length=200, description="Words, a SKU or a GTIN", examples=["gants nitrile"])]
LeastGrade = Annotated[str | None, Query(pattern="^[A-E]$", description="A charter grade, or a better one")]
MaxPrice = Annotated[Euros | None, Query()]
OneId = Annotated[int | None, Query(ge=1, le=MAX_ID)]


@router.get("/categories")
def list_categories(session: SessionDep) -> list[schemas.CategoryOut]:
    """Every category, by name."""
    return [schemas.CategoryOut.model_validate(category) for category in queries.list_categories(session)]


@router.get("/suppliers")
def list_suppliers(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[schemas.SupplierOut]:
    """Suppliers, by code."""
    service.require_prices(session, actor)
    return page_out(suppliers.list_suppliers(session, cursor, limit), schemas.SupplierOut)


@router.put("/suppliers/{code}/email")
def set_supplier_mail(
    session: SessionDep, actor: SignedIn, response: Response, code: Text, change: schemas.SupplierMailIn
) -> schemas.SupplierOut:
    """Set where a supplier's orders are mailed to."""
    supplier = service.set_supplier_mail(session, actor, code, change.email)
    set_etag(response, supplier.version)
    return schemas.SupplierOut.model_validate(supplier)


@router.get("/products")
def list_products(
    session: SessionDep,
    actor: OptionalActor,
    q: Words = "",
    category_id: OneId = None,
    supplier_id: OneId = None,
    max_price: MaxPrice = None,
    grade: LeastGrade = None,
    sort: Sort = Sort.RELEVANCE,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> PageOut[schemas.ProductOut]:
    """Products that can be ordered. The search forgives accents and typing errors."""
    service.require_prices(session, actor)
    wanted = CatalogFilter(q, category_id, supplier_id, max_price, grade, hidden_from(session, actor))
    return page_out(queries.list_products(session, wanted, sort, cursor, limit), schemas.ProductOut)


@router.get("/product-facets")
def count_facets(
    session: SessionDep,
    actor: OptionalActor,
    q: Words = "",
    category_id: OneId = None,
    supplier_id: OneId = None,
    max_price: MaxPrice = None,
    grade: LeastGrade = None,
) -> schemas.FacetsOut:
    """How many products match, by category and by supplier."""
    service.require_prices(session, actor)
    wanted = CatalogFilter(q, category_id, supplier_id, max_price, grade, hidden_from(session, actor))
    counted = queries.count_facets(session, wanted)
    return schemas.FacetsOut.model_validate(counted)


@router.get("/products/{product_id}")
def read_product(session: SessionDep, actor: OptionalActor, product_id: Id) -> schemas.ProductDetailOut:
    """A product with its offers side by side."""
    service.require_prices(session, actor)
    product = queries.get_product(session, product_id, hidden_from(session, actor))
    offers = [schemas.OfferOut.of(offer) for offer in product.offers]
    return schemas.ProductDetailOut(
        id=product.id,
        ref=product.ref,
        name=product.name,
        description=product.description,
        unit=product.unit,
        category=product.category,
        offers=offers,
    )


@router.get("/offers/{offer_id}")
def read_offer(session: SessionDep, actor: OptionalActor, response: Response, offer_id: Id) -> schemas.OfferOut:
    """One offer."""
    service.require_prices(session, actor)
    offer = queries.get_offer(session, offer_id, hidden_from(session, actor))
    set_etag(response, offer.version)
    return schemas.OfferOut.of(offer)


@router.patch("/offers/{offer_id}")
def change_offer(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    offer_id: Id,
    change: schemas.OfferChange,
    version: ExpectedVersion,
) -> schemas.OfferOut:
    """Withdraw an offer or bring it back."""
    changed = service.set_withdrawn(session, actor, offer_id, change.withdrawn, version)
    set_etag(response, changed.version)
    return schemas.OfferOut.of(queries.get_offer(session, offer_id))


Upload = Annotated[UploadFile, File(description="CSV or XLSX, columns as in docs/reference/files.md")]
DryRun = Annotated[FormFlag, Form(description="Report what would happen, change nothing")]
SkipBadRows = Annotated[FormFlag, Form(description="Import the good rows, report the others")]


def take_in(
    session: Session, actor: Actor, response: Response, file: UploadFile, kind: str, **options: Any
) -> schemas.ImportRunOut:
    """Queue a file's import; the answer says where to ask how it goes."""
    run = start_import(session, actor, kind=kind, file_name=file.filename or "", content=file.file.read(), **options)
    response.headers["Location"] = f"/api/v1/imports/{run.id}"
    return schemas.ImportRunOut.model_validate(run)


@router.post("/imports/suppliers", status_code=202)
def upload_suppliers(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    file: Upload,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
) -> schemas.ImportRunOut:
    """Import suppliers from a file, in the background: ask the answer's Location until it is done."""
    actor.require(Permission.MANAGE_CATALOG)
    return take_in(session, actor, response, file, "suppliers", dry_run=dry_run, skip_bad_rows=skip_bad_rows)


@router.post("/imports/offers", status_code=202)
def upload_offers(
    session: SessionDep,
    actor: SignedIn,
    response: Response,
    file: Upload,
    dry_run: DryRun = False,
    skip_bad_rows: SkipBadRows = False,
    withdraw_missing: Annotated[FormFlag, Form(description="Withdraw offers that the file leaves out")] = False,
) -> schemas.ImportRunOut:
    """Import offers, and the products and categories they name, in the background."""
    actor.require(Permission.MANAGE_CATALOG)
    return take_in(
        session,
        actor,
        response,
        file,
        "offers",
        dry_run=dry_run,
        skip_bad_rows=skip_bad_rows,
        withdraw_missing=withdraw_missing,
    )


@router.get("/imports/{run_id:int}")
def read_import(session: SessionDep, actor: SignedIn, run_id: Id) -> schemas.ImportRunOut:
    """How an import of mine goes: rows read so far, in the end its report or why it was refused."""
    return schemas.ImportRunOut.model_validate(get_run(session, actor, run_id))
