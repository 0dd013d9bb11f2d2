"""What lines really get, once: received, else confirmed, else what was ordered for them."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_SERVED = "coalesce(received_quantity, confirmed_quantity, {ordered})"


def upgrade() -> None:
    for table, ordered in (("allocations", "allocated"), ("supplier_order_lines", "quantity")):
        op.add_column(
            table,
            sa.Column(
                "served", sa.Integer(), sa.Computed(_SERVED.format(ordered=ordered), persisted=True), nullable=False
            ),
        )
    op.drop_index("ix_allocations_cut", table_name="allocations")
    op.drop_index("ix_allocations_unfilled", table_name="allocations")
    op.create_index(
        "ix_allocations_short",
        "allocations",
        ["round_id", "offer_id", "order_line_id"],
        postgresql_where=sa.text("served < wanted"),
    )


def downgrade() -> None:
    op.drop_index("ix_allocations_short", table_name="allocations")
    op.create_index(
        "ix_allocations_unfilled",
        "allocations",
        ["round_id", "offer_id", "order_line_id"],
        postgresql_where=sa.text("unfilled > 0"),
    )
    op.create_index(
        "ix_allocations_cut",
        "allocations",
        ["round_id", "order_line_id"],
        postgresql_where=sa.text("confirmed_quantity < allocated OR received_quantity < allocated"),
    )
    op.drop_column("supplier_order_lines", "served")
    op.drop_column("allocations", "served")
