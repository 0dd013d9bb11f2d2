"""Files for the bank or a platform are kept as they were made, listed, and fetched as often as anybody likes."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.billing.payments.models.outgoing_files import FileKind, FileStatus, OutgoingFile
from app.core import audit, clock
from app.core.database import rows_as
from app.core.errors import Conflict, NotFound
from app.core.money import ZERO
from app.core.pagination import Page, decode_cursor, page_of

_SUFFIXES = {FileKind.EINVOICES: "zip"}


def keep_file(
    session: Session, actor: Actor, kind: FileKind, content: bytes, entries: int, amount: Decimal = ZERO
) -> OutgoingFile:
    """Keep a file that was made just now, under a name of its own."""
    number = session.scalar(text("SELECT nextval('outgoing_files_id_seq')"))
    kept = OutgoingFile(
        id=number, kind=kind, name=f"{kind}-{clock.today():%Y%m%d}-{number}.{_SUFFIXES.get(kind, 'xml')}",
        content=content, sha256=hashlib.sha256(content).hexdigest(), entries=entries, amount=amount,
        made_at=clock.now(), made_by=actor.label,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    audit.record(session, actor.label, "file.made", kept, name=kept.name, sha256=kept.sha256)
    return kept


class FileRow(NamedTuple):
    """A file in a list; `amount` in euros, nothing for documents."""

    id: int
    kind: str
    name: str
    sha256: str
    entries: int
    amount: Decimal
    status: str
    made_at: datetime
    made_by: str
    taken_back_at: datetime | None
    taken_back_by: str


def list_files(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[FileRow]:
    """The files, the last made first."""
    actor.require(Permission.VIEW_COMMISSION)
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT id, kind, name, sha256, entries, amount, status, made_at, made_by, taken_back_at, taken_back_by
            FROM outgoing_files WHERE CAST(:after AS int) IS NULL OR id < :after ORDER BY id DESC LIMIT :limit
        """),
        {"after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of(rows_as(FileRow, rows), limit, lambda row: (row.id,))


def get_file(session: Session, actor: Actor, file_id: int) -> OutgoingFile:
    """A file with its bytes. Raises `NotFound`, `Conflict` where they are not what their digest says."""
    actor.require(Permission.MANAGE_COMMISSION)
    kept = session.get(OutgoingFile, file_id)
    if kept is None:
        raise NotFound("There is no such file.")
    if hashlib.sha256(kept.content).hexdigest() != kept.sha256:
        raise Conflict("The file is not what it was when it was made.", code="file_damaged")
    return kept


def confirm_file(session: Session, file_id: int | None) -> None:
    """Write down that the bank, or the platform, did what a file asks."""
    if file_id is not None:
        kept = session.get_one(OutgoingFile, file_id, with_for_update=True)
        kept.status = FileStatus.CONFIRMED


def mark_taken_back(session: Session, actor: Actor, file_id: int) -> OutgoingFile:
    """Write down that a file is not to be sent after all.

    Raises `NotFound`, and `Conflict` where it was taken back already, or whoever it went to confirmed it.
    """
    actor.require(Permission.MANAGE_COMMISSION)
    kept = session.get(OutgoingFile, file_id, with_for_update=True)
    if kept is None:
        raise NotFound("There is no such file.")
    if kept.status is FileStatus.CONFIRMED:
        raise Conflict("The bank or the platform confirmed {file} already.", code="file_confirmed", file=kept.name)
    if kept.status is FileStatus.TAKEN_BACK:
        raise Conflict("{file} was taken back already.", code="file_taken_back", file=kept.name)
    kept.status, kept.taken_back_at, kept.taken_back_by = FileStatus.TAKEN_BACK, clock.now(), actor.label
    session.flush()
    audit.record(session, actor.label, "file.taken_back", kept, name=kept.name)
    return kept
