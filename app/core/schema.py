"""The database's schema: where it stands, and bringing it up to date."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

import migrations
from app.core.database import SANDBOX_SCHEMA, get_engine, sandbox
from app.core.errors import Conflict

_UPGRADE_LOCK = 7_364_001  # any number of our own: two processes never migrate at once


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    config.set_main_option("path_separator", "os")
    return config


def upgrade(engine: Engine, revision: str = "head") -> None:
    """Bring the schema up to `revision`, in one transaction, waiting for whoever does it already."""
    _run(engine, lambda config: command.upgrade(config, revision))


def upgrade_all() -> None:
    """Bring the schema of this installation up to date, and its sandbox where there is one."""
    upgrade(get_engine())
    with get_engine().connect() as connection:
        there = has_sandbox(connection)
    if there:
        make_sandbox()


def has_sandbox(connection: Connection) -> bool:
    """Whether somebody asked for the sandbox before."""
    return bool(connection.scalar(text("SELECT to_regnamespace(:name) IS NOT NULL"), {"name": SANDBOX_SCHEMA}))


def make_sandbox() -> None:
    """Make the sandbox's schema where it is missing, and bring it up to date. Raises `Conflict` if that is denied."""
    try:
        with get_engine().begin() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SANDBOX_SCHEMA}"))
    except ProgrammingError as refusal:
        raise Conflict(
            "The database's user may not make the sandbox's schema: GRANT CREATE ON DATABASE, then try again.",
            code="no_sandbox",
        ) from refusal
    with sandbox():
        upgrade(get_engine())


def downgrade(engine: Engine, revision: str = "base") -> None:
    """Take the schema back to `revision`."""
    _run(engine, lambda config: command.downgrade(config, revision))


def _run(engine: Engine, step: object) -> None:
    config = _config()
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        config.attributes["connection"] = connection
        assert callable(step)
        step(config)


def head_revision() -> str:
    """The newest revision that this code knows."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None
    return head


def current_revision(connection: Connection) -> str | None:
    """The revision of the database; None where it is empty."""
    return MigrationContext.configure(connection).get_current_revision()
