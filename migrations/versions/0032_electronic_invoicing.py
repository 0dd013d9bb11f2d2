"""Electronic invoicing: recipients, transmissions, documents received, life cycle; suppliers that invoice by themselves."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_CODES = [str(code) for code in range(200, 214)]


def _life_cycle(name: str, *, nullable: bool) -> sa.Column:
    kind = sa.Enum(*_CODES, name='lifecycle', native_enum=False, create_constraint=True, length=40)
    return sa.Column(name, kind, nullable=nullable)


def upgrade() -> None:
    op.add_column('suppliers', sa.Column('invoices_itself', sa.Boolean(), server_default='false', nullable=False))
    op.add_column('issued_invoices', sa.Column('own_name', sa.Boolean(), server_default='false', nullable=False))
    op.create_table('einvoice_recipients',
    sa.Column('siren', sa.String(length=9), nullable=False),
    sa.Column('address', sa.String(length=100), nullable=False),
    sa.Column('platform', sa.String(length=200), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.Column('imported_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('siren', name=op.f('pk_einvoice_recipients'))
    )
    op.create_table('einvoice_transmissions',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('siren', sa.String(length=9), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('status', sa.Enum('waiting', 'no_recipient', 'sent', 'failed', name='transmissionstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    _life_cycle('life_cycle', nullable=True),
    sa.Column('reference', sa.String(length=200), nullable=False),
    sa.Column('failure', sa.String(length=500), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_einvoice_transmissions_invoice_id')),
    sa.PrimaryKeyConstraint('invoice_id', name=op.f('pk_einvoice_transmissions'))
    )
    op.create_index('ix_einvoice_transmissions_status_invoice_id', 'einvoice_transmissions', ['status', 'invoice_id'], unique=False)
    op.create_table('received_documents',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('number', sa.String(length=80), nullable=False),
    sa.Column('seller', sa.String(length=200), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.Column('supplier_invoice_id', sa.Integer(), nullable=True),
    sa.Column('problem', sa.String(length=500), nullable=False),
    _life_cycle('said', nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['supplier_invoice_id'], ['supplier_invoices.id'], name=op.f('fk_received_documents_supplier_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_received_documents')),
    sa.UniqueConstraint('sha256', name=op.f('uq_received_documents_sha256')),
    sa.UniqueConstraint('supplier_invoice_id', name=op.f('uq_received_documents_supplier_invoice_id'))
    )
    op.create_table('life_cycle_events',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=True),
    sa.Column('document_id', sa.Integer(), nullable=True),
    _life_cycle('status', nullable=False),
    sa.Column('by_us', sa.Boolean(), nullable=False),
    sa.Column('moved', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('message_id', sa.String(length=200), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('num_nonnulls(invoice_id, document_id) = 1', name=op.f('ck_life_cycle_events_about_one')),
    sa.ForeignKeyConstraint(['document_id'], ['received_documents.id'], name=op.f('fk_life_cycle_events_document_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['issued_invoices.id'], name=op.f('fk_life_cycle_events_invoice_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_life_cycle_events'))
    )
    op.create_index('ix_life_cycle_events_invoice_id', 'life_cycle_events', ['invoice_id'], unique=False)
    op.create_index('uq_life_cycle_events_message', 'life_cycle_events', ['message_id'], unique=True, postgresql_where=sa.text("message_id <> ''"))


def downgrade() -> None:
    for table in ("life_cycle_events", "received_documents", "einvoice_transmissions", "einvoice_recipients"):
        op.drop_table(table)
    op.drop_column("issued_invoices", "own_name")
    op.drop_column("suppliers", "invoices_itself")
