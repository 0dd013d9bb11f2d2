"""The charter's public page."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import OptionalActor
from app.core.i18n import current_locale
from app.core.i18n import gettext as _
from app.sourcing.charter import FIRST_VERSION, Axis
from app.web.edge import TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/charter")
def charter_page(request: Request, actor: OptionalActor, form: ExportFormat | None = None) -> Response:
    """What the association asks of goods and suppliers, in plain words; `form` gives what counts how much as a file."""
    if form is not None:
        return _table().as_file(form)
    return render(request, "sourcing/charter.html", charter=FIRST_VERSION, axes=list(Axis))


def _table() -> Table:
    locale, charter = current_locale(), FIRST_VERSION
    columns = [Column(_("Axis")), Column(_("What is looked for")), Column(_("Points"), "number")]
    rows = [(Axis.ORIGIN.value, band.words.said_in(locale), band.points) for band in charter.bands]
    rows += [
        (axis.value, criterion.words.said_in(locale), criterion.points)
        for axis in Axis
        for criterion in charter.criteria_of(axis)
    ]
    return Table("charter", columns, rows)
