"""What was agreed at the cut-off of a round, and the commission rate of a supplier order line, are kept.

Rounds that are closed take the terms as they stand today: nothing older is known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_CLOSED = "status NOT IN ('planned', 'open')"
_FILL = (
    f"""
    INSERT INTO round_offers (round_id, offer_id, supplier_id, product_id, category_id, sku, name, gtin, unit,
        pack_size, min_quantity, vat_rate, eco_contribution, tier_quantities, tier_prices, restricted, offered)
    WITH wanted AS (
        SELECT DISTINCT o.round_id, g.product_id FROM order_lines l
        JOIN member_orders o ON o.id = l.order_id
        JOIN rounds r ON r.id = o.round_id AND r.{_CLOSED}
        JOIN offers g ON g.id = l.offer_id
        UNION SELECT a.round_id, g.product_id FROM allocations a JOIN offers g ON g.id = a.offer_id
        UNION SELECT o.round_id, g.product_id FROM supplier_order_lines l
        JOIN supplier_orders o ON o.id = l.supplier_order_id JOIN offers g ON g.id = l.offer_id
    )
    SELECT w.round_id, f.id, f.supplier_id, f.product_id, p.category_id, f.sku, f.name, f.gtin, p.unit, f.pack_size,
        f.min_quantity, f.vat_rate, f.eco_contribution, f.tier_quantities, f.tier_prices, limits.restricted,
        s.active AND NOT limits.restricted
    FROM wanted w
    JOIN offers f ON f.product_id = w.product_id
    JOIN products p ON p.id = f.product_id
    JOIN suppliers s ON s.id = f.supplier_id
    CROSS JOIN LATERAL (
        SELECT f.withdrawn_at IS NOT NULL OR EXISTS (SELECT FROM assortment_rules a WHERE a.offer_id = f.id)
            AS restricted
    ) limits
    """,
    """
    INSERT INTO round_suppliers (round_id, supplier_id, code, name, street, postal_code, city, country, siret,
        vat_number, minimum_order, free_delivery_from, delivery_fee)
    SELECT w.round_id, s.id, s.code, s.name, s.street, s.postal_code, s.city, s.country, s.siret, s.vat_number,
        s.minimum_order, s.free_delivery_from, s.delivery_fee
    FROM (
        SELECT DISTINCT round_id, supplier_id FROM round_offers UNION SELECT round_id, supplier_id FROM supplier_orders
    ) w JOIN suppliers s ON s.id = w.supplier_id
    """,
    f"""
    INSERT INTO round_parks (round_id, park_id, code, name, street, postal_code, city)
    SELECT r.id, k.id, k.code, k.name, k.street, k.postal_code, k.city FROM rounds r CROSS JOIN parks k
    WHERE r.{_CLOSED}
    """,
)
# The rule that holds for a line: valid on the closing day, the most specific, then the newest, as `Tariff` has it.
_RATES = """
    UPDATE supplier_order_lines l
    SET commission_rule_id = c.id, commission_rate = coalesce(c.percent, 0), commission_minimum = c.minimum,
        commission_maximum = c.maximum
    FROM supplier_orders o
    JOIN rounds r ON r.id = o.round_id
    JOIN round_offers f ON f.round_id = r.id
    LEFT JOIN LATERAL (
        SELECT * FROM commission_rules c
        WHERE (c.valid_from IS NULL OR c.valid_from <= (r.closes_at AT TIME ZONE 'Europe/Paris')::date)
            AND (c.valid_to IS NULL OR c.valid_to >= (r.closes_at AT TIME ZONE 'Europe/Paris')::date)
            AND CASE WHEN c.offer_id IS NOT NULL THEN c.offer_id = f.offer_id
                ELSE (c.supplier_id IS NULL OR c.supplier_id = f.supplier_id)
                    AND (c.category_id IS NULL OR c.category_id = f.category_id) END
        ORDER BY CASE WHEN c.offer_id IS NOT NULL THEN 4
            ELSE 2 * (c.supplier_id IS NOT NULL)::int + (c.category_id IS NOT NULL)::int END DESC, c.id DESC
        LIMIT 1
    ) c ON true
    WHERE o.id = l.supplier_order_id AND f.offer_id = l.offer_id
"""


def upgrade() -> None:
    """Add the tables and the rates, and fill them from what is known."""
    op.create_table(
        "round_offers",
        sa.Column("round_id", sa.Integer(), sa.ForeignKey("rounds.id"), primary_key=True),
        sa.Column("offer_id", sa.Integer(), sa.ForeignKey("offers.id"), primary_key=True),
        sa.Column("supplier_id", sa.Integer(), sa.ForeignKey("suppliers.id"), nullable=False),
        sa.Column("product_id", sa.Integer(), sa.ForeignKey("products.id"), nullable=False),
        sa.Column("category_id", sa.Integer(), sa.ForeignKey("categories.id"), nullable=False),
        sa.Column("sku", sa.String(80), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("gtin", sa.String(14)),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("pack_size", sa.Integer(), nullable=False),
        sa.Column("min_quantity", sa.Integer(), nullable=False),
        sa.Column("vat_rate", sa.Numeric(5, 2), nullable=False),
        sa.Column("eco_contribution", sa.Numeric(12, 4), nullable=False),
        sa.Column("tier_quantities", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("tier_prices", sa.ARRAY(sa.Numeric(12, 4)), nullable=False),
        sa.Column("restricted", sa.Boolean(), nullable=False),
        sa.Column("offered", sa.Boolean(), nullable=False),
    )
    op.create_index("ix_round_offers_offer_id", "round_offers", ["offer_id"])
    op.create_table(
        "round_suppliers",
        sa.Column("round_id", sa.Integer(), sa.ForeignKey("rounds.id"), primary_key=True),
        sa.Column("supplier_id", sa.Integer(), sa.ForeignKey("suppliers.id"), primary_key=True),
        sa.Column("code", sa.String(40), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("name", "street", "postal_code", "city", "country")),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("siret", "vat_number")),
        *(sa.Column(name, sa.Numeric(14, 2)) for name in ("minimum_order", "free_delivery_from", "delivery_fee")),
    )
    op.create_index("ix_round_suppliers_supplier_id", "round_suppliers", ["supplier_id"])
    op.create_table(
        "round_parks",
        sa.Column("round_id", sa.Integer(), sa.ForeignKey("rounds.id"), primary_key=True),
        sa.Column("park_id", sa.Integer(), sa.ForeignKey("parks.id"), primary_key=True),
        *(sa.Column(name, sa.String(), nullable=False) for name in ("code", "name", "street", "postal_code", "city")),
    )
    op.add_column("supplier_order_lines", sa.Column("commission_rule_id", sa.Integer()))
    op.add_column(
        "supplier_order_lines", sa.Column("commission_rate", sa.Numeric(5, 2), nullable=False, server_default="0")
    )
    op.alter_column("supplier_order_lines", "commission_rate", server_default=None)
    op.add_column("supplier_order_lines", sa.Column("commission_minimum", sa.Numeric(14, 2)))
    op.add_column("supplier_order_lines", sa.Column("commission_maximum", sa.Numeric(14, 2)))
    for statement in (*_FILL, _RATES):
        op.execute(statement)


def downgrade() -> None:
    """Take them away: terms are read from today's catalogue and tariff again."""
    for column in ("commission_rule_id", "commission_rate", "commission_minimum", "commission_maximum"):
        op.drop_column("supplier_order_lines", column)
    for table in ("round_parks", "round_suppliers", "round_offers"):
        op.drop_table(table)
