"""The treasurer's desk: what is to be collected and to be paid, what went wrong, how far the books are closed."""

from collections.abc import Iterable

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.billing.payments import card_collections, queries, supplier_payments
from app.commission.ledger import closing
from app.core.i18n import gettext as _
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/treasury")
def treasury_page(
    request: Request, session: SessionDep, actor: SignedIn, cursor: str | None = None, form: ExportFormat | None = None
) -> Response:
    """What waits for the treasurer; `form` gives the open invoices as a file."""
    actor.require(Permission.VIEW_COMMISSION)
    if form is not None:
        return _table(every_row(lambda at, limit: queries.list_to_collect(session, at, limit))).as_file(form)
    page = queries.list_to_collect(session, cursor, PAGE_SIZE)
    payables = [one for one in supplier_payments.payables(session) if one.amount]
    return render(
        request,
        "payments/treasury.html",
        page=page,
        table=_table(page.items),
        sums=queries.sums_to_collect(session),
        payables=payables,
        to_pay=sum(one.amount for one in payables),
        excesses=supplier_payments.excesses(session),
        waiting=queries.waiting_movements(session),
        failed=queries.failed_collections(session),
        refunds=queries.failed_refunds(session),
        closed_until=closing.closed_until(session),
    )


def _table(rows: Iterable[queries.ToCollect]) -> Table:
    ways = {"stripe": _("card or account"), "mandate": _("direct debit"), "transfer": _("transfer")}
    states = collection_words()
    columns = [Column(_("Number")), Column(_("Firm")), Column(_("Due"), "short_day"), Column(_("Days late"), "number")]
    columns += [Column(_("Open"), "money"), Column(_("Pays by")), Column(_("State"))]
    return Table(
        "to-collect",
        columns,
        [
            (Link(row.number, f"/invoices/{row.number}/file"), row.company, row.due_on, row.days_late, row.open)
            + (ways[row.way], states[row.state] if row.state else "–")
            for row in rows
        ],
    )


def collection_words() -> dict[str, str]:
    """How a collection stands, in words."""
    return {
        "queued": _("asked for"),
        "processing": _("under way"),
        "action_needed": _("waits for its owner"),
        "succeeded": _("collected"),
        "failed": _("failed"),
        "debited": _("in a file for the bank"),
        "returned": _("taken back by the bank"),
    }


@router.post("/treasury/collections")
def collect(session: SessionDep, actor: SignedIn) -> Response:
    """Collect what is open of firms with a card or account, also where it failed before."""
    actor.require(Permission.MANAGE_COMMISSION)
    card_collections.collect_open(session, actor, again=True)
    return RedirectResponse("/treasury", 303)
