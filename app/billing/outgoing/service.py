"""Making a file for the bank or a platform, and taking it back until whoever it went to has acted on it."""

from collections.abc import Callable
from typing import NamedTuple

from sqlmodel import Session

from app.accounts.actor import Actor
from app.billing.einvoicing.document_files import take_away, take_back_documents
from app.billing.payments.direct_debits import make_debits, take_back_debits
from app.billing.payments.models.outgoing_files import FileKind, OutgoingFile
from app.billing.payments.outgoing_files import mark_taken_back
from app.billing.payments.supplier_payments import make_transfers, take_back_transfers


class _Maker(NamedTuple):
    make: Callable[[Session, Actor], OutgoingFile]
    undo: Callable[[Session, int], None]


_MAKERS = {
    FileKind.TRANSFERS: _Maker(make_transfers, take_back_transfers),
    FileKind.DEBITS: _Maker(make_debits, take_back_debits),
    FileKind.EINVOICES: _Maker(take_away, take_back_documents),
}


def make_file(session: Session, actor: Actor, kind: FileKind) -> OutgoingFile:
    """Make and keep a file of what there is to be sent now. Raises `Conflict` where there is nothing."""
    return _MAKERS[kind].make(session, actor)


def take_back(session: Session, actor: Actor, file_id: int) -> OutgoingFile:
    """Say that a file is not sent after all: what it was to move stands in the next one again.

    Its bytes and rows stay as they were made. Raises `NotFound`, and `Conflict` once the bank's statement or the
    platform confirmed anything of it.
    """
    kept = mark_taken_back(session, actor, file_id)
    _MAKERS[kept.kind].undo(session, file_id)
    return kept
