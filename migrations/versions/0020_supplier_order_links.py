"""Links by which a supplier answers an order without an account."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "supplier_order_links",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("supplier_order_id", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"], ["supplier_orders.id"], name=op.f("fk_supplier_order_links_supplier_order_id")
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_supplier_order_links")),
    )
    op.create_index(op.f("ix_supplier_order_links_supplier_order_id"), "supplier_order_links", ["supplier_order_id"])


def downgrade() -> None:
    op.drop_table("supplier_order_links")
