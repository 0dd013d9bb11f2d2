"""Deputies: who decides in an approver's place, and from when to when."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "deputies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("approver_id", sa.Integer(), nullable=False),
        sa.Column("deputy_id", sa.Integer(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.CheckConstraint("approver_id <> deputy_id", name=op.f("ck_deputies_somebody_else")),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_deputies_days_in_order")),
        sa.ForeignKeyConstraint(["approver_id"], ["people.id"], name=op.f("fk_deputies_approver_id")),
        sa.ForeignKeyConstraint(["deputy_id"], ["people.id"], name=op.f("fk_deputies_deputy_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deputies")),
    )
    op.create_index(op.f("ix_deputies_approver_id"), "deputies", ["approver_id"])
    op.create_index(op.f("ix_deputies_deputy_id"), "deputies", ["deputy_id"])


def downgrade() -> None:
    op.drop_table("deputies")
