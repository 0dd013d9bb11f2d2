"""Files for the bank or a platform are kept, and can be taken back until they are confirmed."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_KINDS = ("transfers", "debits", "einvoices")
_STATUSES = ("made", "confirmed", "taken_back")
_IN_FILES = ("transfers", "direct_debits", "einvoice_transmissions", "life_cycle_events")
_GUARD = """
CREATE FUNCTION outgoing_file_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.id, NEW.kind, NEW.name, NEW.content, NEW.sha256, NEW.entries, NEW.amount)
            IS DISTINCT FROM (OLD.id, OLD.kind, OLD.name, OLD.content, OLD.sha256, OLD.entries, OLD.amount) THEN
        RAISE EXCEPTION 'a file stays as it was made: take it back instead'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER outgoing_files_stay BEFORE UPDATE OR DELETE ON outgoing_files
    FOR EACH ROW EXECUTE FUNCTION outgoing_file_stays();
"""


def upgrade() -> None:
    """Make the table, and say of each row in which file it went."""
    op.create_table(
        "outgoing_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Enum(*_KINDS, name="filekind", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("amount", sa.Numeric(14, 2), nullable=False),
        sa.Column("status", sa.Enum(*_STATUSES, name="filestatus", native_enum=False, create_constraint=True, length=40), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_files")),
        sa.UniqueConstraint("name", name=op.f("uq_outgoing_files_name")),
    )
    op.execute(_GUARD)
    for table in _IN_FILES:
        op.add_column(table, sa.Column("file_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(f"fk_{table}_file_id"), table, "outgoing_files", ["file_id"], ["id"])
        op.create_index(op.f(f"ix_{table}_file_id"), table, ["file_id"])
    for table in ("transfers", "direct_debits"):
        op.add_column(table, sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("direct_debits", sa.Column("batch", sa.String(length=35), nullable=False, server_default=""))
    op.create_index(op.f("ix_direct_debits_batch"), "direct_debits", ["batch"])
    op.add_column("direct_debits", sa.Column("movement_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_direct_debits_movement_id"), "direct_debits", "bank_movements", ["movement_id"], ["id"])
    op.create_index(op.f("ix_direct_debits_movement_id"), "direct_debits", ["movement_id"])
    _only_one_standing("returned_at IS NULL AND taken_back_at IS NULL")


def _only_one_standing(condition: str) -> None:
    op.drop_index("uq_direct_debits_standing", "direct_debits")
    op.create_index(
        "uq_direct_debits_standing", "direct_debits", ["invoice_id"], unique=True, postgresql_where=sa.text(condition)
    )


def downgrade() -> None:
    """Forget the files; what was taken back with one is gone."""
    op.execute("DELETE FROM transfers WHERE taken_back_at IS NOT NULL AND movement_id IS NULL")
    op.execute("DELETE FROM direct_debits WHERE taken_back_at IS NOT NULL")
    _only_one_standing("returned_at IS NULL")
    for column in ("batch", "movement_id", "taken_back_at"):
        op.drop_column("direct_debits", column)
    op.drop_column("transfers", "taken_back_at")
    for table in _IN_FILES:
        op.drop_column(table, "file_id")
    op.drop_table("outgoing_files")
    op.execute("DROP FUNCTION outgoing_file_stays")
