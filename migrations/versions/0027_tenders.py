"""Tenders: needs, invitations, questions, sealed bids, awards; offers that end on a day."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_GUARD = """
CREATE FUNCTION keep_sealed_bid() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' OR (NEW.tender_id, NEW.supplier_id, NEW.sealed, NEW.digest, NEW.received_at) IS DISTINCT FROM
        (OLD.tender_id, OLD.supplier_id, OLD.sealed, OLD.digest, OLD.received_at) THEN
        RAISE EXCEPTION 'a bid that was received never changes' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER tender_bids_stay_as_received BEFORE UPDATE OR DELETE ON tender_bids
    FOR EACH ROW EXECUTE FUNCTION keep_sealed_bid();
"""


def upgrade() -> None:
    op.create_table('tenders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('title', sa.String(length=200), nullable=False),
    sa.Column('description', sa.String(length=5000), nullable=False),
    sa.Column('status', sa.Enum('draft', 'published', 'opened', 'awarded', 'cancelled', name='tenderstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('award_by', sa.Enum('line', 'lot', name='awardby', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('weight_price', sa.Integer(), nullable=False),
    sa.Column('weight_charter', sa.Integer(), nullable=False),
    sa.Column('weight_lead_time', sa.Integer(), nullable=False),
    sa.Column('weight_service', sa.Integer(), nullable=False),
    sa.Column('questions_until', sa.DateTime(timezone=True), nullable=False),
    sa.Column('deadline', sa.DateTime(timezone=True), nullable=False),
    sa.Column('offers_from', sa.Date(), nullable=False),
    sa.Column('offers_until', sa.Date(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=True),
    sa.Column('boxes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('awarded_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("(status = 'draft') = (public_key IS NULL) OR status = 'cancelled'", name=op.f('ck_tenders_sealed_once_out')),
    sa.CheckConstraint('least(weight_price, weight_charter, weight_lead_time, weight_service) >= 0', name=op.f('ck_tenders_weights_not_negative')),
    sa.CheckConstraint('offers_from <= offers_until', name=op.f('ck_tenders_offers_begin_before_they_end')),
    sa.CheckConstraint('questions_until <= deadline', name=op.f('ck_tenders_questions_before_the_deadline')),
    sa.CheckConstraint('weight_price + weight_charter + weight_lead_time + weight_service = 100', name=op.f('ck_tenders_weights_whole')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tenders')),
    sa.UniqueConstraint('reference', name=op.f('uq_tenders_reference'))
    )
    op.create_table('tender_bids',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tender_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('received_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('received_from', sa.String(), nullable=False),
    sa.Column('replaced_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('content', postgresql.JSONB(), nullable=True),
    sa.Column('fault', sa.String(length=200), nullable=False),
    sa.Column('service_mark', sa.Integer(), nullable=True),
    sa.Column('service_reason', sa.String(length=500), nullable=False),
    sa.CheckConstraint('service_mark BETWEEN 0 AND 100', name=op.f('ck_tender_bids_mark_in_range')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_tender_bids_supplier_id')),
    sa.ForeignKeyConstraint(['tender_id'], ['tenders.id'], name=op.f('fk_tender_bids_tender_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tender_bids'))
    )
    op.create_index(op.f('ix_tender_bids_tender_id'), 'tender_bids', ['tender_id'], unique=False)
    op.create_index('uq_tender_bids_in_force', 'tender_bids', ['tender_id', 'supplier_id'], unique=True, postgresql_where=sa.text('replaced_at IS NULL'))
    op.create_table('tender_invitations',
    sa.Column('tender_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('declined_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_tender_invitations_supplier_id')),
    sa.ForeignKeyConstraint(['tender_id'], ['tenders.id'], name=op.f('fk_tender_invitations_tender_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('tender_id', 'supplier_id', name=op.f('pk_tender_invitations'))
    )
    op.create_table('tender_questions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tender_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('words', sa.String(length=2000), nullable=False),
    sa.Column('asked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('answer', sa.String(length=5000), nullable=False),
    sa.Column('answered_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_tender_questions_supplier_id')),
    sa.ForeignKeyConstraint(['tender_id'], ['tenders.id'], name=op.f('fk_tender_questions_tender_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tender_questions'))
    )
    op.create_index(op.f('ix_tender_questions_tender_id'), 'tender_questions', ['tender_id'], unique=False)
    op.create_table('tender_lines',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tender_id', sa.Integer(), nullable=False),
    sa.Column('lot', sa.String(length=60), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('words', sa.String(length=500), nullable=False),
    sa.CheckConstraint('quantity BETWEEN 1 AND 100000000', name=op.f('ck_tender_lines_quantity_in_range')),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_tender_lines_product_id')),
    sa.ForeignKeyConstraint(['tender_id'], ['tenders.id'], name=op.f('fk_tender_lines_tender_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tender_lines')),
    sa.UniqueConstraint('tender_id', 'product_id', name=op.f('uq_tender_lines_tender_id_product_id'))
    )
    op.create_table('tender_awards',
    sa.Column('line_id', sa.Integer(), nullable=False),
    sa.Column('tender_id', sa.Integer(), nullable=False),
    sa.Column('bid_id', sa.Integer(), nullable=False),
    sa.Column('points', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['bid_id'], ['tender_bids.id'], name=op.f('fk_tender_awards_bid_id')),
    sa.ForeignKeyConstraint(['line_id'], ['tender_lines.id'], name=op.f('fk_tender_awards_line_id')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_tender_awards_offer_id')),
    sa.ForeignKeyConstraint(['tender_id'], ['tenders.id'], name=op.f('fk_tender_awards_tender_id')),
    sa.PrimaryKeyConstraint('line_id', name=op.f('pk_tender_awards'))
    )
    op.create_index(op.f('ix_tender_awards_tender_id'), 'tender_awards', ['tender_id'], unique=False)
    op.create_table('tender_bid_lines',
    sa.Column('bid_id', sa.Integer(), nullable=False),
    sa.Column('line_id', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(length=200), nullable=False),
    sa.Column('unit_price', sa.Numeric(precision=12, scale=4), nullable=False),
    sa.Column('pack_size', sa.Integer(), nullable=False),
    sa.Column('min_quantity', sa.Integer(), nullable=False),
    sa.Column('lead_time_days', sa.Integer(), nullable=False),
    sa.Column('vat_rate', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('origin_country', sa.String(length=2), nullable=False),
    sa.Column('score', sa.Integer(), nullable=False),
    sa.CheckConstraint('lead_time_days BETWEEN 1 AND 365', name=op.f('ck_tender_bid_lines_lead_time_in_range')),
    sa.CheckConstraint('pack_size >= 1 AND min_quantity >= 1', name=op.f('ck_tender_bid_lines_quantities_positive')),
    sa.CheckConstraint('unit_price >= 0', name=op.f('ck_tender_bid_lines_price_not_negative')),
    sa.ForeignKeyConstraint(['bid_id'], ['tender_bids.id'], name=op.f('fk_tender_bid_lines_bid_id')),
    sa.ForeignKeyConstraint(['line_id'], ['tender_lines.id'], name=op.f('fk_tender_bid_lines_line_id')),
    sa.PrimaryKeyConstraint('bid_id', 'line_id', name=op.f('pk_tender_bid_lines'))
    )
    op.add_column('offers', sa.Column('ends_on', sa.Date(), nullable=True))
    op.execute(_GUARD)


def downgrade() -> None:
    op.drop_column("offers", "ends_on")
    for table in ("bid_lines", "awards", "lines", "questions", "invitations", "bids"):
        op.drop_table(f"tender_{table}")
    op.drop_table("tenders")
    op.execute("DROP FUNCTION keep_sealed_bid()")
