"""Tenders for suppliers: what they are invited to, questions, the sealed bid and its receipt, the outcome."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.catalog.suppliers import require_supplier
from app.core import clock
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.sourcing.tenders import bids, queries, questions
from app.sourcing.tenders.models import TenderStatus
from app.sourcing.tenders.pages.tender_form import BidForm
from app.sourcing.tenders.preparation import weights_of
from app.sourcing.tenders.queries import OwnTenderRow
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import attempt
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/supplier/tenders")
def own_tenders_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """The tenders that my firm is invited to."""
    supplier_id = require_supplier(session, actor)
    if form is not None:
        rows = list(every_row(lambda at, limit: queries.list_own_tenders(session, supplier_id, at, limit)))
        return _table(rows).as_file(form)
    page = queries.list_own_tenders(session, supplier_id, cursor, PAGE_SIZE)
    return render(request, "tenders/own_tenders.html", page=page, table=_table(page.items))


def _table(rows: list[OwnTenderRow]) -> Table:
    columns = [Column(_("Tender")), Column(_("State"), "status"), Column(_("Deadline"), "instant")]
    columns += [Column(_("Lines"), "number"), Column(_("Our bid"), "instant")]
    return Table(
        "tenders",
        columns,
        [
            (Link(row.title, f"/supplier/tenders/{row.reference}", row.reference), row.status, row.deadline)
            + (row.line_count, row.bid_at)
            for row in rows
        ],
    )


@router.get("/supplier/tenders/{reference}")
def own_tender_page(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, form: ExportFormat | None = None
) -> Response:
    """A tender: its need, its questions, my bid; `form` gives the need as a file."""
    tender, _supplier = bids.get_invited(session, actor, reference)
    if form is not None:
        columns = [Column(_("Lot")), Column(_("Product reference")), Column(_("Article")), Column(_("Unit"))]
        columns += [Column(_("Quantity"), "number"), Column(_("Words"))]
        rows = [(one.lot, one.product_ref, one.product, one.unit, one.quantity, one.words)
                for one in queries.needs_of(session, tender)]  # fmt: skip
        return Table(f"{reference}-needs", columns, rows).as_file(form)
    return _page(request, session, actor, reference)


def _page(
    request: Request, session: Session, actor: Actor, reference: str, error: str | None = None,
    typed: BidForm | None = None,
) -> Response:  # fmt: skip
    tender, supplier_id = bids.get_invited(session, actor, reference)
    needs = queries.needs_of(session, tender)
    taking = tender.status is TenderStatus.PUBLISHED and clock.now() < tender.deadline
    return render(
        request,
        "tenders/own_tender.html",
        status_code=422 if error else 200,
        tender=tender,
        weights=weights_of(tender),
        needs=needs,
        questions=queries.questions_of(session, tender),
        receipt=bids.receipt_of(session, tender, supplier_id),
        awards=queries.awards_of(session, tender, supplier_id),
        taking_bids=taking,
        taking_questions=taking and clock.now() <= tender.questions_until,
        typed=typed if typed and len(typed.line_id) == len(needs) else None,
        error=error,
    )


def _try(
    request: Request, session: Session, actor: Actor, reference: str, take: Callable[[], object], anchor: str,
    typed: BidForm | None = None,
) -> Response:  # fmt: skip
    def show(error: str) -> Response:
        return _page(request, session, actor, reference, error, typed)

    return attempt(session, take, show, f"/supplier/tenders/{reference}{anchor}")


@router.post("/supplier/tenders/{reference}/questions")
def ask(
    request: Request, session: SessionDep, actor: SignedIn, reference: str,
    words: Annotated[str, Form(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Ask something; every invited supplier sees the answer."""
    return _try(request, session, actor, reference,
                lambda: questions.ask_question(session, actor, reference, words), "#questions")  # fmt: skip


@router.post("/supplier/tenders/{reference}/bid")
def bid(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, typed: Annotated[BidForm, Form()]
) -> Response:
    """Seal my bid, in place of an earlier one; what was typed stays in the form where it cannot be taken."""
    return _try(
        request, session, actor, reference,
        lambda: bids.submit_bid(session, actor, reference, typed.lines(), typed.words), "#bid", typed,
    )  # fmt: skip


@router.post("/supplier/tenders/{reference}/bid/withdrawal")
def withdraw(request: Request, session: SessionDep, actor: SignedIn, reference: str) -> Response:
    """Take my bid back."""
    return _try(request, session, actor, reference,
                lambda: bids.withdraw_bid(session, actor, reference), "#bid")  # fmt: skip


@router.post("/supplier/tenders/{reference}/refusal")
def decline(request: Request, session: SessionDep, actor: SignedIn, reference: str) -> Response:
    """Say that we will not bid."""
    return _try(request, session, actor, reference, lambda: bids.decline(session, actor, reference), "")
