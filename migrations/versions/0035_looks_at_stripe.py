"""How often Stripe's word on a payment or an account was taken in: two that are read at once are told apart."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_TABLES = ("collections", "stripe_accounts")


def upgrade() -> None:
    """Add the counters."""
    for table in _TABLES:
        op.add_column(table, sa.Column("looks", sa.Integer(), nullable=False, server_default="0"))
        op.alter_column(table, "looks", server_default=None)


def downgrade() -> None:
    """Take them away."""
    for table in _TABLES:
        op.drop_column(table, "looks")
