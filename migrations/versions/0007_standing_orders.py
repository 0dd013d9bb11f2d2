"""Lists that order themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "order_lists",
        sa.Column(
            "standing",
            sa.Enum(
                "off", "every_round", "monthly",
                name="standingrhythm", native_enum=False, create_constraint=True, length=40,
            ),
            nullable=False,
            server_default="off",
        ),
    )
    op.alter_column("order_lists", "standing", server_default=None)
    op.add_column("order_lists", sa.Column("skip_next", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.alter_column("order_lists", "skip_next", server_default=None)
    op.create_table(
        "standing_placements",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("placed_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["list_id"], ["order_lists.id"], name=op.f("fk_standing_placements_list_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_standing_placements_round_id")),
        sa.PrimaryKeyConstraint("list_id", "round_id", name=op.f("pk_standing_placements")),
    )


def downgrade() -> None:
    op.drop_table("standing_placements")
    op.drop_column("order_lists", "skip_next")
    op.drop_column("order_lists", "standing")
