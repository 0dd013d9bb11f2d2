"""What suppliers answer, what arrives, and who speaks for a supplier."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ANSWERS = "answer IN ('accepted', 'changed', 'back_ordered', 'refused')"


def upgrade() -> None:
    for name in ("acknowledged_at", "shipped_at", "received_at"):
        op.add_column("supplier_orders", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.add_column("supplier_orders", sa.Column("supplier_reference", sa.String(length=80), nullable=False, server_default=""))
    op.add_column(
        "supplier_orders",
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.now()),
    )
    op.create_index("ix_supplier_orders_by_change", "supplier_orders", ["supplier_id", "updated_at", "id"])
    for column in (
        sa.Column("answer", sa.String(length=40), nullable=True),
        sa.Column("answer_reason", sa.String(length=500), nullable=False, server_default=""),
        sa.Column("confirmed_quantity", sa.Integer(), nullable=True),
        sa.Column("received_quantity", sa.Integer(), nullable=True),
        sa.Column("damaged_quantity", sa.Integer(), nullable=True),
        sa.Column("asked_price", sa.Numeric(12, 4), nullable=True),
        sa.Column("promised_on", sa.Date(), nullable=True),
    ):
        op.add_column("supplier_order_lines", column)
    op.create_check_constraint(op.f("ck_supplier_order_lines_lineanswer"), "supplier_order_lines", _ANSWERS)
    op.create_check_constraint(
        op.f("ck_supplier_order_lines_confirmed_within_ordered"),
        "supplier_order_lines",
        "confirmed_quantity BETWEEN 0 AND quantity AND received_quantity BETWEEN 0 AND quantity"
        " AND damaged_quantity >= 0",
    )
    op.create_check_constraint(
        op.f("ck_allocations_confirmed_within_allocated"),
        "allocations",
        "confirmed_quantity BETWEEN 0 AND allocated AND received_quantity BETWEEN 0 AND allocated",
    )
    op.create_index(
        "ix_allocations_cut",
        "allocations",
        ["round_id", "order_line_id"],
        postgresql_where=sa.text("confirmed_quantity < allocated OR received_quantity < allocated"),
    )
    op.add_column("drops", sa.Column("received_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("drops", sa.Column("received_by", sa.String(), nullable=False, server_default=""))
    op.add_column("drop_lines", sa.Column("received_quantity", sa.Integer(), nullable=True))
    op.add_column("drop_lines", sa.Column("damaged_quantity", sa.Integer(), nullable=True))
    op.add_column("drop_lines", sa.Column("note", sa.String(length=500), nullable=False, server_default=""))
    op.create_check_constraint(
        op.f("ck_drop_lines_received_not_negative"), "drop_lines", "received_quantity >= 0 AND damaged_quantity >= 0"
    )
    op.create_table(
        "supplier_users",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_supplier_users_person_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name=op.f("fk_supplier_users_supplier_id")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_supplier_users")),
    )
    op.create_index(op.f("ix_supplier_users_supplier_id"), "supplier_users", ["supplier_id"])
    _allow_scopes("'read', 'write', 'orders:read', 'orders:write', 'catalog:write'")
    op.create_table(
        "access_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("api_key_id", sa.Integer(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["api_key_id"], ["api_keys.id"], name=op.f("fk_access_tokens_api_key_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_tokens_token_hash")),
    )


def _allow_scopes(scopes: str) -> None:
    name = op.f("ck_api_keys_known_scopes")
    op.drop_constraint(name, "api_keys", type_="check")
    op.create_check_constraint(name, "api_keys", f"scopes <@ ARRAY[{scopes}]::text[]")


def downgrade() -> None:
    op.drop_table("access_tokens")
    op.execute("DELETE FROM api_keys WHERE NOT scopes <@ ARRAY['read', 'write']::text[]")
    _allow_scopes("'read', 'write'")
    op.drop_table("supplier_users")
    op.drop_constraint(op.f("ck_drop_lines_received_not_negative"), "drop_lines", type_="check")
    for name in ("received_quantity", "damaged_quantity", "note"):
        op.drop_column("drop_lines", name)
    op.drop_column("drops", "received_by")
    op.drop_column("drops", "received_at")
    op.drop_index("ix_allocations_cut", table_name="allocations")
    op.drop_constraint(op.f("ck_allocations_confirmed_within_allocated"), "allocations", type_="check")
    op.drop_constraint(op.f("ck_supplier_order_lines_confirmed_within_ordered"), "supplier_order_lines", type_="check")
    op.drop_constraint(op.f("ck_supplier_order_lines_lineanswer"), "supplier_order_lines", type_="check")
    for name in ("answer", "answer_reason", "confirmed_quantity", "received_quantity", "damaged_quantity", "asked_price",
                 "promised_on"):
        op.drop_column("supplier_order_lines", name)
    op.drop_index("ix_supplier_orders_by_change", table_name="supplier_orders")
    for name in ("updated_at", "supplier_reference", "received_at", "shipped_at", "acknowledged_at"):
        op.drop_column("supplier_orders", name)
