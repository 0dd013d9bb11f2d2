"""Reports for the association, and for a firm's approvers about their own firm; on screen and to take away."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.i18n import gettext as _
from app.orders import queries
from app.orders.queries import ReportBy, ReportFilter
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, export
from app.web.rendering import render

router = APIRouter(route_class=TransactionRoute)
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


@router.get("/reports")
def reports_page(
    request: Request,
    session: SessionDep,
    actor: SignedIn,
    by: ReportBy = ReportBy.SUPPLIER,
    round: Annotated[str, Query(max_length=120)] = "",  # noqa: A002 - the word of the domain
    first_day: Day = "",
    last_day: Day = "",
    form: ExportFormat | None = None,
) -> Response:
    """What was ordered, summed by one thing; `form` gives the same as a file."""
    whole = actor.may(Permission.VIEW_COMMISSION)
    company_id = None
    if not whole:
        actor.require(Permission.MANAGE_COMPANY)
        company_id = actor.require_company()
    wanted = ReportFilter(company_id, round, _day(first_day), _day(last_day))
    rows = queries.report(session, by, wanted)
    if form is not None:
        header = [_("Name"), _("Orders"), _("Lines"), _("Lines left short"), _("Units"), _("Amount before VAT")]
        header += [_("VAT"), _("Saved against list prices"), *([_("Commission")] if whole else [])]
        return export(form, f"{by.value}-{round or 'all'}", header, [row if whole else row[:-1] for row in rows])
    return render(
        request,
        "orders/reports.html",
        by=by,
        kinds=[kind for kind in ReportBy if whole or kind is not ReportBy.COMPANY],
        rows=rows,
        whole=whole,
        rounds=queries.round_choices(session),
        asked={"round": round, "first_day": first_day, "last_day": last_day},
        largest=max((row.amount for row in rows), default=0),
    )


def _day(value: str) -> date | None:
    """A typed day; one that no calendar has counts as none."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
