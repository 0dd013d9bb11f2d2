"""Pages of the catalogue's keeper: importing files, with a dry run that shows what would change."""

from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.exchange import OFFER_COLUMNS, SUPPLIER_COLUMNS
from app.catalog.imports import ImportReport, import_offers, import_suppliers
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import say
from app.web.edge import SessionDep, TransactionRoute
from app.web.rendering import render
from app.web.uploads import uploaded_table

router = APIRouter(route_class=TransactionRoute)


@router.get("/imports")
def imports_page(request: Request, actor: SignedIn) -> Response:
    """The forms to import suppliers and offers."""
    actor.require(Permission.MANAGE_CATALOG)
    return render(request, "catalog/imports.html", report=None, error=None)


@router.post("/imports")
def import_file(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    file: Annotated[UploadFile, File()],
    kind: Annotated[str, Form()],
    dry_run: Annotated[bool, Form()] = False,
    skip_bad_rows: Annotated[bool, Form()] = False,
    withdraw_missing: Annotated[bool, Form()] = False,
) -> Response:
    """Import a file, or show what it would do. A refused file changes nothing."""
    actor.require(Permission.MANAGE_CATALOG)
    report: ImportReport | None = None
    try:
        with (
            session.begin_nested(),
            uploaded_table(file, SUPPLIER_COLUMNS if kind == "suppliers" else OFFER_COLUMNS) as reader,
        ):
            if not file.filename:
                raise InvalidInput("Choose a file first.")
            if kind == "suppliers":
                report = import_suppliers(session, actor, reader, dry_run=dry_run, skip_bad_rows=skip_bad_rows)
            else:
                report = import_offers(
                    session,
                    actor,
                    reader,
                    dry_run=dry_run,
                    skip_bad_rows=skip_bad_rows,
                    withdraw_missing=withdraw_missing,
                )
    except DomainError as error:
        bad_cells = getattr(error, "bad_cells", [])
        return render(
            request, "catalog/imports.html", status_code=422, report=None, error=say(error), bad_cells=bad_cells
        )
    return render(request, "catalog/imports.html", report=report, error=None)
