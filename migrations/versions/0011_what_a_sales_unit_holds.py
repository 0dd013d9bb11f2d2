"""What one sales unit of an offer holds, so that prices can be compared by kilogram, litre or piece."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("offers", sa.Column("content", sa.Numeric(14, 6), nullable=True))
    op.add_column("offers", sa.Column("content_unit", sa.String(length=10), nullable=True))
    op.create_check_constraint(
        op.f("ck_offers_content_with_its_unit"),
        "offers",
        "(content IS NULL) = (content_unit IS NULL) AND content > 0",
    )
    op.create_check_constraint(
        op.f("ck_offers_known_content_unit"), "offers", "content_unit IN ('kg', 'l', 'piece', 'm', 'm2')"
    )


def downgrade() -> None:
    op.drop_column("offers", "content_unit")
    op.drop_column("offers", "content")
