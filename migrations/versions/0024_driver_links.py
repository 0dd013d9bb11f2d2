"""A link with which a supplier's driver records what arrived."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("supplier_order_links", sa.Column("drop_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_supplier_order_links_drop_id"), "supplier_order_links", "drops", ["drop_id"], ["id"])
    op.create_index(op.f("ix_supplier_order_links_drop_id"), "supplier_order_links", ["drop_id"], unique=False)


def downgrade() -> None:
    op.drop_column("supplier_order_links", "drop_id")
