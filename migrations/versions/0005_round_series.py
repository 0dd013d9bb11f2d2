"""Rounds that recur."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("first_cut_off_on", sa.Date(), nullable=False),
        sa.Column("cut_off_at", sa.Time(), nullable=False),
        sa.Column("every_weeks", sa.Integer(), nullable=False),
        sa.Column("delivery_after_days", sa.Integer(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("every_weeks BETWEEN 1 AND 12", name=op.f("ck_round_series_weeks_in_range")),
        sa.CheckConstraint("delivery_after_days BETWEEN 0 AND 60", name=op.f("ck_round_series_days_in_range")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_series")),
    )
    op.add_column("rounds", sa.Column("series_id", sa.Integer(), nullable=True))
    op.create_foreign_key(op.f("fk_rounds_series_id"), "rounds", "round_series", ["series_id"], ["id"])
    op.create_index(op.f("ix_rounds_series_id"), "rounds", ["series_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_rounds_series_id"), table_name="rounds")
    op.drop_constraint(op.f("fk_rounds_series_id"), "rounds", type_="foreignkey")
    op.drop_column("rounds", "series_id")
    op.drop_table("round_series")
