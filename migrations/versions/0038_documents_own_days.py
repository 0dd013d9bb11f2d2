"""The day of the document that causes an entry, beside the day that it counts on."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

# Books are append-only; a column that they get is filled once, here. Until now movements counted on the day of their
# import: that day stays, the bank's own is the document's.
_FILL = """
ALTER TABLE journal_entries DISABLE TRIGGER journal_entries_append_only;
UPDATE journal_entries e SET document_date = coalesce(
    (SELECT m.booked_on FROM bank_movements m WHERE e.document_type = 'bank' AND m.reference = e.document_number),
    e.booked_on);
ALTER TABLE journal_entries ENABLE TRIGGER journal_entries_append_only;
"""


def upgrade() -> None:
    """Add the day and fill it."""
    op.add_column("journal_entries", sa.Column("document_date", sa.Date(), nullable=True))
    op.execute(_FILL)
    op.alter_column("journal_entries", "document_date", nullable=False)


def downgrade() -> None:
    """Take it away."""
    op.drop_column("journal_entries", "document_date")
