"""Quick lists: counts kept ready for the catalogue's facets, an offer by its GTIN, allocations page by page."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_offers_gtin", "offers", ["gtin"], postgresql_where=sa.text("gtin IS NOT NULL"))
    op.create_table(
        "shelf_counts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("supplier_id", sa.Integer(), nullable=True),
        sa.Column("product_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_shelf_counts_category_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name=op.f("fk_shelf_counts_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shelf_counts")),
    )
    op.create_index(
        "uq_shelf_counts",
        "shelf_counts",
        ["category_id", "supplier_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
    )
    op.execute("""
        INSERT INTO shelf_counts (category_id, supplier_id, product_count)
        SELECT category_id, supplier_id, count(*)
        FROM (
            SELECT DISTINCT p.category_id, o.supplier_id, p.id
            FROM products p JOIN offers o ON o.product_id = p.id AND o.withdrawn_at IS NULL
        ) listed
        GROUP BY category_id, supplier_id
        UNION ALL
        SELECT category_id, NULL, count(*) FROM products WHERE lowest_price IS NOT NULL GROUP BY category_id
        UNION ALL
        SELECT NULL, supplier_id, count(DISTINCT product_id) FROM offers WHERE withdrawn_at IS NULL GROUP BY supplier_id
    """)
    op.drop_index("ix_allocations_round_id_offer_id", table_name="allocations")
    op.create_index("ix_allocations_by_offer", "allocations", ["round_id", "offer_id", "order_line_id"])
    op.create_index(
        "ix_allocations_unfilled",
        "allocations",
        ["round_id", "offer_id", "order_line_id"],
        postgresql_where=sa.text("unfilled > 0"),
    )


def downgrade() -> None:
    op.drop_index("ix_allocations_unfilled", table_name="allocations")
    op.drop_index("ix_allocations_by_offer", table_name="allocations")
    op.create_index("ix_allocations_round_id_offer_id", "allocations", ["round_id", "offer_id"])
    op.drop_table("shelf_counts")
    op.drop_index("ix_offers_gtin", table_name="offers")
