"""What suppliers say is on its way."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "despatch_advices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_order_id", sa.Integer(), nullable=False),
        sa.Column("drop_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("carrier", sa.String(length=100), nullable=False),
        sa.Column("tracking", sa.String(length=200), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("advised_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["supplier_order_id"], ["supplier_orders.id"], name=op.f("fk_despatch_advices_supplier_order_id")
        ),
        sa.ForeignKeyConstraint(["drop_id"], ["drops.id"], name=op.f("fk_despatch_advices_drop_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_despatch_advices")),
        sa.UniqueConstraint(
            "supplier_order_id", "number", name=op.f("uq_despatch_advices_supplier_order_id_number")
        ),
    )
    op.create_index(op.f("ix_despatch_advices_drop_id"), "despatch_advices", ["drop_id"])
    op.create_table(
        "despatch_lines",
        sa.Column("advice_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("quantity >= 1", name=op.f("ck_despatch_lines_quantity_positive")),
        sa.ForeignKeyConstraint(["advice_id"], ["despatch_advices.id"], name=op.f("fk_despatch_lines_advice_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_despatch_lines_offer_id")),
        sa.PrimaryKeyConstraint("advice_id", "offer_id", name=op.f("pk_despatch_lines")),
    )
    op.create_table(
        "despatch_parcels",
        sa.Column("advice_id", sa.Integer(), nullable=False),
        sa.Column("sscc", sa.String(length=18), nullable=False),
        sa.ForeignKeyConstraint(["advice_id"], ["despatch_advices.id"], name=op.f("fk_despatch_parcels_advice_id")),
        sa.PrimaryKeyConstraint("advice_id", "sscc", name=op.f("pk_despatch_parcels")),
    )


def downgrade() -> None:
    op.drop_table("despatch_parcels")
    op.drop_table("despatch_lines")
    op.drop_table("despatch_advices")
