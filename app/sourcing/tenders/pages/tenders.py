"""Tenders for the association: prepared, sent out, opened with two codes, compared, awarded."""

from collections.abc import Callable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.queries import list_categories
from app.core import clock
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.sourcing.tenders import awards, bid_opening, preparation, queries, questions
from app.sourcing.tenders.models import Tender, TenderStatus
from app.sourcing.tenders.pages.tender_form import TenderForm, typed_days, typed_needs
from app.sourcing.tenders.past_needs import forecast, past_demand
from app.sourcing.tenders.preparation import Need, get_tender, weights_of
from app.sourcing.tenders.queries import TenderRow
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import Texts, attempt, typed_whole
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
Words = Annotated[str, Form(max_length=5000)]


@router.get("/tenders")
def tenders_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """Every tender, and the form to begin one."""
    actor.require(Permission.MANAGE_SOURCING)
    if form is not None:
        rows = list(every_row(lambda at, limit: queries.list_tenders(session, at, limit)))
        return _tenders(rows).as_file(form)
    return _list(request, session, cursor, TenderForm())


def _list(
    request: Request, session: Session, cursor: str | None, typed: TenderForm, error: str | None = None
) -> Response:
    page = queries.list_tenders(session, cursor, PAGE_SIZE)
    return render(
        request,
        "tenders/tenders.html",
        status_code=422 if error else 200,
        page=page,
        table=_tenders(page.items),
        typed=typed,
        error=error,
    )


def _tenders(rows: list[TenderRow]) -> Table:
    columns = [Column(_("Tender")), Column(_("State"), "status"), Column(_("Deadline"), "instant")]
    columns += [Column(_("Lines"), "number"), Column(_("Invited"), "number"), Column(_("Bids"), "number")]
    return Table(
        "tenders",
        columns,
        [
            (Link(row.title, f"/tenders/{row.reference}", row.reference), row.status, row.deadline)
            + (row.line_count, row.invited_count, row.bid_count)
            for row in rows
        ],
    )


@router.post("/tenders")
def create(request: Request, session: SessionDep, actor: SignedIn, typed: Annotated[TenderForm, Form()]) -> Response:
    """Begin a tender; the form keeps what was typed where it cannot be."""
    actor.require(Permission.MANAGE_SOURCING)
    try:
        with session.begin_nested():
            tender = preparation.create_tender(session, actor, typed.reference.strip(), typed.terms())
    except DomainError as refusal:
        return _list(request, session, None, typed, say(refusal))
    return RedirectResponse(f"/tenders/{tender.reference}", 303)


@router.get("/tenders/{reference}")
def tender_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    reference: str,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern="^(needs|awards|)$")] = "",
) -> Response:
    """A tender and what can be done with it now; `form` gives its need, or its awards, as a file."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    if form is not None:
        return (_awards if table == "awards" else _needs)(session, tender).as_file(form)
    return _page(request, session, actor, reference)


def _page(
    request: Request, session: Session, actor: Actor, reference: str, error: str | None = None,
    typed: TenderForm | None = None, needs: str = "",
) -> Response:  # fmt: skip
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    opened = tender.status in {TenderStatus.OPENED, TenderStatus.AWARDED}
    today = clock.today()
    return render(
        request,
        "tenders/tender.html",
        status_code=422 if error else 200,
        tender=tender,
        typed=typed or TenderForm.of(tender),
        typed_needs=needs,
        weights=weights_of(tender),
        needs=queries.needs_of(session, tender),
        suppliers=queries.suppliers_for(session, tender),
        questions=queries.questions_of(session, tender),
        bids=queries.bids_of(session, tender) if opened else [],
        bid_count=len(queries.bids_of(session, tender)),
        lots=bid_opening.compare(session, tender) if opened else [],
        titles=awards.lot_titles(session, tender),
        awards=queries.awards_of(session, tender),
        is_over=clock.now() >= tender.deadline,
        categories=list_categories(session) if tender.status is TenderStatus.DRAFT else [],
        year=(today - timedelta(days=365), today),
        error=error,
    )


def _needs(session: Session, tender: Tender) -> Table:
    columns = [Column(_("Lot")), Column(_("Product reference")), Column(_("Article")), Column(_("Unit"))]
    columns += [Column(_("Quantity"), "number"), Column(_("Words"))]
    rows = [(one.lot, one.product_ref, one.product, one.unit, one.quantity, one.words)
            for one in queries.needs_of(session, tender)]  # fmt: skip
    return Table(f"{tender.reference}-needs", columns, rows)


def _awards(session: Session, tender: Tender) -> Table:
    columns = [Column(_("Lot")), Column(_("Article")), Column(_("Quantity"), "number"), Column(_("Supplier"))]
    columns += [Column(_("SKU")), Column(_("Unit price"), "unit_price"), Column(_("Points"), "number")]
    columns.append(Column(_("Why")))
    rows = [(one.lot, one.product, one.quantity, one.supplier, one.sku, one.unit_price, one.points, one.reason)
            for one in queries.awards_of(session, tender)]  # fmt: skip
    return Table(f"{tender.reference}-awards", columns, rows)


def _try(
    request: Request, session: Session, actor: Actor, reference: str, take: Callable[[], object], *,
    typed: TenderForm | None = None, needs: str = "", anchor: str = "",
) -> Response:  # fmt: skip
    """Take a step, or show the page again with why not."""

    def show(error: str) -> Response:
        return _page(request, session, actor, reference, error, typed, needs)

    return attempt(session, take, show, f"/tenders/{reference}{anchor}")


@router.post("/tenders/{reference}/terms")
def change(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, typed: Annotated[TenderForm, Form()]
) -> Response:
    """Change a draft's terms."""
    return _try(
        request, session, actor, reference,
        lambda: preparation.change_tender(session, actor, reference, typed.terms(), typed.version), typed=typed,
    )  # fmt: skip


