"""Entries name their document's own day and reference, beside the day on which they are booked.

Entries of bank movements take the day of their movement as the document's; all others the day on which they were
booked. Nothing that was booked changes.
"""

import sqlalchemy as sa
from alembic import op

revision = "0050"
down_revision = "0036"
branch_labels = None
depends_on = None

_FILL = """
    ALTER TABLE journal_entries DISABLE TRIGGER journal_entries_append_only;
    UPDATE journal_entries e SET document_on = coalesce(
        (SELECT m.booked_on FROM bank_movements m WHERE e.document_type = 'bank' AND m.reference = e.document_number),
        e.booked_on);
    ALTER TABLE journal_entries ENABLE TRIGGER journal_entries_append_only;
"""


def upgrade() -> None:
    """Add the day and the reference, and fill the day from what is known."""
    op.add_column("journal_entries", sa.Column("document_on", sa.Date()))
    op.add_column("journal_entries", sa.Column("document_reference", sa.String(), nullable=False, server_default=""))
    op.execute(_FILL)
    op.alter_column("journal_entries", "document_on", nullable=False)


def downgrade() -> None:
    """Take them away."""
    op.drop_column("journal_entries", "document_reference")
    op.drop_column("journal_entries", "document_on")
