"""Pages of the catalogue's keeper: importing files, with a dry run that shows what would change."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.import_runs import get_run, list_runs, start_import
from app.core.i18n import gettext as _
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)


@router.get("/imports")
def imports_page(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """The form to import suppliers and offers, and my last imports."""
    actor.require(Permission.MANAGE_CATALOG)
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
def import_page(request: Request, session: SessionDep, actor: SignedIn, run_id: int) -> Response:
    """How an import goes, and its report; while it runs the page comes again by itself."""
    run = get_run(session, actor, run_id)
    response = render(request, "catalog/import.html", run=run, report=run.report)
    if run.finished_at is None:
        response.headers["Refresh"] = "2"
    return response
