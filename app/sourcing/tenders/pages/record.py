"""The record of a tender, for an audit: everything that happened, as a page and as files."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from app.accounts.authentication import SignedIn
from app.accounts.permissions import Permission
from app.core.i18n import gettext as _
from app.sourcing.tenders import queries
from app.sourcing.tenders.preparation import get_tender, weights_of
from app.sourcing.tenders.ranking import Measure
from app.web.edge import SessionDep, TransactionRoute
from app.web.exports import ExportFormat, documents
from app.web.rendering import render
from app.web.tables import Column, Table

router = APIRouter(route_class=TransactionRoute)


@router.get("/tenders/{reference}/record")
def record_page(
    request: Request, session: SessionDep, actor: SignedIn, reference: str, form: ExportFormat | None = None
) -> Response:
    """Everything that happened, for an audit; `form` gives it as a file."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    rows = queries.record_of(session, tender)
    columns = [Column(_("When"), "instant"), Column(_("Who")), Column(_("What")), Column(_("Details"))]
    table = Table(
        f"{reference}-record",
        columns,
        [(row.at, row.actor, row.action, json.dumps(row.details, ensure_ascii=False)) for row in rows],
    )
    if form is not None:
        return table.as_file(form)
    return render(request, "tenders/tender_record.html", tender=tender, table=table)


@router.get("/tenders/{reference}/record.json")
def record_file(session: SessionDep, actor: SignedIn, reference: str) -> Response:
    """The whole record as one JSON file; bids stand in it once they are opened."""
    actor.require(Permission.MANAGE_SOURCING)
    tender = get_tender(session, reference)
    opened = tender.opened_at is not None
    whole = {
        "tender": tender.model_dump(mode="json", exclude={"public_key", "boxes"}),
        "public_key": tender.public_key.hex() if tender.public_key else None,
        "weights": {measure.value: weights_of(tender)[measure] for measure in Measure},
        "needs": [one._asdict() for one in queries.needs_of(session, tender)],
        "questions": [one._asdict() for one in queries.questions_of(session, tender)],
        "bids": [one._asdict() for one in queries.bids_of(session, tender)] if opened else [],
        "awards": [one._asdict() for one in queries.awards_of(session, tender)],
        "events": [one._asdict() for one in queries.record_of(session, tender)],
    }
    content = json.dumps(whole, ensure_ascii=False, indent=2, default=str).encode()
    return documents({f"{reference}.json": content}, f"{reference}.json")
