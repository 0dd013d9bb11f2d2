"""What a supplier is paid: invoices in its name, commission, transfers; and its own account at Stripe, if it joins."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.billing.payments import connected_accounts, supplier_payments
from app.billing.payments import stripe_gateway as gateway
from app.billing.payments.queries import SupplierEntry, list_supplier_entries
from app.catalog.suppliers import require_supplier
from app.core.errors import DomainError
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/supplier/payouts")
def payouts_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """My account with the association, entry by entry; `form` gives all of it as a file."""
    supplier_id = require_supplier(session, actor)
    if form is not None:
        rows = every_row(lambda at, limit: list_supplier_entries(session, supplier_id, at, limit))
        return _table(rows).as_file(form)
    return _page(request, session, actor, cursor)


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None
) -> Response:
    supplier_id = require_supplier(session, actor)
    page = list_supplier_entries(session, supplier_id, cursor, PAGE_SIZE)
    return render(
        request,
        "payments/payouts.html",
        status_code=422 if error else 200,
        page=page,
        table=_table(page.items),
        payable=next((one for one in supplier_payments.payables(session) if one.supplier_id == supplier_id), None),
        account=connected_accounts.own_account(session, actor),
        cards=gateway.is_configured(),
        error=error,
    )


def _table(rows: Any) -> Table:
    columns = [Column(_("Day"), "short_day"), Column(_("Document")), Column(_("Label")), Column(_("For us"), "money")]
    columns += [Column(_("Paid or retained"), "money"), Column(_("Balance"), "money")]
    entries: list[SupplierEntry] = list(rows)
    return Table(
        "payouts",
        columns,
        [(one.booked_on, one.document, one.label, one.credit, one.debit, one.balance) for one in entries],
    )


@router.post("/supplier/payouts/account")
def join(request: Request, session: SessionDep, actor: SignedIn) -> Response:
    """Open my own account at Stripe, or go on with it there."""
    try:
        address = connected_accounts.join(session, actor)
    except DomainError as refusal:
        return _page(request, session, actor, error=say(refusal))
    return RedirectResponse(address, 303)
