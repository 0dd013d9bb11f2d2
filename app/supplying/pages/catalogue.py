"""A supplier's catalogue on screen: its offers with their stock, files of them, and what it shows for the charter."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, File, Form, Query, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.catalog.import_runs import list_runs, start_import
from app.catalog.supplier_offers import OfferChange, OwnOfferRow, change_own_offers, list_own_offers
from app.catalog.suppliers import require_supplier
from app.core.errors import DomainError
from app.core.i18n import current_locale, say
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.sourcing.charter.evidence import (
    MADE_IN,
    MADE_IN_WORDS,
    EvidenceRow,
    MakingPlace,
    file_of,
    get_own_evidence,
    list_own_evidence,
    submit_evidence,
    withdraw_evidence,
    words_of_criteria,
)
from app.sourcing.charter.supplier_grades import OwnScore, list_own_scores, own_grades
from app.sourcing.charter.versions import current_charter
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.forms import Texts, rows_of, typed_day, typed_quantity
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)
Words = Annotated[str, Query(max_length=200)]


@router.get("/supplier/catalogue")
def catalogue_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    q: Words = "",
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """My firm's offers: stock in the rows, files above; `form` gives all of them as a file."""
    if form is not None:
        supplier_id = require_supplier(session, actor)
        rows = every_row(lambda at, limit: list_own_offers(session, supplier_id, at, limit, words=q))
        return _offers(rows).as_file(form)
    return _catalogue(request, session, actor, q, cursor)


def _catalogue(
    request: Request, session: Session, actor: Actor, q: str = "", cursor: str | None = None, error: str | None = None
) -> Response:
    supplier_id = require_supplier(session, actor)
    return render(
        request,
        "supplying/catalogue.html",
        status_code=422 if error else 200,
        page=list_own_offers(session, supplier_id, cursor, PAGE_SIZE, words=q),
        runs=list_runs(session, actor),
        q=q,
        error=error,
    )


def _offers(rows: Iterable[OwnOfferRow]) -> Table:
    """The columns of an offers file, so that it can be changed and sent back."""
    names = ["sku", "product_ref", "name", "category", "gtin", "pack_size", "min_quantity", "lead_time_days"]
    names += ["vat_rate", "price_tiers", "stock", "withdrawn"]
    return Table(
        "offers",
        [Column(name) for name in names],
        (
            (row.sku, row.product_ref, row.name, row.category, row.gtin, row.pack_size, row.min_quantity)
            + (row.lead_time_days, row.vat_rate, "|".join(f"{q}:{price}" for q, price in row.tiers), row.stock)
            + ("yes" if row.withdrawn else "",)
            for row in rows
        ),
    )


@router.post("/supplier/catalogue")
def send_catalogue(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    file: Annotated[UploadFile | None, File()] = None,
    whole: Annotated[bool, Form()] = False,
    dry_run: Annotated[bool, Form()] = False,
    skip_bad_rows: Annotated[bool, Form()] = False,
) -> Response:
    """Import a file of my offers in the background."""
    require_supplier(session, actor)
    content = file.file.read() if file else b""
    if file is None or not content:
        return _catalogue(request, session, actor, error=_("Choose a file first."))
    options = {"whole": whole, "dry_run": dry_run, "skip_bad_rows": skip_bad_rows}
    run = start_import(session, actor, kind="own_offers", file_name=file.filename or "", content=content, **options)
    return RedirectResponse(f"/imports/{run.id}", 303)


@router.post("/supplier/catalogue/stock")
def set_stock(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    sku: Texts = [],  # noqa: B006 - FastAPI copies it
    stock: Texts = [],  # noqa: B006
) -> Response:
    """Say what is in stock now, for the rows where something is typed."""
    try:
        with session.begin_nested():
            typed = [OfferChange(one, typed_quantity(count, one)) for one, count in rows_of(sku, stock)]
            change_own_offers(session, actor, [change for change in typed if change.stock is not None])
    except DomainError as refusal:
        return _catalogue(request, session, actor, error=say(refusal))
    return RedirectResponse("/supplier/catalogue", 303)


@router.get("/supplier/charter")
def evidence_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """What my firm shows for the charter, and what it asks for."""
    if form is not None:
        supplier_id = require_supplier(session, actor)
        rows = every_row(lambda at, most: list_own_evidence(session, supplier_id, at, most))
        return _evidence_table(session, rows).as_file(form)
    return _evidence(request, session, actor, cursor)


