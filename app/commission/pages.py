"""The treasurer's page: commission rules and the books."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.queries import list_categories
from app.catalog.suppliers import list_suppliers
from app.commission import queries as commission_queries
from app.commission import service
from app.commission.ledger import entries, queries
from app.commission.ledger.chart import Account
from app.core.errors import DomainError, InvalidInput
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.core.pagination import PAGE_SIZE, every_row
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.forms import typed_amount
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/commission")
def commission_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    cursor: str | None = None,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern="^(rules|balances|journal)$")] = "journal",
) -> Response:
    """Rules, balances and the journal; `form` gives one of the three as a file."""
    if form is not None:
        actor.require(Permission.VIEW_COMMISSION)
        return _table(session, table).as_file(form)
    return _page(request, session, actor, cursor)


def _table(session: Session, name: str) -> Table:
    if name == "rules":
        return _rules(session)
    if name == "balances":
        return _balances(session)
    return _journal(every_row(lambda at, limit: queries.list_postings(session, at, limit)))


def _rules(session: Session) -> Table:
    columns = [Column(_("For")), Column(_("Rate"), "percent"), Column(_("At least"), "money")]
    columns += [Column(_("At most"), "money"), Column(_("Valid from"), "day"), Column(_("Valid until"), "day")]
    rows = [
        (" · ".join(filter(None, (rule.offer, rule.supplier, rule.category))) or _("everyone"), rule.percent)
        + (rule.minimum, rule.maximum, rule.valid_from, rule.valid_to)
        for rule in commission_queries.list_rules(session)
    ]
    return Table("commission-rules", columns, rows)


def _balances(session: Session) -> Table:
    balances = entries.trial_balance(session)
    totals = (None, sum(b.debit for b in balances), sum(b.credit for b in balances))
    columns = [Column(_("Account")), Column(_("Debit"), "money"), Column(_("Credit"), "money")]
    return Table("trial-balance", columns, [(_account(b.account), b.debit, b.credit) for b in balances], totals)


def _account(number: str) -> str:
    """An account with its name in the French chart of accounts."""
    names = {Account.SUPPLIERS.value: _("Suppliers"), Account.COMMISSION.value: _("Commissions and brokerage")}
    return f"{number} {names.get(number, '')}".strip()


def _journal(rows: Iterable[queries.PostingRow]) -> Table:
    columns = [Column(_("Document")), Column(_("Day"), "day"), Column(_("Account")), Column(_("Supplier"))]
    columns += [Column(_("Debit"), "money"), Column(_("Credit"), "money")]
    return Table(
        "journal",
        columns,
        ((p.label, p.booked_on, _account(p.account), p.supplier, p.debit or None, p.credit or None) for p in rows),
    )


def _page(
    request: Request, session: Session, actor: Actor, cursor: str | None = None, error: str | None = None
) -> Response:
    actor.require(Permission.VIEW_COMMISSION)
    page = queries.list_postings(session, cursor, PAGE_SIZE)
    return render(
        request,
        "commission/commission.html",
        status_code=422 if error else 200,
        error=error,
        suppliers=list_suppliers(session, None, 200).items,
        categories=list_categories(session),
        rules=_rules(session),
        balances=_balances(session),
        journal=_journal(page.items),
        page=page,
    )


@router.post("/commission/rules")
def add_rule(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    percent: Annotated[str, Form(max_length=20)] = "",
    supplier_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
    category_id: Annotated[str, Form(pattern=r"^\d{0,9}$")] = "",
    minimum: Annotated[str, Form(max_length=20)] = "",
    maximum: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """Add a commission rule; it holds for rounds that close from then on."""
    try:
        with session.begin_nested():
            rate = typed_amount(percent, "percent")
            if rate is None:
                raise InvalidInput("A rule needs a rate in percent.", field="percent")
            service.create_rule(
                session,
                actor,
                percent=rate,
                supplier_id=int(supplier_id) if supplier_id else None,
                category_id=int(category_id) if category_id else None,
                minimum=typed_amount(minimum, "minimum"),
                maximum=typed_amount(maximum, "maximum"),
            )
    except DomainError as refusal:
        return _page(request, session, actor, error=say(refusal))
    return RedirectResponse("/commission", 303)
