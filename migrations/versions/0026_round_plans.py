"""Lines that accept equivalents, the optimiser's plans for rounds, and the lines that an applied plan moves."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_EUROS = ("cost", "objective", "bound", "delivery_fees")
_PLAIN_EUROS = ("plain_cost", "plain_objective")


def _required(name: str, kind: sa.types.TypeEngine[object]) -> sa.Column[object]:
    return sa.Column(name, kind, nullable=False)


def upgrade() -> None:
    op.add_column(
        "order_lines", sa.Column("accepts_equivalents", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.create_table(
        "round_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        _required("round_id", sa.Integer()),
        _required("premium", sa.Numeric(6, 3)),
        _required(
            "status",
            sa.Enum(
                *("queued", "running", "done", "failed"),
                name="planstatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
        ),
        _required("seconds_allowed", sa.Integer()),
        _required("asked_at", _INSTANT),
        _required("asked_by", sa.String()),
        sa.Column("started_at", _INSTANT, nullable=True),
        sa.Column("finished_at", _INSTANT, nullable=True),
        _required("error", sa.String()),
        *(_required(name, sa.Numeric(14, 2)) for name in _EUROS),
        _required("score", sa.Numeric(4, 1)),
        *(_required(name, sa.Integer()) for name in ("deliveries", "unfilled", "moved_lines")),
        *(_required(name, sa.Numeric(14, 2)) for name in _PLAIN_EUROS),
        _required("plain_score", sa.Numeric(4, 1)),
        *(_required(name, sa.Integer()) for name in ("plain_deliveries", "plain_unfilled")),
        *(_required(name, postgresql.JSONB()) for name in ("beyond", "packs", "moves")),
        _required("book_digest", sa.String(length=64)),
        sa.Column("applied_at", _INSTANT, nullable=True),
        sa.CheckConstraint("premium >= 0", name=op.f("ck_round_plans_premium_not_negative")),
        sa.CheckConstraint("seconds_allowed BETWEEN 1 AND 600", name=op.f("ck_round_plans_seconds_in_range")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_plans_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_plans")),
        sa.UniqueConstraint("round_id", "premium", name=op.f("uq_round_plans_round_id_premium")),
    )
    op.create_table(
        "line_moves",
        sa.Column("order_line_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["order_line_id"], ["order_lines.id"], name=op.f("fk_line_moves_order_line_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_line_moves_round_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_line_moves_offer_id")),
        sa.PrimaryKeyConstraint("order_line_id", name=op.f("pk_line_moves")),
    )
    op.create_index(op.f("ix_line_moves_round_id"), "line_moves", ["round_id"])


def downgrade() -> None:
    op.drop_table("line_moves")
    op.drop_table("round_plans")
    op.drop_column("order_lines", "accepts_equivalents")
