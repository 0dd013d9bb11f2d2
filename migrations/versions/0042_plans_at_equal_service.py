"""Plans of a round serve people first and are compared at equal service.

Plans that were worked out before and not applied leave more people out than need be: they go, and are worked out anew
when asked for. Applied ones stay, without a figure of what they save.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_AMOUNTS = ("unfilled_amount", "more_amount", "fewer_amount", "plain_unfilled_amount")
_LISTS = ("under_minimum", "plain_under_minimum")
_UNITS = ("least_unfilled", "more_units", "fewer_units")


def upgrade() -> None:
    op.execute("DELETE FROM round_plans WHERE applied_at IS NULL AND status IN ('done', 'failed')")
    op.alter_column("round_plans", "beyond", new_column_name="unserved")
    op.add_column("round_plans", sa.Column("saved", sa.Numeric(14, 2), nullable=True))
    for names, kind, first in ((_AMOUNTS, sa.Numeric(14, 2), "0"), (_UNITS, sa.Integer(), "0"), (_LISTS, JSONB(), "[]")):
        for name in names:
            op.add_column("round_plans", sa.Column(name, kind, nullable=False, server_default=first))
            op.alter_column("round_plans", name, server_default=None)


def downgrade() -> None:
    for name in (*_AMOUNTS, *_UNITS, *_LISTS, "saved"):
        op.drop_column("round_plans", name)
    op.alter_column("round_plans", "unserved", new_column_name="beyond")
