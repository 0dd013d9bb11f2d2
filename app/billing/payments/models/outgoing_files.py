"""Table of the files that leave the house for the bank or a platform."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from sqlmodel import Field, SQLModel

from app.core.money import ZERO
from app.core.tables import choice, euros, instant, key


class FileKind(StrEnum):
    """What a file is for."""

    TRANSFERS = "transfers"
    DEBITS = "debits"
    EINVOICES = "einvoices"


class FileStatus(StrEnum):
    """How a file stands: made, then confirmed by whoever it went to, or taken back by us.

    One that was taken back and was carried out all the same is confirmed.
    """

    MADE = "made"
    CONFIRMED = "confirmed"
    TAKEN_BACK = "taken_back"


class OutgoingFile(SQLModel, table=True):
    """A file that moves money or invoices, as it was made: its bytes never change (a trigger holds them).

    `entries`: transfers, debits or documents in it; `amount`: euros that it moves.
    """

    __tablename__ = "outgoing_files"

    id: int | None = key()
    kind: FileKind = choice(FileKind)
    name: str = Field(unique=True, max_length=80)
    content: bytes
    sha256: str = Field(max_length=64)
    entries: int
    amount: Decimal = euros(default=ZERO)
    status: FileStatus = choice(FileStatus, default=FileStatus.MADE)
    made_at: datetime = instant()
    made_by: str = ""
    taken_back_at: datetime | None = instant(default=None)
    taken_back_by: str = ""
