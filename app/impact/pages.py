"""What anyone sees of the park: its landing page and its report in figures."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.accounts.authentication import OptionalActor
from app.accounts.queries import list_parks
from app.accounts.service import get_association
from app.core.i18n import gettext as _
from app.core.settings import get_settings
from app.impact import queries
from app.orders.ordering.pages.shop import home_page
from app.orders.rounds.queries import open_rounds
from app.web.charts import part_of_whole_chart
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.maps import Marker, map_of
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/")
def landing_page(request: Request, session: SessionDep, actor: OptionalActor) -> Response:
    """For strangers what this is and how to join; for those who signed in their own first page."""
    if actor is not None:
        return home_page(request, session, actor)
    return render(
        request,
        "impact/landing.html",
        association=get_association(session),
        rounds=open_rounds(session),
        totals=queries.totals(session),
        parks=list_parks(session),
    )


@router.get("/impact")
def impact_page(
    request: Request,
    session: SessionDep,
    actor: OptionalActor,
    form: ExportFormat | None = None,
    table: Annotated[str, Query(pattern="^(months|places)$")] = "months",
) -> Response:
    """What buying together did: savings, nearness, trips avoided. `form` gives one of its tables as a file."""
    months = queries.by_month(session)
    sourcing = queries.sourcing(session)
    if form is not None:
        return (_months(months) if table == "months" else _places(sourcing.nearness)).as_file(form)
    markers = [Marker(place, park.name, "park") for park, place in sourcing.parks]
    markers += [Marker(s.place, s.city, "supplier") for s in sourcing.suppliers if s.place]
    settings = get_settings()
    return render(
        request,
        "impact/impact.html",
        association=get_association(session),
        totals=queries.totals(session),
        months=months,
        chart=part_of_whole_chart([(f"{m.month:%m/%y}", m.saved, m.amount + m.saved) for m in months]),
        nearness=sourcing.nearness,
        suppliers=sourcing.suppliers,
        map=map_of(markers),
        km_per_trip=settings.km_per_trip_avoided,
        co2e_kg_per_km=settings.co2e_kg_per_km,
    )


def _months(months: Iterable[queries.MonthFigures]) -> Table:
    columns = [Column(_("Month"), "month"), Column(_("Ordered"), "money"), Column(_("Saved"), "money")]
    return Table("months", columns, [(month.month, month.amount, month.saved) for month in months])


def _places(nearness: queries.Nearness) -> Table:
    rows = [
        (_("within 30 km of a park"), nearness.area),
        (_("in the region or within 150 km"), nearness.region),
        (_("farther away"), nearness.farther),
        (_("not known"), nearness.unknown),
    ]
    return Table("places", [Column(_("Supplier's place")), Column(_("Ordered"), "money")], rows)
