"""Failed sign-ins are counted by client too; a session knows whether a mailed link opened it."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add where failures came from and how sessions were opened."""
    op.add_column("sign_in_failures", sa.Column("client", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_sign_in_failures_client_at", "sign_in_failures", ["client", "at"])
    op.add_column("sign_in_sessions", sa.Column("by_link", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    """Take both away."""
    op.drop_column("sign_in_sessions", "by_link")
    op.drop_index("ix_sign_in_failures_client_at", "sign_in_failures")
    op.drop_column("sign_in_failures", "client")
