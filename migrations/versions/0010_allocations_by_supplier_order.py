"""Taking a draft away looks up allocations by supplier order line: without an index, the whole table for each."""

from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_allocations_by_supplier_order", "allocations", ["supplier_order_id", "offer_id"])


def downgrade() -> None:
    op.drop_index("ix_allocations_by_supplier_order", table_name="allocations")
