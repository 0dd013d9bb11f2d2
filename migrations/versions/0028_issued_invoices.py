"""Invoices that the association issues: gap-free numbers, archived files, runs; members in the books; closed months."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

_GUARDS = """
CREATE TRIGGER issued_invoices_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON issued_invoices
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER invoice_archive_never_changes BEFORE UPDATE OR DELETE OR TRUNCATE ON invoice_archive
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER closed_periods_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON closed_periods
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION refuse_closed_period() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.booked_on <= (SELECT max(last_day) FROM closed_periods) THEN
        RAISE EXCEPTION 'the books are closed on %', NEW.booked_on USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER journal_entries_in_open_periods BEFORE INSERT ON journal_entries
    FOR EACH ROW EXECUTE FUNCTION refuse_closed_period();
"""


def upgrade() -> None:
    op.create_table('billing_runs',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('status', sa.Enum('queued', 'running', 'done', name='runstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('left_out', sa.String(), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('asked_by', sa.String(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_runs'))
    )
    op.create_table('closed_periods',
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_by', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('last_day', name=op.f('pk_closed_periods'))
    )
    op.create_table('invoice_series',
    sa.Column('series', sa.String(length=60), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('last_number', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('series', 'year', name=op.f('pk_invoice_series'))
    )
    op.create_table('issued_invoices',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('member', 'commission', 'credit_note', name='invoicekind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('series', sa.String(length=60), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('net_amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('vat_amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('total', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('corrects_id', sa.Integer(), nullable=True),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('issued_by', sa.String(), nullable=False),
    sa.CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name=op.f('ck_issued_invoices_credit_notes_correct')),
    sa.CheckConstraint('total = net_amount + vat_amount', name=op.f('ck_issued_invoices_total_adds_up')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_issued_invoices_company_id')),
    sa.ForeignKeyConstraint(['corrects_id'], ['issued_invoices.id'], name=op.f('fk_issued_invoices_corrects_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_issued_invoices_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_issued_invoices')),
    sa.UniqueConstraint('number', name=op.f('uq_issued_invoices_number')),
    sa.UniqueConstraint('series', 'year', 'sequence', name=op.f('uq_issued_invoices_series_year_sequence'))
    )
    op.create_index('ix_issued_invoices_company_id_id', 'issued_invoices', ['company_id', 'id'], unique=False)
    op.create_index('ix_issued_invoices_supplier_id_id', 'issued_invoices', ['supplier_id', 'id'], unique=False)
    op.create_index('uq_issued_invoices_corrects', 'issued_invoices', ['corrects_id'], unique=True)
    op.create_table('invoice_archive',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoice_archive_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', name=op.f('pk_invoice_archive'))
    )
    op.create_table('invoiced_commissions',
    sa.Column('supplier_order_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoiced_commissions_invoice_id')),
    sa.ForeignKeyConstraint(['supplier_order_id'], ['supplier_orders.id'], name=op.f('fk_invoiced_commissions_supplier_order_id')),
    sa.PrimaryKeyConstraint('supplier_order_id', name=op.f('pk_invoiced_commissions'))
    )
    op.create_index(op.f('ix_invoiced_commissions_invoice_id'), 'invoiced_commissions', ['invoice_id'], unique=False)
    op.create_table('invoiced_fees',
    sa.Column('supplier_order_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_invoiced_fees_company_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoiced_fees_invoice_id')),
    sa.ForeignKeyConstraint(['supplier_order_id'], ['supplier_orders.id'], name=op.f('fk_invoiced_fees_supplier_order_id')),
    sa.PrimaryKeyConstraint('supplier_order_id', 'company_id', name=op.f('pk_invoiced_fees'))
    )
    op.create_table('invoiced_lines',
    sa.Column('order_line_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.CheckConstraint('units > 0', name=op.f('ck_invoiced_lines_units_positive')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoiced_lines_invoice_id')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_invoiced_lines_order_line_id')),
    sa.PrimaryKeyConstraint('order_line_id', 'invoice_id', name=op.f('pk_invoiced_lines'))
    )
    op.create_index(op.f('ix_invoiced_lines_invoice_id'), 'invoiced_lines', ['invoice_id'], unique=False)
    op.add_column('associations', sa.Column('iban', sa.String(), server_default='', nullable=False))
    op.add_column('postings', sa.Column('company_id', sa.Integer(), nullable=True))
    op.create_foreign_key(op.f('fk_postings_company_id'), 'postings', 'companies', ['company_id'], ['id'])
    op.execute(_GUARDS)


def downgrade() -> None:
    op.drop_column("postings", "company_id")
    op.drop_column("associations", "iban")
    op.execute("DROP TRIGGER journal_entries_in_open_periods ON journal_entries")
    for table in ("invoiced_lines", "invoiced_fees", "invoiced_commissions", "invoice_archive", "issued_invoices"):
        op.drop_table(table)
    for table in ("invoice_series", "billing_runs", "closed_periods"):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_closed_period()")
