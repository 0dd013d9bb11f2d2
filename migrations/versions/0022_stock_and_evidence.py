"""What suppliers have in stock, and what they show for the charter."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "evidence",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("supplier_id", sa.Integer(), nullable=False),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("criterion", sa.String(length=40), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("file_name", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "submitted",
                "verified",
                "refused",
                name="evidencestatus",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sent_by", sa.String(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(file_name = '') = (content IS NULL)", name=op.f("ck_evidence_file_whole")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_evidence_offer_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["suppliers.id"], name=op.f("fk_evidence_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
    )
    op.create_index("ix_evidence_of_supplier", "evidence", ["supplier_id", "criterion"], unique=False)
    op.create_index(op.f("ix_evidence_offer_id"), "evidence", ["offer_id"], unique=False)
    op.add_column("offers", sa.Column("stock", sa.Integer(), nullable=True))
    op.add_column("offers", sa.Column("stock_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(op.f("ck_offers_stock_not_negative"), "offers", "stock >= 0")


def downgrade() -> None:
    op.drop_column("offers", "stock_at")
    op.drop_column("offers", "stock")
    op.drop_index(op.f("ix_evidence_offer_id"), table_name="evidence")
    op.drop_index("ix_evidence_of_supplier", table_name="evidence")
    op.drop_table("evidence")
