"""What is still to be paid of each invoice, kept by the database as documents and payments come, for quick lists."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_TRIGGERS = """
CREATE FUNCTION open_invoice_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IN ('member', 'service') THEN
        INSERT INTO invoice_balances (invoice_id, company_id, supplier_id, due_on, open)
        VALUES (NEW.id, NEW.company_id, NEW.supplier_id, NEW.due_on, NEW.total);
    ELSIF NEW.kind = 'credit_note' THEN
        UPDATE invoice_balances SET open = open - NEW.total WHERE invoice_id = NEW.corrects_id;
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER issued_invoices_open_balance AFTER INSERT ON issued_invoices
    FOR EACH ROW EXECUTE FUNCTION open_invoice_balance();

CREATE FUNCTION pay_invoice_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE invoice_balances SET open = open - NEW.amount WHERE invoice_id = NEW.invoice_id;
    RETURN NULL;
END $$;

CREATE TRIGGER payments_pay_balance AFTER INSERT ON payments
    FOR EACH ROW EXECUTE FUNCTION pay_invoice_balance();
CREATE TRIGGER payments_never_change BEFORE UPDATE OR DELETE OR TRUNCATE ON payments
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""


def upgrade() -> None:
    op.create_table('invoice_balances',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=True),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('open', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_invoice_balances_company_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_invoice_balances_supplier_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_invoice_balances_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', name=op.f('pk_invoice_balances'))
    )
    op.execute("""
        INSERT INTO invoice_balances (invoice_id, company_id, supplier_id, due_on, open)
        SELECT i.id, i.company_id, i.supplier_id, i.due_on, i.total
            - coalesce((SELECT sum(k.total) FROM issued_invoices k WHERE k.corrects_id = i.id), 0)
            - coalesce((SELECT sum(p.amount) FROM payments p WHERE p.invoice_id = i.id), 0)
        FROM issued_invoices i WHERE i.kind IN ('member', 'service')
    """)
    op.create_index('ix_invoice_balances_due', 'invoice_balances', ['due_on', 'invoice_id'], unique=False, postgresql_where=sa.text('open > 0'))
    op.create_index('ix_invoice_balances_excess', 'invoice_balances', ['invoice_id'], unique=False, postgresql_where=sa.text('open < 0'))
    op.execute("""
        UPDATE bank_movements m SET rest_account = '' WHERE rest_account = '471' AND (
            EXISTS (SELECT FROM transfers t WHERE t.movement_id = m.id)
            OR abs(m.amount) = (SELECT sum(abs(p.amount)) FROM payments p WHERE p.movement_id = m.id))
    """)
    op.create_index('ix_bank_movements_waiting', 'bank_movements', ['id'], unique=False, postgresql_where=sa.text("rest_account = '471'"))
    op.execute("CREATE INDEX ix_issued_invoices_sums ON issued_invoices (supplier_id) INCLUDE (kind, company_id, total)")
    op.create_index('ix_journal_entries_booked_on_id', 'journal_entries', ['booked_on', 'id'], unique=False)
    op.execute(_TRIGGERS)


def downgrade() -> None:
    op.execute("""
        DROP TRIGGER payments_never_change ON payments;
        DROP TRIGGER payments_pay_balance ON payments;
        DROP TRIGGER issued_invoices_open_balance ON issued_invoices;
        DROP FUNCTION pay_invoice_balance(); DROP FUNCTION open_invoice_balance();
    """)
    op.drop_index('ix_issued_invoices_sums', 'issued_invoices')
    op.drop_index('ix_journal_entries_booked_on_id', 'journal_entries')
    op.drop_index('ix_bank_movements_waiting', 'bank_movements')
    op.execute("UPDATE bank_movements SET rest_account = '471' WHERE rest_account = ''")
    op.drop_table('invoice_balances')
