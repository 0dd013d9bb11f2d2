"""How often each program asks."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quota_windows",
        sa.Column("caller", sa.String(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("caller", name=op.f("pk_quota_windows")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_quota_windows_began_at"), "quota_windows", ["began_at"], unique=False)


def downgrade() -> None:
    op.drop_table("quota_windows")
