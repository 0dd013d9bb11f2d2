"""How Alembic reaches the database and the tables."""

from alembic import context
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401 - every table
from app.core.database import database_url, new_engine


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _compare_to: object) -> bool:
    """Leave the job library's own tables to its own schema."""
    return not (kind == "table" and (name or "").startswith("procrastinate_"))


def run() -> None:
    """Migrate on the connection given by the caller, or on one of our own."""
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _migrate(connection)
        return
    with new_engine(context.config.get_main_option("sqlalchemy.url") or database_url()).begin() as own_connection:
        _migrate(own_connection)


def _migrate(connection: object) -> None:
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        include_object=_ours,
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
