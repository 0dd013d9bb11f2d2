"""The charter's public page: the version in force, and the earlier ones."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from app.accounts.authentication import OptionalActor
from app.core.errors import NotFound
from app.core.i18n import current_locale
from app.core.i18n import gettext as _
from app.sourcing.charter.version import Axis, CharterVersion
from app.sourcing.charter.versions import current_charter, get_version, list_versions
from app.web.bodies import MAX_ID
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/charter")
def charter_page(
    request: Request,
    session: SessionDep,
    actor: OptionalActor,
    number: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    form: ExportFormat | None = None,
) -> Response:
    """What the association asks of goods and suppliers, in plain words; `form` gives what counts how much as a file.

    `number` names an earlier version; drafts are not for the public.
    """
    charter = current_charter(session)
    if number is not None and number != charter.number:
        state = get_version(session, number)
        if state.is_draft:
            raise NotFound("The charter has no version {number}.", number=number)
        charter = state.charter
    if form is not None:
        return _table(charter).as_file(form)
    published = [one for one in list_versions(session) if not one.is_draft]
    return render(request, "charter/charter.html", charter=charter, axes=list(Axis), versions=published)


def _table(charter: CharterVersion) -> Table:
    locale = current_locale()
    columns = [Column(_("Axis")), Column(_("What is looked for")), Column(_("Points"), "number")]
    rows = [(Axis.ORIGIN.value, band.words.said_in(locale), band.points) for band in charter.bands]
    rows += [
        (axis.value, criterion.words.said_in(locale), criterion.points)
        for axis in Axis
        for criterion in charter.criteria_of(axis)
    ]
    return Table("charter", columns, rows)
