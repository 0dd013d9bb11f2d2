"""What suppliers show, for the association: looked at, verified, refused."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.core.errors import DomainError
from app.core.i18n import current_locale, say
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.sourcing.charter.evidence import file_of, words_of_criteria
from app.sourcing.charter.verification import (
    EvidenceToLookAt,
    get_evidence,
    list_evidence,
    refuse_evidence,
    verify_evidence,
)
from app.sourcing.charter.versions import current_charter
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)
Words = Annotated[str, Form(max_length=500)]


@router.get("/sourcing/evidence")
def evidence_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    every: bool = False,
    form: ExportFormat | None = None,
) -> Response:
    """Evidence that nobody looked at yet, or `every` piece; `form` gives it as a file."""
    if form is not None:
        rows = every_row(lambda at, limit: list_evidence(session, actor, at, limit, only_new=not every))
        return _table(session, rows).as_file(form)
    return _page(request, session, actor, cursor, every=every)


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, *, every: bool = False,
    error: str | None = None,
) -> Response:  # fmt: skip
    return render(
        request,
        "charter/evidence.html",
        status_code=422 if error else 200,
        page=list_evidence(session, actor, cursor, PAGE_SIZE, only_new=not every),
        every=every,
        error=error,
        **_words(session),
    )


def _words(session: Session) -> dict[str, dict[str, str]]:
    locale, charter = current_locale(), current_charter(session)
    return {
        "criterion_words": {key: words.said_in(locale) for key, words in words_of_criteria(charter).items()},
        "trust_words": {one.key: one.words.said_in(locale) for one in charter.trusts},
    }


def _table(session: Session, rows: Iterable[EvidenceToLookAt]) -> Table:
    columns = [Column(_("Supplier")), Column(_("What is looked for")), Column(_("SKU")), Column(_("What it is"))]
    columns += [Column(_("Place")), Column(_("Country")), Column(_("Expires"), "day"), Column(_("File"))]
    columns += [Column(_("How far it is believed")), Column(_("Decided by")), Column(_("Why"))]
    words = _words(session)
    criteria, trusts = words["criterion_words"], words["trust_words"]
    return Table(
        "evidence",
        columns,
        (
            (row.supplier, criteria.get(row.criterion, row.criterion), row.sku, row.words, row.place, row.country)
            + (row.expires_on, row.file_name, trusts[row.trust], row.decided_by, row.decided_words)
            for row in rows
        ),
    )


@router.get("/sourcing/evidence/{evidence_id}/file")
def evidence_file(session: SessionDep, actor: SignedIn, evidence_id: int) -> Response:
    """The file of a piece of evidence."""
    name, content = file_of(get_evidence(session, actor, evidence_id))
    return documents({name: content}, name)


@router.post("/sourcing/evidence/{evidence_id}")
def decide(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    evidence_id: int,
    accept: Annotated[bool, Form()] = False,
    words: Words = "",
) -> Response:
    """Say that it was verified, or refuse it with a reason."""
    try:
        with session.begin_nested():
            (verify_evidence if accept else refuse_evidence)(session, actor, evidence_id, words)
    except DomainError as refusal:
        return _page(request, session, actor, error=say(refusal))
    return RedirectResponse("/sourcing/evidence", 303)
