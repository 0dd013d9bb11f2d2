"""What approved rounds came to, counted once."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_results",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("order_count", sa.Integer(), nullable=False),
        sa.Column("company_count", sa.Integer(), nullable=False),
        sa.Column("firm_deliveries", sa.Integer(), nullable=False),
        sa.Column("drop_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_results_round_id")),
        sa.PrimaryKeyConstraint("round_id", name=op.f("pk_round_results")),
    )
    op.execute("""
        INSERT INTO round_results (round_id, order_count, company_count, firm_deliveries, drop_count)
        SELECT r.id, count(DISTINCT o.id), count(DISTINCT o.company_id),
            count(DISTINCT (a.supplier_order_id, o.company_id)),
            (SELECT count(*) FROM drops d JOIN supplier_orders s ON s.id = d.supplier_order_id WHERE s.round_id = r.id)
        FROM rounds r
        LEFT JOIN allocations a ON a.round_id = r.id AND a.supplier_order_id IS NOT NULL
        LEFT JOIN order_lines l ON l.id = a.order_line_id
        LEFT JOIN member_orders o ON o.id = l.order_id
        WHERE r.status IN ('approved', 'sent', 'delivered', 'settled')
        GROUP BY r.id
    """)


def downgrade() -> None:
    op.drop_table("round_results")