@router.post("/tenders/{reference}/needs")
def add_needs(request: Request, session: SessionDep, actor: SignedIn, reference: str, needs: Words = "") -> Response:
    """Add needs as typed."""
    return _try(
        request, session, actor, reference,
        lambda: preparation.add_needs(session, actor, reference, typed_needs(needs)), needs=needs, anchor="#needs",
    )  # fmt: skip


@router.post("/tenders/{reference}/past-needs")
def add_past_needs(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    reference: str,
    first: Annotated[str, Form()] = "",
    last: Annotated[str, Form()] = "",
    category: Annotated[str, Form()] = "",
    growth: Annotated[int, Form(ge=-99, le=1000)] = 0,
    most: Annotated[int, Form(ge=1, le=500)] = 20,
) -> Response:
    """Add what the group bought most of between two days, with a growth in percent."""

    def take() -> None:
        days = typed_days(first, last)
        found = past_demand(session, *days, typed_whole(category, "category"), most)
        needs = [Need(one.product_ref, forecast(one.quantity, growth), one.category) for one in found]
        if needs:
            preparation.add_needs(session, actor, reference, needs)

    return _try(request, session, actor, reference, take, anchor="#needs")


@router.post("/tenders/{reference}/lines/{line_id}/removal")
def remove_line(session: SessionDep, actor: SignedIn, reference: str, line_id: int) -> Response:
    """Take a need out."""
    preparation.remove_line(session, actor, reference, line_id)
    return RedirectResponse(f"/tenders/{reference}#needs", 303)


@router.post("/tenders/{reference}/invitations")
def invite(
    request: Request, session: SessionDep, actor: SignedIn, reference: str,
    supplier: Texts = [],  # noqa: B006 - FastAPI copies it
) -> Response:  # fmt: skip
    """Say who is asked to bid."""
    return _try(request, session, actor, reference, lambda: preparation.invite(session, actor, reference, supplier),
                anchor="#invited")  # fmt: skip


@router.post("/tenders/{reference}/publish")
def publish(
    request: Request, session: SessionDep, actor: SignedIn, reference: str,
    version: Annotated[int | None, Form()] = None,
) -> Response:  # fmt: skip
    """Send it out; the answer is the only page that ever shows the three opening codes."""
    try:
        with session.begin_nested():
            codes = preparation.publish(session, actor, reference, version)
    except DomainError as refusal:
        return _page(request, session, actor, reference, say(refusal))
    answer = render(request, "tenders/codes.html", tender=get_tender(session, reference), codes=codes)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.post("/tenders/{reference}/cancel")
def cancel(request: Request, session: SessionDep, actor: SignedIn, reference: str, because: Words = "") -> Response:
    """Call it off."""
    return _try(request, session, actor, reference,
                lambda: preparation.cancel_tender(session, actor, reference, because))  # fmt: skip


@router.post("/tenders/{reference}/questions/{question_id}")
def answer(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, question_id: int, answer: Words = ""
) -> Response:
    """Answer a question before everybody."""
    return _try(
        request, session, actor, reference,
        lambda: questions.answer_question(session, actor, reference, question_id, answer), anchor="#questions",
    )  # fmt: skip


@router.post("/tenders/{reference}/opening")
def open_bids(
    request: Request, session: SessionDep, actor: SignedIn, reference: str,
    code: Texts = [],  # noqa: B006 - FastAPI copies it
) -> Response:  # fmt: skip
    """Open the bids with two codes."""
    return _try(request, session, actor, reference, lambda: bid_opening.open_bids(session, actor, reference, code),
                anchor="#bids")  # fmt: skip


@router.post("/tenders/{reference}/bids/{bid_id}/mark")
def mark(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, bid_id: int,
    mark: Annotated[int, Form()] = -1, reason: Annotated[str, Form(max_length=500)] = "",
) -> Response:  # fmt: skip
    """Give a bid its mark for service."""
    return _try(
        request, session, actor, reference,
        lambda: bid_opening.mark_service(session, actor, reference, bid_id, mark, reason), anchor="#bids",
    )  # fmt: skip


@router.post("/tenders/{reference}/award")
def award(
    request: Request, session: SessionDep, actor: SignedIn, reference: str,
    lot: Texts = [],  # noqa: B006 - FastAPI copies it
    winner: Texts = [],  # noqa: B006
    reason: Texts = [],  # noqa: B006
) -> Response:  # fmt: skip
    """Award every lot: to its best bid, to another one with a reason, or to nobody."""

    def take() -> None:
        choices = {
            key: awards.LotChoice(None if chosen == "nobody" else int(chosen), why)
            for key, chosen, why in zip(lot, winner, reason, strict=False)
            if chosen == "nobody" or (chosen.isascii() and chosen.isdigit() and len(chosen) < 10)
        }
        awards.award(session, actor, reference, choices)

    return _try(request, session, actor, reference, take, anchor="#awards")
