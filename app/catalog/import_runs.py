"""Files imported from the web: kept with what was asked, read by a background job, reported with progress.

Domains register the kinds of file they take; the job runs a kind's importer exactly as the command line does.
"""

import tempfile
import time
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, Session, SQLModel, col, select

from app.accounts.actor import Actor, actor_for
from app.accounts.models import Person
from app.core import clock, jobs
from app.core.database import transaction
from app.core.errors import DomainError, NotFound
from app.core.i18n import say, speaking
from app.core.tables import choice, instant, key
from app.core.tabular import BadFile, Column, TableReader

IMPORT_FILE = jobs.JobName("catalog.import_file", "imports")
_TOLD_EVERY_SECONDS = 0.5


class ImportStatus(StrEnum):
    """The life of an import from the web."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


class ImportRun(SQLModel, table=True):
    """A file that somebody sent. Its content goes once it is read; the report, or why it was refused, stays."""

    __tablename__ = "import_runs"

    id: int | None = key()
    kind: str
    file_name: str
    content: bytes | None = None
    options: dict[str, Any] = Field(default_factory=dict, sa_type=JSONB)
    status: ImportStatus = choice(ImportStatus, default=ImportStatus.QUEUED)
    rows_read: int = 0
    report: dict[str, Any] | None = Field(default=None, sa_type=JSONB)
    error: str | None = None
    bad_cells: list[dict[str, Any]] = Field(default_factory=list, sa_type=JSONB)
    person_id: int = Field(foreign_key="people.id", index=True)
    created_at: datetime = instant()
    finished_at: datetime | None = instant(default=None)


class Report(Protocol):
    """What an importer gives back."""

    def as_json(self) -> dict[str, Any]:
        """As plain JSON values."""


class _Kind(NamedTuple):
    columns: tuple[Column, ...]
    importer: Callable[..., Report]


_KINDS: dict[str, _Kind] = {}


def register(kind: str, columns: tuple[Column, ...], importer: Callable[..., Report]) -> None:
    """Take files of a kind: `importer(session, actor, reader, **options)`."""
    _KINDS[kind] = _Kind(columns, importer)


def start_import(
    session: Session,
    actor: Actor,
    *,
    kind: str,
    file_name: str,
    content: bytes,
    **options: Any,
) -> ImportRun:
    """Keep a file and queue its import; what it does is checked again when it runs, as the same person."""
    run = ImportRun(
        kind=kind,
        file_name=Path(file_name).name[:100] or "file",
        content=content,
        options=options,
        person_id=actor.require_person(),
        created_at=clock.now(),
    )
    session.add(run)
    session.flush()
    jobs.defer(session, IMPORT_FILE, run_id=run.id)
    return run


def get_run(session: Session, actor: Actor, run_id: int) -> ImportRun:
    """An import of the actor's own. Raises `NotFound`."""
    run = session.get(ImportRun, run_id)
    if run is None or run.person_id != actor.person_id:
        raise NotFound("There is no such import.")
    return run


def list_runs(session: Session, actor: Actor, limit: int = 10) -> list[ImportRun]:
    """The actor's last imports."""
    query = select(ImportRun).where(ImportRun.person_id == actor.person_id).order_by(col(ImportRun.id).desc())
    return list(session.exec(query.limit(limit)))


def carry_out(run_id: int) -> None:
    """Import a queued file in one transaction, telling its progress in others. Repeated, it does nothing more."""
    with transaction() as session:
        run = session.get_one(ImportRun, run_id, with_for_update=True)
        if run.status in {ImportStatus.DONE, ImportStatus.REFUSED} or run.content is None:
            return
        run.status = ImportStatus.RUNNING
        person = session.get_one(Person, run.person_id)
        content, actor, locale = run.content, actor_for(person), person.locale
    with tempfile.TemporaryDirectory(prefix="engrenages-import-") as folder, speaking(locale):
        path = Path(folder) / "upload"
        path.write_bytes(content)
        kind = _KINDS[run.kind]
        reader = TableReader(path, kind.columns, name=run.file_name, progress=_teller(run_id))
        try:
            with transaction() as session:
                report = kind.importer(session, actor, reader, **run.options).as_json()
                _finish(session, run_id, ImportStatus.DONE, reader.row_count, report=report)
        except DomainError as refusal:
            bad_cells = [cell._asdict() for cell in refusal.bad_cells] if isinstance(refusal, BadFile) else []
            with transaction() as session:
                _finish(
                    session, run_id, ImportStatus.REFUSED, reader.row_count, error=say(refusal), bad_cells=bad_cells
                )


def _finish(session: Session, run_id: int, status: ImportStatus, rows_read: int, **outcome: Any) -> None:
    run = session.get_one(ImportRun, run_id, with_for_update=True)
    run.status, run.rows_read, run.finished_at, run.content = status, rows_read, clock.now(), None
    for name, value in outcome.items():
        setattr(run, name, value)


def _teller(run_id: int) -> Callable[[int], None]:
    """Writes down how many rows are read, now and then, so that others see it before the import commits."""
    last = time.monotonic()

    def tell(rows_read: int) -> None:
        nonlocal last
        if time.monotonic() - last < _TOLD_EVERY_SECONDS:
            return
        last = time.monotonic()
        with transaction() as session:
            session.get_one(ImportRun, run_id).rows_read = rows_read

    return tell
