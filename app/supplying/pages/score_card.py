"""A supplier's page for the association: who it is, how it did quarter by quarter; the same for itself."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.catalog.models import Supplier
from app.catalog.suppliers import require_supplier, supplier_id_of
from app.core.i18n import gettext as _
from app.sourcing.charter.supplier_grades import own_grades
from app.supplying.score_card import Quarter, quarters_of
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/suppliers/{code}")
def supplier_page(
    request: Request, session: SessionDep, actor: SignedIn, code: str, form: ExportFormat | None = None
) -> Response:
    """A supplier and its score card; `form` gives the quarters as a file."""
    actor.require(Permission.MANAGE_CATALOG)
    return _page(request, session, session.get_one(Supplier, supplier_id_of(session, code)), form)


@router.get("/supplier/score-card")
def own_score_card_page(
    request: Request, session: SessionDep, actor: SignedIn, form: ExportFormat | None = None
) -> Response:
    """How my own firm did."""
    return _page(request, session, session.get_one(Supplier, require_supplier(session, actor)), form)


def _page(request: Request, session: SessionDep, supplier: Supplier, form: ExportFormat | None) -> Response:
    table = _table(supplier.code, quarters_of(session, supplier.id or 0))
    if form is not None:
        return table.as_file(form)
    grades = own_grades(session, supplier.id or 0)
    return render(request, "supplying/score_card.html", supplier=supplier, table=table, grades=grades)


def _table(code: str, quarters: list[Quarter]) -> Table:
    columns = [Column(_("Quarter")), Column(_("Deliveries"), "number"), Column(_("On time"), "percent")]
    columns += [Column(_("In full"), "percent"), Column(_("Damaged"), "percent")]
    columns += [Column(_("Prices against the quarter before"), "percent"), Column(_("Disputes"), "number")]
    columns += [Column(_("Charter score"), "number"), Column(_("Ordered"), "money")]
    return Table(
        f"{code}-score-card",
        columns,
        [
            (one.name, one.drops, one.on_time, one.filled, one.damaged, one.price_change, one.disputes, one.charter)
            + (one.amount,)
            for one in quarters
        ],
    )
