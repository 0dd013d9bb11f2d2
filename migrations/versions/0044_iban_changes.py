"""Accounts that money goes to change once a second person has confirmed them."""

import sqlalchemy as sa
from alembic import op

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Keep what is asked for."""
    op.create_table(
        "iban_changes",
        sa.Column("party", sa.String(60), primary_key=True),
        sa.Column("iban", sa.String(34), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    """Forget what is asked for: accounts stay as they are."""
    op.drop_table("iban_changes")
