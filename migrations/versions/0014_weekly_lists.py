"""Lists that order themselves once a week."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_NAME = "ck_order_lists_standingrhythm"


def upgrade() -> None:
    op.drop_constraint(op.f(_NAME), "order_lists", type_="check")
    op.create_check_constraint(op.f(_NAME), "order_lists", "standing IN ('off', 'every_round', 'weekly', 'monthly')")


def downgrade() -> None:
    op.execute("UPDATE order_lists SET standing = 'every_round' WHERE standing = 'weekly'")
    op.drop_constraint(op.f(_NAME), "order_lists", type_="check")
    op.create_check_constraint(op.f(_NAME), "order_lists", "standing IN ('off', 'every_round', 'monthly')")