def _evidence(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None
) -> Response:
    locale, charter = current_locale(), current_charter(session)
    supplier_id = require_supplier(session, actor)
    criteria = [(one.key, one.words.said_in(locale), one.of_supplier, str(one.points)) for one in charter.criteria]
    criterion_words, trust_words = _said(session)
    return render(
        request,
        "supplying/charter.html",
        status_code=422 if error else 200,
        page=list_own_evidence(session, supplier_id, cursor, PAGE_SIZE),
        criteria=[(MADE_IN, MADE_IN_WORDS.said_in(locale), False, ""), *criteria],
        criterion_words=criterion_words,
        trust_words=trust_words,
        grades=own_grades(session, supplier_id),
        error=error,
    )


def _said(session: Session) -> tuple[dict[str, str], dict[str, str]]:
    """What criteria and trusts of the charter are called, by key, in the current language."""
    locale, charter = current_locale(), current_charter(session)
    criteria = {key: words.said_in(locale) for key, words in words_of_criteria(charter).items()}
    return criteria, {one.key: one.words.said_in(locale) for one in charter.trusts}


def _evidence_table(session: Session, rows: Iterable[EvidenceRow]) -> Table:
    criteria, trusts = _said(session)
    columns = [Column(_("What is looked for")), Column(_("SKU")), Column(_("Article")), Column(_("What it is"))]
    columns += [Column(_("Expires"), "day"), Column(_("File")), Column(_("How far it is believed"))]
    return Table(
        "evidence",
        columns,
        (
            (
                criteria.get(row.criterion, row.criterion),
                row.sku,
                row.article,
                row.words,
                row.expires_on,
                row.file_name,
                trusts[row.trust],
            )
            for row in rows
        ),
    )


@router.post("/supplier/charter")
def show_evidence(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    criterion: Annotated[str, Form(max_length=40)] = "",
    sku: Annotated[str, Form(max_length=80)] = "",
    words: Annotated[str, Form(max_length=500)] = "",
    expires_on: Annotated[str, Form(max_length=10)] = "",
    country: Annotated[str, Form(max_length=2)] = "",
    postal_code: Annotated[str, Form(max_length=10)] = "",
    city: Annotated[str, Form(max_length=100)] = "",
    siret: Annotated[str, Form(max_length=20)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """Show something for a criterion, or where things are made."""
    try:
        with session.begin_nested():
            submit_evidence(
                session,
                actor,
                criterion,
                sku=sku.strip(),
                words=words,
                expires_on=typed_day(expires_on),
                file_name=(file.filename or "") if file else "",
                content=file.file.read() if file else None,
                place=MakingPlace(country, postal_code, city, siret),
            )
    except DomainError as refusal:
        return _evidence(request, session, actor, error=say(refusal))
    return RedirectResponse("/supplier/charter", 303)


@router.get("/supplier/charter/articles")
def grades_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The grade of each of my articles, and why; `form` gives them as a file."""
    supplier_id = require_supplier(session, actor)
    if form is not None:
        return _grades(every_row(lambda at, most: list_own_scores(session, supplier_id, at, most))).as_file(form)
    page = list_own_scores(session, supplier_id, cursor, PAGE_SIZE)
    return render(request, "supplying/grades.html", page=page)


def _grades(rows: Iterable[OwnScore]) -> Table:
    columns = [Column(_("SKU")), Column(_("Article")), Column(_("Grade")), Column(_("Score"), "number")]
    columns += [Column(_("Origin"), "number"), Column(_("Social"), "number"), Column(_("Environment"), "number")]
    columns.append(Column(_("Known, in percent"), "number"))
    return Table(
        "grades",
        columns,
        (
            (row.sku, row.name, row.why.score.grade, row.why.score.score, row.why.score.origin)
            + (row.why.score.social, row.why.score.environment, row.why.known)
            for row in rows
        ),
    )


@router.get("/supplier/charter/{evidence_id:int}/file")
def evidence_file(session: SessionDep, actor: SignedIn, evidence_id: int) -> Response:
    """The file of a piece of evidence."""
    name, content = file_of(get_own_evidence(session, actor, evidence_id))
    return documents({name: content}, name)


@router.post("/supplier/charter/{evidence_id}/withdraw")
def take_back_evidence(session: SessionDep, actor: SignedIn, evidence_id: int) -> Response:
    """Take back what was shown."""
    withdraw_evidence(session, actor, evidence_id)
    return RedirectResponse("/supplier/charter", 303)
