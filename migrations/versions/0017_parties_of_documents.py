"""Who buys and who sells, as documents must name them: address, SIRET, VAT number."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_COLUMNS = {
    "associations": ("siret", "vat_number", "street", "postal_code", "city", "email"),
    "suppliers": ("siret", "vat_number", "street"),
    "parks": ("street",),
}


def upgrade() -> None:
    for table, names in _COLUMNS.items():
        for name in names:
            op.add_column(table, sa.Column(name, sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table, names in _COLUMNS.items():
        for name in names:
            op.drop_column(table, name)
