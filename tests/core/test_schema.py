"""Migrations: up, down, and the tables that the models describe."""

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Engine, inspect, text
from sqlmodel import SQLModel

import app.all_tables  # noqa: F401 - every table
from app.core import schema


def _ours(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    return not (kind == "table" and (name or "").startswith(("procrastinate_", "alembic_")))


def test_the_migrated_database_is_what_the_models_say(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"include_object": _ours, "compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_every_revision_goes_down_and_up_again(own_engine: Engine) -> None:
    def tables() -> set[str]:
        return set(inspect(own_engine).get_table_names())

    migrated = tables()
    schema.downgrade(own_engine)
    with own_engine.connect() as connection:
        left = connection.execute(text("SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace")).all()
    assert tables() == {"alembic_version"}
    assert left == []
    schema.upgrade(own_engine)
    assert tables() == migrated


def test_no_extension_is_needed(engine: Engine) -> None:
    with engine.connect() as connection:
        assert connection.execute(text("SELECT extname FROM pg_extension")).scalars().all() == ["plpgsql"]


def test_what_is_deleted_by_the_thousand_is_looked_up_by_index_where_it_is_referenced(engine: Engine) -> None:
    """PostgreSQL looks for rows that still refer to each deleted one; without an index it reads the table each time."""
    without_index = text("""
        SELECT conname FROM pg_constraint
        WHERE contype = 'f' AND confrelid::regclass::text = ANY(:deleted) AND NOT EXISTS (
            SELECT FROM pg_index
            WHERE indrelid = conrelid AND indpred IS NULL
              AND (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        )
    """)
    deleted = ["supplier_orders", "supplier_order_lines", "member_orders", "order_lines"]
    with engine.connect() as connection:
        assert connection.execute(without_index, {"deleted": deleted}).scalars().all() == []
