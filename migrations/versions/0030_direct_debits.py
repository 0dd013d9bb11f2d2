"""Mandates of member companies, and the invoices collected by direct debit."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sepa_mandates',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=35), nullable=False),
    sa.Column('iban', sa.String(length=34), nullable=False),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('signed_by', sa.String(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_sepa_mandates_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sepa_mandates')),
    sa.UniqueConstraint('reference', name=op.f('uq_sepa_mandates_reference'))
    )
    op.create_index('uq_sepa_mandates_in_force', 'sepa_mandates', ['company_id'], unique=True, postgresql_where=sa.text('revoked_at IS NULL'))
    op.create_table('direct_debits',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('mandate_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('collect_on', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_direct_debits_amount_positive')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_direct_debits_invoice_id')),
    sa.ForeignKeyConstraint(['mandate_id'], ['sepa_mandates.id'], name=op.f('fk_direct_debits_mandate_id')),
    sa.PrimaryKeyConstraint('invoice_id', name=op.f('pk_direct_debits'))
    )
    op.add_column('associations', sa.Column('creditor_id', sa.String(), server_default='', nullable=False))


def downgrade() -> None:
    op.drop_column("associations", "creditor_id")
    op.drop_table("direct_debits")
    op.drop_table("sepa_mandates")
