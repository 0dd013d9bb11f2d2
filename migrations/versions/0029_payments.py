"""Money at the bank: movements, what they pay, transfers to suppliers."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('bank_movements',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=80), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('counterparty', sa.String(length=200), nullable=False),
    sa.Column('words', sa.String(length=500), nullable=False),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bank_movements')),
    sa.UniqueConstraint('reference', name=op.f('uq_bank_movements_reference'))
    )
    op.create_table('supplier_transfers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=35), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.Column('movement_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('amount > 0', name=op.f('ck_supplier_transfers_amount_positive')),
    sa.ForeignKeyConstraint(['movement_id'], ['bank_movements.id'], name=op.f('fk_supplier_transfers_movement_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_supplier_transfers_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier_transfers')),
    sa.UniqueConstraint('movement_id', name=op.f('uq_supplier_transfers_movement_id')),
    sa.UniqueConstraint('reference', name=op.f('uq_supplier_transfers_reference'))
    )
    op.create_index(op.f('ix_supplier_transfers_supplier_id'), 'supplier_transfers', ['supplier_id'], unique=False)
    op.create_table('payments',
    sa.Column('movement_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_payments_amount_positive')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_payments_invoice_id')),
    sa.ForeignKeyConstraint(['movement_id'], ['bank_movements.id'], name=op.f('fk_payments_movement_id')),
    sa.PrimaryKeyConstraint('movement_id', 'invoice_id', name=op.f('pk_payments'))
    )
    op.create_index(op.f('ix_payments_invoice_id'), 'payments', ['invoice_id'], unique=False)
    op.add_column('suppliers', sa.Column('iban', sa.String(), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column("suppliers", "iban")
    for table in ("supplier_transfers", "payments", "bank_movements"):
        op.drop_table(table)
