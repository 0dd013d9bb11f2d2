"""Reports for the association, and for a firm's approvers about their own firm; on screen and to take away."""

from datetime import date
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.i18n import format_rate
from app.core.i18n import gettext as _
from app.orders.consolidation.labels import reason_words, supplier_fails
from app.orders.tracking.queries import reports as report_queries
from app.orders.tracking.queries.reports import ReportBy, ReportFilter, ReportRow
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)
ROWS_A_PAGE = 100
Day = Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class Asked(NamedTuple):
    """What a report is asked for: as typed, as a filter, and whether it is of the whole association."""

    typed: dict[str, str]
    wanted: ReportFilter
    whole: bool
    page: int
    form: ExportFormat | None


def _asked(
    actor: SignedIn,
    round: Annotated[str, Query(max_length=120)] = "",  # noqa: A002 - the word of the domain
    first_day: Day = "",
    last_day: Day = "",
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
    form: ExportFormat | None = None,
) -> Asked:
    """Everything for the association; an approver asks about their own firm."""
    whole = actor.may(Permission.VIEW_COMMISSION)
    company_id = None
    if not whole:
        actor.require(Permission.MANAGE_COMPANY)
        company_id = actor.require_company()
    typed = {"round": round, "first_day": first_day, "last_day": last_day}
    return Asked(typed, ReportFilter(company_id, round, _day(first_day), _day(last_day)), whole, page, form)


AskedReport = Annotated[Asked, Depends(_asked)]


def _answer(request: Request, session: SessionDep, asked: Asked, table: Table, **context: Any) -> Response:
    """The table as a file, or a page of it."""
    if asked.form is not None:
        return table.as_file(asked.form)
    rows = list(table.rows)
    first = (asked.page - 1) * ROWS_A_PAGE
    return render(
        request,
        "tracking/reports.html",
        asked=asked,
        rounds=report_queries.round_choices(session),
        table=Table(table.name, table.columns, rows[first : first + ROWS_A_PAGE], table.totals),
        row_count=len(rows),
        page_count=max((len(rows) + ROWS_A_PAGE - 1) // ROWS_A_PAGE, 1),
        **context,
    )


@router.get("/reports")
def reports_page(
    request: Request, session: SessionDep, asked: AskedReport, by: ReportBy = ReportBy.SUPPLIER
) -> Response:
    """What was ordered, summed by one thing."""
    rows = report_queries.report(session, by, asked.wanted)
    kinds = [kind for kind in ReportBy if asked.whole or kind is not ReportBy.COMPANY]
    return _answer(request, session, asked, _sums(by, rows, asked), by=by, kinds=kinds, bars=rows[:10])


def _sums(by: ReportBy, rows: list[ReportRow], asked: Asked) -> Table:
    columns = [Column(_("Name")), Column(_("Orders"), "number"), Column(_("Lines"), "number")]
    columns += [Column(_("Left short"), "number"), Column(_("Units"), "number"), Column(_("Filled"), "percent")]
    columns += [Column(_("Amount before VAT"), "money"), Column(_("VAT"), "money"), Column(_("Saved"), "money")]
    cells: list[list[Any]] = [
        [_label(by, row), row.order_count, row.line_count, row.short_count, row.units, row.filled]
        + [row.amount, row.vat, row.saved]
        + ([row.commission] if asked.whole else [])
        for row in rows
    ]
    if asked.whole:
        columns.append(Column(_("Commission"), "money"))
    totals: list[Any] = [None, None, *(sum(row[at] for row in cells) for at in (2, 3, 4)), None]
    totals += [sum(row[at] for row in cells) for at in range(6, len(columns))]
    if by not in {ReportBy.SUPPLIER, ReportBy.CATEGORY, ReportBy.VAT_RATE}:  # there an order counts more than once
        totals[1] = sum(row.order_count for row in rows)
    return Table(f"{by.value}-{asked.wanted.round_code or 'all'}", columns, cells, totals if rows else None)


def _label(by: ReportBy, row: ReportRow) -> str:
    return format_rate(row.vat_rate) if by is ReportBy.VAT_RATE else row.label


@router.get("/reports/shortages")
def shortages_page(request: Request, session: SessionDep, asked: AskedReport) -> Response:
    """What members wanted and did not get, and why."""
    reasons = reason_words()
    columns = [Column(_("Article")), Column(_("Supplier")), Column(_("SKU")), Column(_("Wanted"), "number")]
    columns += [Column(_("Missing"), "number"), Column(_("Lines"), "number"), Column(_("Firms"), "number")]
    columns.append(Column(_("Why")))
    rows = [
        (row.name, row.supplier, row.sku, row.wanted, row.missing, row.line_count, row.company_count)
        + ("; ".join([reasons[r] for r in row.reasons] + [supplier_fails()] * row.supplier_failed),)
        for row in report_queries.shortages(session, asked.wanted)
    ]
    return _answer(request, session, asked, Table("shortages", columns, rows))


@router.get("/reports/late-approvals")
def late_approvals_page(request: Request, session: SessionDep, asked: AskedReport) -> Response:
    """How long orders waited for their firms, and which nobody decided on in time."""
    columns = [Column(_("Firm")), Column(_("Orders that asked"), "number"), Column(_("Decided"), "number")]
    columns += [Column(_("Undecided at the cut-off"), "number"), Column(_("Rolled over, at most"), "money")]
    columns += [Column(_("Hours, on average"), "hours"), Column(_("Hours, at most"), "hours")]
    return _answer(
        request, session, asked, Table("late-approvals", columns, report_queries.late_approvals(session, asked.wanted))
    )


def _day(value: str) -> date | None:
    """A typed day; one that no calendar has counts as none."""
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None
