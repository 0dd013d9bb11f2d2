"""Pages of the catalogue's keeper: importing files, with a dry run that shows what would change; who sees what."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts import sign_in
from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import COMPANY_ROLES, Permission, Role
from app.accounts.queries import list_companies, list_parks
from app.catalog import assortment, suppliers
from app.catalog.import_runs import ImportRun, get_run, list_runs, start_import
from app.catalog.queries import list_categories
from app.catalog.service import set_supplier_mail
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, export
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
Text = Annotated[str, Form(max_length=200)]


@router.get("/imports")
def imports_page(request: Request, session: SessionDep, actor: SignedIn, form: ExportFormat | None = None) -> Response:
    """The form to import suppliers and offers, and my last imports; `form` gives these as a file."""
    actor.require(Permission.MANAGE_CATALOG)
    if form is not None:
        columns = [Column(_("File")), Column(_("Sent"), "instant"), Column(_("State"), "status")]
        columns.append(Column(_("Rows"), "number"))
        rows = [(r.file_name, r.created_at, r.status.value, r.rows_read) for r in list_runs(session, actor)]
        return Table("imports", columns, rows).as_file(form)
    return render(request, "catalog/imports.html", runs=list_runs(session, actor), error=None)


@router.post("/imports")
def send_file(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form(pattern="^(offers|suppliers)$")],
    dry_run: Annotated[bool, Form()] = False,
    skip_bad_rows: Annotated[bool, Form()] = False,
    withdraw_missing: Annotated[bool, Form()] = False,
) -> Response:
    """Take a file in; its import goes on in the background."""
    actor.require(Permission.MANAGE_CATALOG)
    content = file.file.read()
    if not file.filename or not content:
        error = _("Choose a file first.")
        return render(request, "catalog/imports.html", status_code=422, runs=list_runs(session, actor), error=error)
    options = {"dry_run": dry_run, "skip_bad_rows": skip_bad_rows}
    if kind == "offers":
        options["withdraw_missing"] = withdraw_missing
    run = start_import(session, actor, kind=kind, file_name=file.filename, content=content, **options)
    return RedirectResponse(f"/imports/{run.id}", 303)


@router.get("/imports/{run_id}")
def import_page(
    request: Request, session: SessionDep, actor: SignedIn, run_id: int, form: ExportFormat | None = None
) -> Response:
    """How an import goes, and its report; while it runs the page comes again by itself. `form` gives the report."""
    run = get_run(session, actor, run_id)
    if form is not None:
        return _report_table(run).as_file(form)
    response = render(request, "catalog/import.html", run=run, report=run.report)
    if run.finished_at is None:
        response.headers["Refresh"] = "2"
    return response


def _report_table(run: ImportRun) -> Table:
    """Everything that the report lists, a row each."""
    columns = [Column(_("What")), Column(_("Line")), Column(_("Column")), Column(_("Value")), Column(_("Cure"))]
    report = run.report or {}
    rows: list[tuple[object, ...]] = [
        (_("Cells that cannot be read"), bad["line"], bad["column"], bad["value"], bad["cure"])
        for bad in (*run.bad_cells, *report.get("bad_cells", []))
    ]
    rows += [
        (_("Prices that jump"), "", jump["code"], f"{jump['old_price']} > {jump['new_price']}", jump["name"])
        for jump in report.get("price_jumps", [])
    ]
    for kind, words in (("new", _("New")), ("changed", _("Changed")), ("gone", _("Gone from the file"))):
        rows += [(words, "", row["code"], row["name"], "") for row in report.get(kind, [])]
    return Table(f"import-{run.id}", columns, rows)


Number = Annotated[str, Form(pattern=r"^\d{0,9}$")]


@router.get("/assortment")
def assortment_page(
    request: Request, session: SessionDep, actor: SignedIn, form: ExportFormat | None = None
) -> Response:
    """Who sees what: categories and offers that are open to some only."""
    if form is not None:
        actor.require(Permission.MANAGE_CATALOG)
        header = [_("Category"), _("Offer"), _("Firm"), _("Park"), _("Role")]
        return export(form, "assortment", header, [rule[1:] for rule in assortment.list_rules(session)])
    return _assortment(request, session, actor)


def _assortment(request: Request, session: Session, actor: Actor, error: str | None = None, **typed: str) -> Response:
    actor.require(Permission.MANAGE_CATALOG)
    return render(
        request,
        "catalog/assortment.html",
        status_code=422 if error else 200,
        rules=assortment.list_rules(session),
        categories=list_categories(session),
        companies=list(every_row(lambda cursor, limit: list_companies(session, cursor, limit))),
        parks=list_parks(session),
        roles=sorted(role.value for role in COMPANY_ROLES),
        error=error,
        typed=typed,
    )


@router.post("/assortment")
def restrict(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    category_id: Number = "",
    sku: Annotated[str, Form(max_length=80)] = "",
    company_id: Number = "",
    park_id: Number = "",
    role: Annotated[str, Form(pattern="^(employee|approver)?$")] = "",
) -> Response:
    """Open a category or an offer to some only."""
    try:
        with session.begin_nested():
            assortment.open_to(
                session,
                actor,
                category_id=_number(category_id),
                sku=sku,
                company_id=_number(company_id),
                park_id=_number(park_id),
                role=Role(role) if role else None,
            )
    except DomainError as refusal:
        typed = {"category_id": category_id, "sku": sku, "company_id": company_id, "park_id": park_id, "role": role}
        return _assortment(request, session, actor, say(refusal), **typed)
    return RedirectResponse("/assortment", 303)


def _number(value: str) -> int | None:
    return int(value) if value else None


@router.post("/assortment/{rule_id}/delete")
def drop_rule(session: SessionDep, actor: SignedIn, rule_id: int) -> Response:
    """Take a rule away."""
    assortment.drop_rule(session, actor, rule_id)
    return RedirectResponse("/assortment", 303)


@router.get("/suppliers")
def suppliers_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """Suppliers: where their orders go, who speaks for them; `form` gives them as a file."""
    if form is not None:
        actor.require(Permission.MANAGE_CATALOG)
        return _suppliers(every_row(lambda at, limit: suppliers.list_supplier_rows(session, at, limit))).as_file(form)
    return _suppliers_page(request, session, actor, cursor)


def _suppliers(rows: Iterable[suppliers.SupplierRow]) -> Table:
    columns = [
        Column(_("Supplier")),
        Column(_("Town")),
        Column(_("Orders are mailed to")),
        Column(_("Offers"), "number"),
    ]
    columns += [Column(_("Who speaks for it")), Column(_("API used"), "instant")]
    return Table(
        "suppliers",
        columns,
        (
            (
                Link(row.name, f"/suppliers/{row.code}", row.code),
                row.city,
                row.email or "–",
                row.offer_count,
                row.speakers or "–",
            )
            + (row.key_used_at,)
            for row in rows
        ),
    )


def _suppliers_page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None, **typed: str
) -> Response:
    actor.require(Permission.MANAGE_CATALOG)
    page = suppliers.list_supplier_rows(session, cursor, PAGE_SIZE)
    return render(
        request,
        "catalog/suppliers.html",
        status_code=422 if error else 200,
        page=page,
        table=_suppliers(page.items),
        error=error,
        typed=typed,
    )


@router.post("/suppliers/mail")
def set_mail(request: Request, session: SessionDep, actor: SignedIn, code: Text = "", email: Text = "") -> Response:
    """Set where a supplier's orders are mailed to; nowhere, if nothing is typed."""
    try:
        with session.begin_nested():
            set_supplier_mail(session, actor, code, email.strip() or None)
    except DomainError as refusal:
        return _suppliers_page(request, session, actor, error=say(refusal), code=code, email=email)
    return RedirectResponse("/suppliers", 303)


@router.post("/suppliers/people")
def invite_speaker(
    request: Request, session: SessionDep, actor: SignedIn, code: Text = "", email: Text = "", name: Text = ""
) -> Response:
    """Invite somebody who speaks for a supplier."""
    try:
        with session.begin_nested():
            added = suppliers.add_supplier_user(session, actor, code, email=email, name=name.strip())
            sign_in.invite_all(session, [added])
    except DomainError as refusal:
        return _suppliers_page(request, session, actor, error=say(refusal), invited_code=code, invited=email, name=name)
    return RedirectResponse("/suppliers", 303)
