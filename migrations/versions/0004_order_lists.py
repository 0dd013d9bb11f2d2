"""Lists: baskets that people keep to order again."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "order_lists",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_order_lists_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_lists")),
        sa.UniqueConstraint("person_id", "name", name=op.f("uq_order_lists_person_id_name")),
    )
    op.create_table(
        "order_list_lines",
        sa.Column("list_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.Column("tolerance", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "quantity >= 1 AND tolerance >= 0", name=op.f("ck_order_list_lines_quantities_in_range")
        ),
        sa.ForeignKeyConstraint(["list_id"], ["order_lists.id"], name=op.f("fk_order_list_lines_list_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_order_list_lines_offer_id")),
        sa.PrimaryKeyConstraint("list_id", "offer_id", name=op.f("pk_order_list_lines")),
    )


def downgrade() -> None:
    op.drop_table("order_list_lines")
    op.drop_table("order_lists")
