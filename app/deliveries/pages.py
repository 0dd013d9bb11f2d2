"""Pages for the day the goods come: what comes where, split sheets and labels to print."""

from itertools import groupby

from fastapi import APIRouter, Request
from fastapi.responses import Response
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.i18n import gettext as _
from app.core.pagination import every_row
from app.deliveries import queries
from app.orders.rounds.models import Round
from app.orders.rounds.service import get_round, round_key
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Link, Table

router = APIRouter(route_class=TransactionRoute)
FIRMS_A_PAGE = 10  # a firm's sheet may have hundreds of lines
LABELS_A_PAGE = 60


def _round(session: Session, actor: Actor, code: str) -> Round:
    if not actor.may(Permission.APPROVE_ROUNDS):
        actor.require(Permission.MANAGE_ROUNDS)
    return get_round(session, code)


@router.get("/rounds/{code}/deliveries")
def deliveries_page(
    request: Request, session: SessionDep, actor: SignedIn, code: str, form: ExportFormat | None = None
) -> Response:
    """What comes to which park."""
    found = _round(session, actor, code)
    columns = [Column(_("Park")), Column(_("Day")), Column(_("Suppliers"), "number"), Column(_("Firms"), "number")]
    columns.append(Column(_("Units"), "number"))
    parks = queries.park_deliveries(session, round_key(found))
    rows = [
        (Link(park.name, f"/rounds/{code}/deliveries/{park.code}"), ", ".join(f"{day:%d/%m/%Y}" for day in park.days))
        + (park.supplier_count, park.company_count, park.unit_count)
        for park in parks
    ]
    table = Table(f"{code}-deliveries", columns, rows)
    if form is not None:
        return table.as_file(form)
    return render(request, "deliveries/deliveries.html", round=found, parks=parks, drops=_drops(session, found))


def _drops(session: Session, found: Round) -> Table:
    columns = [Column(_("Park")), Column(_("Supplier")), Column(_("State"), "status"), Column(_("Day"), "day")]
    columns.append(Column(_("Received"), "instant"))
    return Table(
        f"{found.code}-drops",
        columns,
        [
            (drop.park, Link(drop.supplier, f"/supplier-orders/{drop.number}/receipt/{drop.park_code}", drop.number))
            + (drop.status, drop.delivery_on, drop.received_at)
            for drop in queries.awaited_drops(session, round_key(found))
        ],
    )


@router.get("/rounds/{code}/deliveries/{park_code}")
def split_sheets_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    park_code: str,
    cursor: str | None = None,
    form: ExportFormat | None = None,
) -> Response:
    """The split sheets of a park, a page of paper for each firm; `form` gives them all as one table."""
    found = _round(session, actor, code)
    round_id = round_key(found)
    park = queries.park_delivery(session, round_id, park_code)
    if form is not None:
        firms = every_row(lambda at, limit: queries.firm_shares(session, round_id, park.park_id, at, limit))
        return _split_table(session, found, park, [firm.company_id for firm in firms]).as_file(form)
    page = queries.firm_shares(session, round_id, park.park_id, cursor, FIRMS_A_PAGE)
    lines = queries.split_lines(session, round_id, park.park_id, [firm.company_id for firm in page.items])
    by_firm = {key: list(group) for key, group in groupby(lines, key=lambda line: line.company_id)}
    return render(request, "deliveries/split_sheets.html", round=found, park=park, page=page, lines_of=by_firm)


def _split_table(session: Session, found: Round, park: queries.ParkDelivery, company_ids: list[int]) -> Table:
    columns = [Column(_("Firm")), Column(_("Supplier")), Column(_("SKU")), Column(_("Article"))]
    columns += [Column(_("Units"), "number"), Column(_("Orders"))]
    lines = queries.split_lines(session, round_key(found), park.park_id, company_ids)
    rows = [(line.company, line.supplier, line.sku, line.name, line.quantity, line.orders) for line in lines]
    return Table(f"{found.code}-{park.code}-split", columns, rows)


@router.get("/rounds/{code}/deliveries/{park_code}/labels")
def labels_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    code: str,
    park_code: str,
    cursor: str | None = None,
) -> Response:
    """A label for each firm's share."""
    found = _round(session, actor, code)
    park = queries.park_delivery(session, round_key(found), park_code)
    page = queries.firm_shares(session, round_key(found), park.park_id, cursor, LABELS_A_PAGE)
    return render(request, "deliveries/labels.html", round=found, park=park, page=page)
