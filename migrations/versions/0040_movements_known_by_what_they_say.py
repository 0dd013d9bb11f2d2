"""Movements at the bank are known by account, day, amount, words and position; the bank's references may recur.

Movements that we have are known by what they say from now on. What stood in for a reference where the bank gave none,
and the number behind one that recurred, are left out of it; the books go on naming them as before.
"""

import hashlib
import re
import unicodedata
from collections import Counter

import sqlalchemy as sa
from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_STOOD_IN = re.compile(r"\A[0-9a-f]{40}(#[0-9]+)?\Z|#[0-9]+\Z")


def _letters(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if c.isalnum())


def upgrade() -> None:
    """Add what movements are known by and what the bank kept of them; a batch of transfers may be one movement."""
    op.add_column("bank_movements", sa.Column("number", sa.String(100)))
    op.add_column("bank_movements", sa.Column("account", sa.String(34), nullable=False, server_default=""))
    op.add_column("bank_movements", sa.Column("charges", sa.Numeric(14, 2), nullable=False, server_default="0"))
    op.add_column("bank_movements", sa.Column("is_return", sa.Boolean(), nullable=False, server_default="false"))
    op.add_column("bank_movements", sa.Column("identity", sa.String(64)))
    op.add_column("bank_movements", sa.Column("position", sa.Integer()))
    op.drop_constraint("uq_bank_movements_reference", "bank_movements")
    op.execute("UPDATE bank_movements SET number = reference")
    _name_again()
    for column in ("number", "identity", "position"):
        op.alter_column("bank_movements", column, nullable=False)
    for column in ("account", "charges", "is_return"):
        op.alter_column("bank_movements", column, server_default=None)
    op.create_unique_constraint(op.f("uq_bank_movements_number"), "bank_movements", ["number"])
    op.create_unique_constraint(op.f("uq_bank_movements_identity_position"), "bank_movements", ["identity", "position"])
    op.drop_constraint("uq_transfers_movement_id", "transfers")
    op.create_index(op.f("ix_transfers_movement_id"), "transfers", ["movement_id"])
    op.add_column("transfers", sa.Column("batch", sa.String(35), nullable=False, server_default=""))
    op.create_index(op.f("ix_transfers_batch"), "transfers", ["batch"])


def _name_again() -> None:
    connection = op.get_bind()
    account = connection.scalar(sa.text("SELECT coalesce(min(iban), '') FROM associations"))
    query = "SELECT id, reference, booked_on, amount, counterparty, words FROM bank_movements ORDER BY id"
    seen: Counter[str] = Counter()
    for row in connection.execute(sa.text(query)).all():
        said = (account, row.booked_on.isoformat(), str(row.amount), _letters(row.counterparty), _letters(row.words))
        identity = hashlib.sha256("|".join(said).encode()).hexdigest()
        seen[identity] += 1
        connection.execute(
            sa.text("""
                UPDATE bank_movements SET identity = :identity, position = :position, account = :account,
                    reference = :reference WHERE id = :id
            """),
            {
                **{"identity": identity, "position": seen[identity], "account": account, "id": row.id},
                "reference": _STOOD_IN.sub("", row.reference),
            },
        )


def downgrade() -> None:
    """Back to references that are each of one movement; refuses where a batch of transfers was one movement."""
    op.drop_index(op.f("ix_transfers_batch"), "transfers")
    op.drop_column("transfers", "batch")
    op.drop_index(op.f("ix_transfers_movement_id"), "transfers")
    op.create_unique_constraint("uq_transfers_movement_id", "transfers", ["movement_id"])
    op.execute("UPDATE bank_movements SET reference = left(number, 80)")
    for column in ("number", "account", "charges", "is_return", "identity", "position"):
        op.drop_column("bank_movements", column)
    op.create_unique_constraint("uq_bank_movements_reference", "bank_movements", ["reference"])
