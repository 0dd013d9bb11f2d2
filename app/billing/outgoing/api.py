"""Routes of the API for the files that go to the bank or a platform: the treasurer's."""

from datetime import datetime
from decimal import Decimal

from fastapi import Response
from pydantic import Field

from app.accounts.authentication import SignedIn
from app.billing.outgoing import service
from app.billing.payments.models.outgoing_files import FileKind, FileStatus
from app.billing.payments.outgoing_files import get_file, list_files
from app.web.api import DEFAULT_LIMIT, Cursor, Id, Limit, PageOut, api_router, page_out
from app.web.bodies import Body, Out
from app.web.edge import SessionDep
from app.web.exports import documents

router = api_router("outgoing files")


class OutgoingFileOut(Out):
    """A file that moves money or invoices; `amount` in euros (0 for documents)."""

    id: int
    kind: FileKind
    name: str
    sha256: str
    entries: int
    amount: Decimal
    status: FileStatus
    made_at: datetime
    made_by: str
    taken_back_at: datetime | None
    taken_back_by: str


class OutgoingFileIn(Body):
    """What is to be sent: all of it that waits now."""

    kind: FileKind = Field(examples=["transfers"])


@router.get("/outgoing-files")
def list_outgoing_files(
    session: SessionDep, actor: SignedIn, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> PageOut[OutgoingFileOut]:
    """The files that were made for the bank or a platform, the last first."""
    return page_out(list_files(session, actor, cursor, limit), OutgoingFileOut)


@router.post("/outgoing-files", status_code=201)
def make_outgoing_file(session: SessionDep, actor: SignedIn, body: OutgoingFileIn) -> OutgoingFileOut:
    """Make a file of transfers, direct debits or electronic invoices; it is kept, and can be fetched and taken back."""
    return OutgoingFileOut.model_validate(service.make_file(session, actor, body.kind))


@router.get("/outgoing-files/{file_id}/file", response_class=Response)
def fetch_outgoing_file(session: SessionDep, actor: SignedIn, file_id: Id) -> Response:
    """The bytes of a file, as it was made."""
    kept = get_file(session, actor, file_id)
    return documents({kept.name: kept.content}, kept.name)


@router.post("/outgoing-files/{file_id}/return")
def take_back_outgoing_file(session: SessionDep, actor: SignedIn, file_id: Id) -> OutgoingFileOut:
    """Take a file back that was not sent: refused once the bank's statement or the platform confirmed it."""
    return OutgoingFileOut.model_validate(service.take_back(session, actor, file_id))
