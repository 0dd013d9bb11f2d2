"""Goods that go back and what follows: documents that take part of an invoice back, payments from several sources,
refunds, debits that are returned; money collected by Stripe."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_KINDS = "kind IN ('member', 'commission', 'credit_note'{more})"


def upgrade() -> None:
    op.create_table('goods_returns',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_line_id', sa.Integer(), nullable=False),
    sa.Column('units', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('recorded_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('recorded_by', sa.String(), nullable=False),
    sa.CheckConstraint('units > 0', name=op.f('ck_goods_returns_units_positive')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_goods_returns_order_line_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_goods_returns'))
    )
    op.create_index(op.f('ix_goods_returns_order_line_id'), 'goods_returns', ['order_line_id'], unique=False)
    for name in ('street', 'iban'):
        op.add_column('companies', sa.Column(name, sa.String(), server_default='', nullable=False))
    op.add_column('join_requests', sa.Column('street', sa.String(), server_default='', nullable=False))
    _documents()
    _stripe()
    _payments()


def _documents() -> None:
    op.drop_index('uq_issued_invoices_corrects', 'issued_invoices')
    op.create_index('ix_issued_invoices_corrects_id', 'issued_invoices', ['corrects_id'], unique=False)
    op.alter_column('issued_invoices', 'supplier_id', nullable=True)
    op.drop_constraint(op.f('ck_issued_invoices_invoicekind'), 'issued_invoices', type_='check')
    op.create_check_constraint(op.f('ck_issued_invoices_invoicekind'), 'issued_invoices', _KINDS.format(more=", 'service'"))
    op.create_check_constraint(op.f('ck_issued_invoices_somebody_buys'), 'issued_invoices', 'supplier_id IS NOT NULL OR company_id IS NOT NULL')
    op.drop_constraint(op.f('ck_invoiced_lines_units_positive'), 'invoiced_lines', type_='check')
    op.create_check_constraint(op.f('ck_invoiced_lines_units_not_none'), 'invoiced_lines', 'units <> 0')
    op.add_column('invoiced_fees', sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=True))
    op.execute("""
        UPDATE invoiced_fees f SET amount = s.amount FROM delivery_fee_shares s
        WHERE s.supplier_order_id = f.supplier_order_id AND s.company_id = f.company_id
    """)
    op.alter_column('invoiced_fees', 'amount', nullable=False)
    op.execute("ALTER TABLE invoiced_fees DROP CONSTRAINT pk_invoiced_fees, ADD CONSTRAINT pk_invoiced_fees PRIMARY KEY (supplier_order_id, company_id, invoice_id)")
    op.execute("ALTER TABLE invoiced_commissions DROP CONSTRAINT pk_invoiced_commissions, ADD CONSTRAINT pk_invoiced_commissions PRIMARY KEY (supplier_order_id, invoice_id)")
    # What was credited whole before is invoiced again from now on: its rows are taken back.
    op.execute("""
        INSERT INTO invoiced_lines (order_line_id, invoice_id, units, amount)
        SELECT l.order_line_id, k.id, -l.units, -l.amount
        FROM issued_invoices k JOIN invoiced_lines l ON l.invoice_id = k.corrects_id
    """)
    op.execute("""
        INSERT INTO invoiced_fees (supplier_order_id, company_id, invoice_id, amount)
        SELECT f.supplier_order_id, f.company_id, k.id, -f.amount
        FROM issued_invoices k JOIN invoiced_fees f ON f.invoice_id = k.corrects_id
    """)
    op.execute("""
        INSERT INTO invoiced_commissions (supplier_order_id, invoice_id, amount)
        SELECT c.supplier_order_id, k.id, -c.amount
        FROM issued_invoices k JOIN invoiced_commissions c ON c.invoice_id = k.corrects_id
    """)


def _stripe() -> None:
    op.create_table('stripe_accounts',
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('account_id', sa.String(length=255), nullable=False),
    sa.Column('charges_enabled', sa.Boolean(), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_stripe_accounts_supplier_id')),
    sa.PrimaryKeyConstraint('supplier_id', name=op.f('pk_stripe_accounts')),
    sa.UniqueConstraint('account_id', name=op.f('uq_stripe_accounts_account_id'))
    )
    op.create_table('stripe_customers',
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.String(length=255), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_stripe_customers_company_id')),
    sa.PrimaryKeyConstraint('company_id', name=op.f('pk_stripe_customers')),
    sa.UniqueConstraint('customer_id', name=op.f('uq_stripe_customers_customer_id'))
    )
    op.create_table('stripe_events',
    sa.Column('id', sa.String(length=255), nullable=False),
    sa.Column('type', sa.String(length=100), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_stripe_events'))
    )
    op.create_table('payment_methods',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.Enum('card', 'sepa_debit', name='methodkind', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('stripe_id', sa.String(length=255), nullable=False),
    sa.Column('label', sa.String(length=60), nullable=False),
    sa.Column('mandate_reference', sa.String(length=60), nullable=False),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('added_by', sa.String(), nullable=False),
    sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_payment_methods_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment_methods')),
    sa.UniqueConstraint('stripe_id', name=op.f('uq_payment_methods_stripe_id'))
    )
    op.create_index('uq_payment_methods_in_force', 'payment_methods', ['company_id'], unique=True, postgresql_where=sa.text('removed_at IS NULL'))
    op.create_table('collections',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('method_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('destination', sa.String(length=255), nullable=False),
    sa.Column('application_fee', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('status', sa.Enum('queued', 'processing', 'action_needed', 'succeeded', 'failed', name='collectionstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('intent_id', sa.String(length=255), nullable=True),
    sa.Column('failure', sa.String(length=300), nullable=False),
    sa.Column('received', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('to_supplier', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('stripe_fee', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('synced', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('made_by', sa.String(), nullable=False),
    sa.CheckConstraint('amount > 0 AND application_fee BETWEEN 0 AND amount', name=op.f('ck_collections_amounts_sound')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_collections_invoice_id')),
    sa.ForeignKeyConstraint(['method_id'], ['payment_methods.id'], name=op.f('fk_collections_method_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collections')),
    sa.UniqueConstraint('intent_id', name=op.f('uq_collections_intent_id'))
    )
    op.create_index('ix_collections_invoice_id', 'collections', ['invoice_id'], unique=False)
    op.create_index('uq_collections_under_way', 'collections', ['invoice_id'], unique=True, postgresql_where=sa.text("status IN ('queued', 'processing', 'action_needed')"))
    op.create_table('refunds',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('collection_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('stripe_id', sa.String(length=255), nullable=True),
    sa.Column('failure', sa.String(length=300), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint('amount > 0', name=op.f('ck_refunds_amount_positive')),
    sa.ForeignKeyConstraint(['collection_id'], ['collections.id'], name=op.f('fk_refunds_collection_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_refunds')),
    sa.UniqueConstraint('stripe_id', name=op.f('uq_refunds_stripe_id'))
    )
    op.create_index(op.f('ix_refunds_collection_id'), 'refunds', ['collection_id'], unique=False)


def _payments() -> None:
    op.add_column('bank_movements', sa.Column('rest_account', sa.String(length=12), server_default='471', nullable=False))
    op.execute("""
        ALTER TABLE payments DROP CONSTRAINT pk_payments, DROP CONSTRAINT ck_payments_amount_positive,
            ALTER movement_id DROP NOT NULL, ADD collection_id integer, ADD id serial NOT NULL,
            ADD CONSTRAINT pk_payments PRIMARY KEY (id),
            ADD CONSTRAINT ck_payments_amount_not_none CHECK (amount <> 0),
            ADD CONSTRAINT ck_payments_one_source CHECK (num_nonnulls(movement_id, collection_id) = 1),
            ADD CONSTRAINT uq_payments_movement_id_invoice_id UNIQUE (movement_id, invoice_id),
            ADD CONSTRAINT fk_payments_collection_id FOREIGN KEY (collection_id) REFERENCES collections (id)
    """)
    op.create_index(op.f('ix_payments_collection_id'), 'payments', ['collection_id'], unique=False)
    op.execute("""
        ALTER TABLE supplier_transfers RENAME TO transfers;
        ALTER TABLE transfers ALTER supplier_id DROP NOT NULL, ADD invoice_id integer,
            ADD CONSTRAINT fk_transfers_invoice_id FOREIGN KEY (invoice_id) REFERENCES issued_invoices (id),
            ADD CONSTRAINT ck_transfers_one_receiver CHECK (num_nonnulls(supplier_id, invoice_id) = 1);
        ALTER SEQUENCE supplier_transfers_id_seq RENAME TO transfers_id_seq;
        ALTER INDEX ix_supplier_transfers_supplier_id RENAME TO ix_transfers_supplier_id;
    """)
    for old in ("pk_{}", "uq_{}_movement_id", "uq_{}_reference", "fk_{}_movement_id", "fk_{}_supplier_id", "ck_{}_amount_positive"):
        op.execute(f"ALTER TABLE transfers RENAME CONSTRAINT {old.format('supplier_transfers')} TO {old.format('transfers')}")
    op.create_index(op.f('ix_transfers_invoice_id'), 'transfers', ['invoice_id'], unique=False)
    op.execute("""
        ALTER TABLE direct_debits DROP CONSTRAINT pk_direct_debits, ADD id serial NOT NULL,
            ADD returned_at timestamptz, ADD CONSTRAINT pk_direct_debits PRIMARY KEY (id)
    """)
    op.create_index('uq_direct_debits_standing', 'direct_debits', ['invoice_id'], unique=True, postgresql_where=sa.text('returned_at IS NULL'))


def downgrade() -> None:
    """Back to one credit note an invoice and payments from movements alone; refuses where there is more."""
    op.drop_column('bank_movements', 'rest_account')
    op.drop_index('uq_direct_debits_standing', 'direct_debits')
    op.execute("""
        DELETE FROM direct_debits WHERE returned_at IS NOT NULL;
        ALTER TABLE direct_debits DROP CONSTRAINT pk_direct_debits, DROP id, DROP returned_at,
            ADD CONSTRAINT pk_direct_debits PRIMARY KEY (invoice_id);
    """)
    op.drop_index('ix_transfers_invoice_id', 'transfers')
    op.execute("""
        ALTER TABLE transfers DROP CONSTRAINT ck_transfers_one_receiver, DROP invoice_id, ALTER supplier_id SET NOT NULL;
        ALTER TABLE transfers RENAME TO supplier_transfers;
        ALTER SEQUENCE transfers_id_seq RENAME TO supplier_transfers_id_seq;
        ALTER INDEX ix_transfers_supplier_id RENAME TO ix_supplier_transfers_supplier_id;
    """)
    for old in ("pk_{}", "uq_{}_movement_id", "uq_{}_reference", "fk_{}_movement_id", "fk_{}_supplier_id", "ck_{}_amount_positive"):
        op.execute(f"ALTER TABLE supplier_transfers RENAME CONSTRAINT {old.format('transfers')} TO {old.format('supplier_transfers')}")
    op.execute("""
        ALTER TABLE payments DROP CONSTRAINT pk_payments, DROP CONSTRAINT ck_payments_amount_not_none,
            DROP CONSTRAINT ck_payments_one_source, DROP CONSTRAINT uq_payments_movement_id_invoice_id, DROP id,
            DROP collection_id, ALTER movement_id SET NOT NULL, ADD CONSTRAINT pk_payments PRIMARY KEY (movement_id, invoice_id),
            ADD CONSTRAINT ck_payments_amount_positive CHECK (amount > 0)
    """)
    for table in ("refunds", "collections", "payment_methods", "stripe_events", "stripe_customers", "stripe_accounts"):
        op.drop_table(table)
    op.execute("""
        DELETE FROM invoiced_commissions WHERE amount < 0;
        DELETE FROM invoiced_fees WHERE amount < 0;
        DELETE FROM invoiced_lines WHERE units < 0;
        ALTER TABLE invoiced_commissions DROP CONSTRAINT pk_invoiced_commissions,
            ADD CONSTRAINT pk_invoiced_commissions PRIMARY KEY (supplier_order_id);
        ALTER TABLE invoiced_fees DROP CONSTRAINT pk_invoiced_fees, DROP amount,
            ADD CONSTRAINT pk_invoiced_fees PRIMARY KEY (supplier_order_id, company_id);
        ALTER TABLE invoiced_lines DROP CONSTRAINT ck_invoiced_lines_units_not_none,
            ADD CONSTRAINT ck_invoiced_lines_units_positive CHECK (units > 0);
    """)
    op.drop_constraint(op.f('ck_issued_invoices_somebody_buys'), 'issued_invoices', type_='check')
    op.drop_constraint(op.f('ck_issued_invoices_invoicekind'), 'issued_invoices', type_='check')
    op.create_check_constraint(op.f('ck_issued_invoices_invoicekind'), 'issued_invoices', _KINDS.format(more=""))
    op.alter_column('issued_invoices', 'supplier_id', nullable=False)
    op.drop_index('ix_issued_invoices_corrects_id', 'issued_invoices')
    op.create_index('uq_issued_invoices_corrects', 'issued_invoices', ['corrects_id'], unique=True)
    op.drop_column('join_requests', 'street')
    op.drop_column('companies', 'iban')
    op.drop_column('companies', 'street')
    op.drop_table('goods_returns')
