"""The files that were made for the bank or a platform."""

from collections.abc import Iterable
from functools import partial

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.billing.outgoing.service import take_back
from app.billing.payments.models.outgoing_files import FileKind, FileStatus
from app.billing.payments.outgoing_files import FileRow, get_file, list_files
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.forms import attempt
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/files")
def files_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The files, the last made first; `form` gives the list as a file."""
    if form is not None:
        return _table(every_row(lambda at, limit: list_files(session, actor, at, limit))).as_file(form)
    return _page(request, session, actor, cursor=cursor)


def _page(
    request: Request, session: Session, actor: Actor, error: str | None = None, cursor: str | None = None
) -> Response:
    page = list_files(session, actor, cursor, PAGE_SIZE)
    return render(
        request,
        "outgoing/files.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items),
        open_files=[one for one in page.items if one.status == FileStatus.MADE],
        error=error,
    )


def _table(rows: Iterable[FileRow]) -> Table:
    kinds = {
        FileKind.TRANSFERS: _("transfers"),
        FileKind.DEBITS: _("direct debits"),
        FileKind.EINVOICES: _("electronic invoices"),
    }
    states = {
        FileStatus.MADE: _("made"),
        FileStatus.CONFIRMED: _("carried out"),
        FileStatus.TAKEN_BACK: _("taken back"),
    }
    columns = [Column(_("File")), Column(_("For")), Column(_("Entries"), "number"), Column(_("Amount"), "money")]
    columns += [Column(_("Made"), "instant"), Column(_("By")), Column(_("State"))]
    return Table(
        "outgoing-files",
        columns,
        [
            (
                Link(row.name, f"/files/{row.id}/file", f"SHA-256 {row.sha256}"),
                kinds[FileKind(row.kind)],
                row.entries,
                row.amount or None,
            )
            + (row.made_at, row.made_by, states[FileStatus(row.status)])
            for row in rows
        ],
    )


@router.get("/files/{file_id:int}/file")
def fetch(session: SessionDep, actor: SignedIn, file_id: int) -> Response:
    """A file, the same bytes each time."""
    kept = get_file(session, actor, file_id)
    return documents({kept.name: kept.content}, kept.name)


@router.post("/files/{file_id:int}/return")
def take_file_back(request: Request, session: SessionDep, actor: SignedIn, file_id: int) -> Response:
    """Say that a file is not sent after all."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: take_back(session, actor, file_id), show, "/files")
