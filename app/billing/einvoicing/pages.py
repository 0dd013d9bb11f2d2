"""Electronic invoicing: what went to platforms and came from them, how far each is; where a platform posts to us."""

import hmac
from collections.abc import Iterable
from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Request, UploadFile
from fastapi.responses import JSONResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.billing.einvoicing import document_files, received_documents, transmissions
from app.billing.einvoicing.life_cycle import LifeCycle
from app.billing.einvoicing.platform import platform
from app.billing.einvoicing.queries import (
    TransmissionRow,
    count_transmissions,
    list_received,
    list_transmissions,
    unfit_documents,
)
from app.core.errors import NotFound
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.core.settings import get_settings
from app.web.edge import RawBody, SessionDep, TransactionRoute
from app.web.errors import MACHINES
from app.web.exports import ExportFormat
from app.web.forms import attempt
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
AFile = Annotated[UploadFile | None, File()]


def life_cycle_words() -> dict[str, str]:
    """The statuses of the life cycle, in words."""
    return {
        LifeCycle.DEPOSITED: _("deposited"),
        LifeCycle.EMITTED: _("sent by the platform"),
        LifeCycle.RECEIVED: _("received by the platform"),
        LifeCycle.AVAILABLE: _("made available"),
        LifeCycle.TAKEN_IN_CHARGE: _("taken in charge"),
        LifeCycle.APPROVED: _("approved"),
        LifeCycle.PARTLY_APPROVED: _("approved in part"),
        LifeCycle.DISPUTED: _("disputed"),
        LifeCycle.SUSPENDED: _("suspended"),
        LifeCycle.COMPLETED: _("completed"),
        LifeCycle.REFUSED: _("refused"),
        LifeCycle.PAYMENT_SENT: _("payment sent"),
        LifeCycle.CASHED: _("cashed"),
        LifeCycle.REJECTED: _("rejected by the platform"),
    }


@router.get("/einvoicing")
def einvoicing_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """What went out and came in; `form` gives what went out as a file."""
    actor.require(Permission.VIEW_COMMISSION)
    if form is not None:
        return _table(every_row(lambda at, limit: list_transmissions(session, at, limit))).as_file(form)
    return _page(request, session, actor, cursor=cursor)


def _page(
    request: Request, session: Session, actor: Actor, error: str | None = None, cursor: str | None = None
) -> Response:
    actor.require(Permission.VIEW_COMMISSION)
    page = list_transmissions(session, cursor, PAGE_SIZE)
    return render(
        request,
        "einvoicing/einvoicing.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items),
        counts=count_transmissions(session),
        received=list_received(session),
        unfit=unfit_documents(session),
        words=life_cycle_words(),
        by_file=platform() is None,
        error=error,
    )


def _table(rows: Iterable[TransmissionRow]) -> Table:
    states = {
        "waiting": _("waits"), "no_recipient": _("recipient unknown"), "sent": _("handed over"), "failed": _("refused"),
    }  # fmt: skip
    words = life_cycle_words()
    columns = [Column(_("Number")), Column(_("To")), Column("SIREN"), Column(_("State")), Column(_("How far"))]
    columns += [Column(_("Handed over"), "short_day"), Column(_("Words"))]
    return Table(
        "electronic-invoices",
        columns,
        [
            (Link(row.number, f"/invoices/{row.number}/file"), row.recipient, row.siren or "–", states[row.status])
            + (words[row.life_cycle] if row.life_cycle else "–", row.sent_on, row.failure or row.reason or "–")
            for row in rows
        ],
    )


@router.post("/einvoicing/files")
def take_away(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """What waits, as a ZIP for a platform that takes uploads; it counts as deposited, and waits among the files."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: document_files.take_away(session, actor), show, "/files")


@router.post("/einvoicing/directory")
def send_directory(request: Request, session: SessionDep, actor: SignedIn, file: AFile = None) -> Response:
    """Import the directory of recipients."""
    content = file.file.read() if file else b""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: transmissions.import_directory(session, actor, content), show, "/einvoicing")


@router.post("/einvoicing/statuses")
def send_statuses(request: Request, session: SessionDep, actor: SignedIn, file: AFile = None) -> Response:
    """Import what recipients say, by file."""
    content = file.file.read() if file else b""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: transmissions.import_statuses(session, actor, content), show, "/einvoicing")


@router.post("/einvoicing/received")
def send_invoice(request: Request, session: SessionDep, actor: SignedIn, file: AFile = None) -> Response:
    """Import an invoice that a supplier sent: UBL, CII or Factur-X."""
    content = file.file.read() if file else b""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: received_documents.upload_document(session, actor, content), show, "/einvoicing")


def _check_token(token: str) -> None:
    """Only the platform knows the address that it posts to."""
    ours = get_settings().einvoicing_token.get_secret_value()
    if not ours or not hmac.compare_digest(ours.encode(), token.encode()):
        raise NotFound("There is nothing here.")


@router.post("/einvoicing/{token}/invoices", tags=[MACHINES])
def invoice_from_platform(session: SessionDep, token: str, body: RawBody) -> Response:
    """Take in an invoice; the same one again changes nothing."""
    _check_token(token)
    received = received_documents.take_document(session, body)
    return JSONResponse({"id": received.id, "problem": received.problem}, 201)


@router.post("/einvoicing/{token}/responses", tags=[MACHINES])
def response_from_platform(session: SessionDep, token: str, body: RawBody) -> Response:
    """Take in what a recipient says of a document of ours; the same again changes nothing."""
    _check_token(token)
    return JSONResponse({"moved": transmissions.take_response(session, body)}, 201)
