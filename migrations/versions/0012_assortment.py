"""Categories and offers that are open to some firms, parks or roles only."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "assortment_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("category_id", sa.Integer(), nullable=True),
        sa.Column("offer_id", sa.Integer(), nullable=True),
        sa.Column("company_id", sa.Integer(), nullable=True),
        sa.Column("park_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=40), nullable=True),
        sa.CheckConstraint(
            "(category_id IS NULL) <> (offer_id IS NULL)", name=op.f("ck_assortment_rules_category_or_offer")
        ),
        sa.CheckConstraint(
            "company_id IS NOT NULL OR park_id IS NOT NULL OR role IS NOT NULL",
            name=op.f("ck_assortment_rules_open_to_somebody"),
        ),
        sa.CheckConstraint("role IN ('employee', 'approver')", name=op.f("ck_assortment_rules_role_of_a_buyer")),
        sa.ForeignKeyConstraint(["category_id"], ["categories.id"], name=op.f("fk_assortment_rules_category_id")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_assortment_rules_offer_id")),
        sa.ForeignKeyConstraint(["company_id"], ["companies.id"], name=op.f("fk_assortment_rules_company_id")),
        sa.ForeignKeyConstraint(["park_id"], ["parks.id"], name=op.f("fk_assortment_rules_park_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assortment_rules")),
    )


def downgrade() -> None:
    op.drop_table("assortment_rules")
