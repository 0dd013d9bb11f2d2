"""The database: its URL, one engine a process, and the transaction at the edge."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar, cast

import psycopg
from psycopg.errors import DuplicateDatabase, UniqueViolation
from sqlalchemy import Engine, Result, Row, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session

from app.core.embedded import start_embedded_server
from app.core.settings import get_settings

Record = TypeVar("Record")
DATABASE_NAME = "engrenages"
SANDBOX_SCHEMA = "sandbox"
SANDBOX_POOL_SIZE = 2
_UTC = "-c timezone=UTC"
_sandboxed: ContextVar[bool] = ContextVar("sandboxed", default=False)
_engines: list[Engine] = []  # of this process


@cache
def database_url() -> str:
    """The URL of the application's database in SQLAlchemy's form, starting the embedded server where none is set."""
    configured = get_settings().database_url
    if configured:
        return as_psycopg_url(configured)
    server_url = start_embedded_server(get_settings().data_dir)
    url = make_url(as_psycopg_url(server_url)).set(database=DATABASE_NAME)
    create_database(url.render_as_string(hide_password=False))
    return url.render_as_string(hide_password=False)


def as_psycopg_url(url: str) -> str:
    """Name the psycopg 3 driver in a plain `postgres://` or `postgresql://` URL."""
    scheme, _, rest = url.partition("://")
    if scheme in {"postgres", "postgresql"}:
        return f"postgresql+psycopg://{rest}"
    return url


def create_database(url: str, template: str | None = None) -> bool:
    """Create the database that `url` names where it is missing; True if it was made."""
    target = make_url(url)
    name = target.database or DATABASE_NAME
    maintenance = create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    try:
        with maintenance.connect() as connection:
            exists = connection.scalar(text("SELECT 1 FROM pg_database WHERE datname = :name"), {"name": name})
            if exists:
                return False
            copied_from = f' TEMPLATE "{template}"' if template else ""
            connection.execute(text(f'CREATE DATABASE "{name}"{copied_from}'))
            return True
    except DBAPIError as error:
        if isinstance(error.orig, UniqueViolation | DuplicateDatabase):  # another process made it meanwhile
            return False
        raise
    finally:
        maintenance.dispose()


def drop_database(url: str) -> None:
    """Drop the database that `url` names, with whoever is connected to it."""
    target = make_url(url)
    maintenance = create_engine(target.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with maintenance.connect() as connection:
        connection.execute(text(f'DROP DATABASE IF EXISTS "{target.database}" WITH (FORCE)'))
    maintenance.dispose()


def new_engine(url: str, session_options: str = _UTC, **options: Any) -> Engine:
    """An engine whose sessions speak UTC."""
    return create_engine(url, connect_args={"options": session_options}, **options)


@contextmanager
def sandbox() -> Iterator[None]:
    """Inside, this thread of work reads and writes the sandbox: the same tables in a schema of their own."""
    before = _sandboxed.set(True)
    try:
        yield
    finally:
        _sandboxed.reset(before)


def in_sandbox() -> bool:
    """Whether the present work is the sandbox's."""
    return _sandboxed.get()


def session_options() -> str:
    """What every connection is opened with: UTC, and in the sandbox its schema."""
    return f"{_UTC} -c search_path={SANDBOX_SCHEMA}" if in_sandbox() else _UTC


def get_engine() -> Engine:
    """The engine of this process, or its engine on the sandbox."""
    return _engine(session_options())


@cache
def _engine(options: str) -> Engine:
    size = SANDBOX_POOL_SIZE if in_sandbox() else get_settings().database_pool_size
    engine = new_engine(database_url(), options, pool_size=size, max_overflow=20)
    _engines.append(engine)
    return engine


def close_connections() -> None:
    """Close the connections of this process that nobody uses; the next use opens new ones."""
    for engine in _engines:
        engine.dispose()


def _forget_connections() -> None:
    """A process made by forking leaves its parent's connections alone and opens its own."""
    for engine in _engines:
        engine.dispose(close=False)


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_connections)


@contextmanager
def transaction() -> Iterator[Session]:
    """One transaction: committed at the end, rolled back on an error. For commands and jobs."""
    with Session(get_engine(), expire_on_commit=False) as session:
        yield session
        session.commit()


@contextmanager
def outside(session: Session) -> Iterator[None]:
    """While something outside is asked (Stripe, a platform): neither a row is locked nor a connection held.

    What was done before is committed; what is read after is of a new transaction, so whoever asks looks again, under
    a lock, at what may have changed meanwhile. What is asked must be safe to ask twice.
    """
    session.commit()
    yield
    session.expire_all()


def psycopg_connection(session: Session) -> psycopg.Connection[Any]:
    """The psycopg connection under a session, inside its transaction: for COPY and for deferring jobs."""
    return cast("psycopg.Connection[Any]", session.connection().connection.dbapi_connection)


def rows_as(kind: Callable[..., Record], result: Result[Any], **more: Any) -> list[Record]:
    """What a statement found, each row as a `kind` (NamedTuple or dataclass): a column goes to the field of its name.

    `more` are fields that are the same for every row. Raises `TypeError` where a column has no field, or a field
    without a default no column.
    """
    names = tuple(result.keys())
    return [kind(**dict(zip(names, row, strict=True)), **more) for row in result]


def row_as(kind: Callable[..., Record], row: Row[Any], **more: Any) -> Record:
    """One row as a `kind`, by the names of its columns, with the fields that are not among them."""
    return kind(**row._mapping, **more)


def escape_like(value: str) -> str:
    """Text as LIKE takes it literally."""
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
