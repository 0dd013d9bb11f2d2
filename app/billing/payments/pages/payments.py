"""Money at the bank, for the treasurer: statements, what pays what, paying suppliers."""

from functools import partial
from typing import Annotated

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.bank_accounts import asked_changes, refuse_change
from app.accounts.permissions import Permission
from app.billing.invoicing import purchases
from app.billing.payments import bank_matching, direct_debits, supplier_payments
from app.billing.payments.queries import MovementRow, list_movements, waiting_movements
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import attempt
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/payments")
def payments_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """Movements at the bank, and what suppliers can be paid; `form` gives the movements as a file."""
    actor.require(Permission.VIEW_COMMISSION)
    if form is not None:
        return _table(list(every_row(lambda at, limit: list_movements(session, at, limit)))).as_file(form)
    return _page(request, session, actor, cursor=cursor)


def _page(
    request: Request, session: Session, actor: Actor, error: str | None = None, cursor: str | None = None
) -> Response:
    actor.require(Permission.VIEW_COMMISSION)
    page = list_movements(session, cursor, PAGE_SIZE)
    return render(
        request,
        "payments/payments.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items),
        waiting=waiting_movements(session),
        payables=supplier_payments.payables(session),
        excesses=supplier_payments.excesses(session),
        asked=asked_changes(session, of_association=False),
        error=error,
    )


def _table(rows: list[MovementRow]) -> Table:
    columns = [Column(_("Day"), "short_day"), Column(_("From or to")), Column(_("Words")), Column(_("Amount"), "money")]
    columns += [Column(_("Pays")), Column(_("Not matched"), "money")]
    return Table(
        "movements",
        columns,
        [(row.booked_on, row.counterparty, row.words, row.amount, row.pays or "–", row.rest) for row in rows],
    )


@router.post("/payments/statements")
def send_statement(
    request: Request, session: SessionDep, actor: SignedIn, file: Annotated[UploadFile | None, File()] = None
) -> Response:
    """Import a statement; sent again it changes nothing."""
    content = file.file.read() if file else b""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: bank_matching.import_statement(session, actor, content), show, "/payments")


@router.post("/payments/{movement_id}/assignment")
def assign(
    request: Request, session: SessionDep, actor: SignedIn, movement_id: int,
    number: Annotated[str, Form(max_length=80)] = "", account: Annotated[str, Form(max_length=12)] = "",
) -> Response:  # fmt: skip
    """Say which invoice a movement pays, or what else it is."""

    def take() -> None:
        if account:
            bank_matching.assign_account(session, actor, movement_id, account)
        else:
            bank_matching.assign(session, actor, movement_id, number)

    return attempt(session, take, partial(_page, request, session, actor), "/payments")


@router.post("/payments/ibans")
def set_iban(
    request: Request, session: SessionDep, actor: SignedIn, code: Annotated[str, Form(max_length=40)] = "",
    iban: Annotated[str, Form(max_length=50)] = "",
) -> Response:  # fmt: skip
    """Write down where a supplier is paid to, or a firm paid back."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: supplier_payments.set_iban(session, actor, code.strip(), iban), show, "/payments")


@router.post("/payments/ibans/{code}/refusal")
def refuse_iban(request: Request, session: SessionDep, actor: SignedIn, code: str) -> Response:
    """Leave an account as it is that somebody asked to change."""
    show = partial(_page, request, session, actor)
    permission = supplier_payments.IBANS.permission
    return attempt(session, lambda: refuse_change(session, actor, code, permission), show, "/payments")


@router.post("/payments/mandates")
def set_mandate(
    request: Request, session: SessionDep, actor: SignedIn, code: Annotated[str, Form(max_length=40)] = "",
    itself: Annotated[bool, Form()] = False,
) -> Response:  # fmt: skip
    """Write down whether a supplier invoices by itself or by our hand."""
    show = partial(_page, request, session, actor)

    def take() -> None:
        purchases.let_invoice_itself(session, actor, code.strip(), itself=itself)

    return attempt(session, take, show, "/payments")


@router.post("/payments/transfers")
def make_transfers(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Make the file of transfers that pays the suppliers; each is written down, so that none is paid twice."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: supplier_payments.make_transfers(session, actor), show, "/files")


@router.post("/payments/debits")
def make_debits(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Make the file of direct debits that collects what falls due; each invoice is collected once."""
    show = partial(_page, request, session, actor)
    return attempt(session, lambda: direct_debits.make_debits(session, actor), show, "/files")
