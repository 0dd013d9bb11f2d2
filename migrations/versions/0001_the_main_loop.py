"""The main loop: accounts, catalogue, orders, commission and the books."""

import sqlalchemy as sa
from alembic import op
from procrastinate.schema import SchemaManager
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Accents and ligatures folded as app.catalog.search folds them in Python.
FOLD_TEXT = """
CREATE FUNCTION fold_text(value text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
RETURN lower(translate(
    replace(replace(replace(replace(value, 'œ', 'oe'), 'Œ', 'oe'), 'æ', 'ae'), 'Æ', 'ae'),
    'ÀÁÂÃÄÅàáâãäåÇçÈÉÊËèéêëÌÍÎÏìíîïÑñÒÓÔÕÖòóôõöÙÚÛÜùúûüÝýÿ',
    'aaaaaaaaaaaacceeeeeeeeiiiiiiiinnoooooooooouuuuuuuuyyy'
))
"""

TIERS_ARE_SOUND = """
CREATE FUNCTION tiers_are_sound(quantities integer[], prices numeric[]) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cardinality(quantities) >= 1
   AND cardinality(quantities) = cardinality(prices)
   AND quantities[1] >= 1
   AND array_position(quantities, NULL) IS NULL
   AND array_position(prices, NULL) IS NULL
   AND (SELECT coalesce(bool_and(quantities[i] < quantities[i + 1]), true)
        FROM generate_series(1, cardinality(quantities) - 1) AS i)
   AND (SELECT bool_and(price >= 0) FROM unnest(prices) AS price)
"""

GUARDS = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: add a correcting row instead', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER audit_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER journal_entries_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journal_entries
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER postings_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON postings
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

CREATE FUNCTION posting_belongs_to_this_transaction() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM journal_entries
        WHERE id = NEW.entry_id AND created_xid = pg_current_xact_id()::text
    ) THEN
        RAISE EXCEPTION 'journal entry % is closed: book a new entry instead', NEW.entry_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER postings_in_their_entry BEFORE INSERT ON postings
    FOR EACH ROW EXECUTE FUNCTION posting_belongs_to_this_transaction();

CREATE FUNCTION journal_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    checked integer := CASE TG_TABLE_NAME WHEN 'postings' THEN (to_jsonb(NEW)->>'entry_id')::integer
                                          ELSE (to_jsonb(NEW)->>'id')::integer END;
    postings_count integer;
    difference numeric;
BEGIN
    SELECT count(*), coalesce(sum(debit - credit), 0) INTO postings_count, difference
    FROM postings WHERE entry_id = checked;
    IF postings_count < 2 OR difference <> 0 THEN
        RAISE EXCEPTION 'journal entry % does not balance: % postings, debit - credit = %',
            checked, postings_count, difference USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_entries_balance AFTER INSERT ON journal_entries
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();
CREATE CONSTRAINT TRIGGER postings_balance AFTER INSERT ON postings
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION journal_entry_balances();
"""

DROP_JOB_QUEUE = """
DO $$
DECLARE
    item record;
BEGIN
    FOR item IN SELECT oid::regclass AS name FROM pg_class
        WHERE relkind = 'r' AND relname LIKE 'procrastinate_%' AND relnamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP TABLE %s CASCADE', item.name); END LOOP;
    FOR item IN SELECT oid::regprocedure AS name FROM pg_proc
        WHERE proname LIKE 'procrastinate_%' AND pronamespace = current_schema()::regnamespace
    LOOP EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', item.name); END LOOP;
    FOR item IN SELECT oid::regtype AS name FROM pg_type
        WHERE typname LIKE 'procrastinate_%' AND typnamespace = current_schema()::regnamespace
        AND typtype IN ('e', 'c')
    LOOP EXECUTE format('DROP TYPE IF EXISTS %s CASCADE', item.name); END LOOP;
END $$
"""


def _run(script: str) -> None:
    """Run SQL as it is: no parameters, so that its colons and percent signs mean themselves."""
    op.get_bind().connection.dbapi_connection.execute(script)


def upgrade() -> None:
    _run(FOLD_TEXT)
    _run(TIERS_ARE_SOUND)
    op.create_table('associations',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('sharing_policy', sa.String(), nullable=False),
    sa.Column('second_approval_above', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('price_jump_percent', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('catalog_is_open', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('id = 1', name=op.f('ck_associations_only_one')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_associations'))
    )
    op.create_table('audit_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor', sa.String(), nullable=False),
    sa.Column('action', sa.String(), nullable=False),
    sa.Column('subject_type', sa.String(), nullable=False),
    sa.Column('subject_id', sa.Integer(), nullable=True),
    sa.Column('details', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entries'))
    )
    op.create_index(op.f('ix_audit_entries_at'), 'audit_entries', ['at'], unique=False)
    op.create_index('ix_audit_entries_subject', 'audit_entries', ['subject_type', 'subject_id'], unique=False)
    op.create_table('categories',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['parent_id'], ['categories.id'], name=op.f('fk_categories_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_categories')),
    sa.UniqueConstraint('name', name=op.f('uq_categories_name'))
    )
    op.create_table('idempotency_records',
    sa.Column('caller', sa.String(), nullable=False),
    sa.Column('idempotency_key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.String(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('status_code', sa.Integer(), nullable=True),
    sa.Column('body', sa.LargeBinary(), nullable=True),
    sa.Column('location', sa.String(), nullable=True),
    sa.PrimaryKeyConstraint('caller', 'idempotency_key', name=op.f('pk_idempotency_records'))
    )
    op.create_index(op.f('ix_idempotency_records_created_at'), 'idempotency_records', ['created_at'], unique=False)
    op.create_table('journal_entries',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('booked_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('booked_on', sa.Date(), nullable=False),
    sa.Column('document_type', sa.String(), nullable=False),
    sa.Column('document_number', sa.String(), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('label', sa.String(), nullable=False),
    sa.Column('created_xid', sa.Text(), server_default=sa.text('pg_current_xact_id()::text'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_entries'))
    )
    op.create_index('uq_journal_entries_document', 'journal_entries', ['document_type', 'document_number', 'purpose'], unique=True)
    op.create_table('parks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('postal_code', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_parks')),
    sa.UniqueConstraint('code', name=op.f('uq_parks_code'))
    )
    op.create_table('search_words',
    sa.Column('word', sa.Text(collation='C'), nullable=False),
    sa.Column('trigrams', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.PrimaryKeyConstraint('word', name=op.f('pk_search_words'))
    )
    op.create_index('ix_search_words_trigrams', 'search_words', ['trigrams'], unique=False, postgresql_using='gin')
    op.create_table('sign_in_failures',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_failures'))
    )
    op.create_index('ix_sign_in_failures_email_at', 'sign_in_failures', ['email', 'at'], unique=False)
    op.create_table('suppliers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('country', sa.String(), nullable=False),
    sa.Column('postal_code', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('email', sa.String(), nullable=True),
    sa.Column('minimum_order', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('free_delivery_from', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('delivery_fee', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('delivery_fee >= 0', name=op.f('ck_suppliers_delivery_fee_not_negative')),
    sa.CheckConstraint('free_delivery_from >= 0', name=op.f('ck_suppliers_free_delivery_from_not_negative')),
    sa.CheckConstraint('minimum_order >= 0', name=op.f('ck_suppliers_minimum_order_not_negative')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_suppliers')),
    sa.UniqueConstraint('code', name=op.f('uq_suppliers_code'))
    )
    op.create_table('companies',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('park_id', sa.Integer(), nullable=False),
    sa.Column('postal_code', sa.String(), nullable=False),
    sa.Column('city', sa.String(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['park_id'], ['parks.id'], name=op.f('fk_companies_park_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_companies')),
    sa.UniqueConstraint('code', name=op.f('uq_companies_code')),
    sa.UniqueConstraint('siret', name=op.f('uq_companies_siret'))
    )
    op.create_index(op.f('ix_companies_park_id'), 'companies', ['park_id'], unique=False)
    op.create_table('postings',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('entry_id', sa.Integer(), nullable=False),
    sa.Column('account', sa.String(length=12), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=True),
    sa.Column('debit', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('credit', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.CheckConstraint('debit >= 0 AND credit >= 0 AND (debit = 0) <> (credit = 0)', name=op.f('ck_postings_one_side')),
    sa.ForeignKeyConstraint(['entry_id'], ['journal_entries.id'], name=op.f('fk_postings_entry_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_postings_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_postings'))
    )
    op.create_index('ix_postings_account_supplier_id', 'postings', ['account', 'supplier_id'], unique=False)
    op.create_index(op.f('ix_postings_entry_id'), 'postings', ['entry_id'], unique=False)
    op.create_table('products',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('category_id', sa.Integer(), nullable=False),
    sa.Column('unit', sa.String(), nullable=False),
    sa.Column('lowest_price', sa.Numeric(precision=12, scale=4), nullable=True),
    sa.Column('search', postgresql.TSVECTOR(), sa.Computed("setweight(to_tsvector('simple', fold_text(name)), 'A') || setweight(to_tsvector('french', fold_text(name)), 'B') || setweight(to_tsvector('french', fold_text(description)), 'C')", persisted=True), nullable=True),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_products_category_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_products')),
    sa.UniqueConstraint('ref', name=op.f('uq_products_ref'))
    )
    op.create_index('ix_products_category_id_name', 'products', ['category_id', 'name', 'id'], unique=False)
    op.create_index('ix_products_listed_by_name', 'products', ['name', 'id'], unique=False, postgresql_where=sa.text('lowest_price IS NOT NULL'))
    op.create_index('ix_products_listed_by_price', 'products', ['lowest_price', 'id'], unique=False)
    op.create_index('ix_products_search', 'products', ['search'], unique=False, postgresql_using='gin')
    op.create_table('rounds',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('opens_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closes_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('completing_from', sa.DateTime(timezone=True), nullable=True),
    sa.Column('status', sa.Enum('planned', 'open', 'closed', 'consolidated', 'approved', 'sent', 'delivered', 'settled', 'cancelled', name='roundstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('sharing_policy', sa.Enum('proportional', 'first_come', name='sharingpolicy', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('only_supplier_id', sa.Integer(), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('completing_from BETWEEN opens_at AND closes_at', name=op.f('ck_rounds_completing_within')),
    sa.CheckConstraint('opens_at < closes_at', name=op.f('ck_rounds_opens_before_it_closes')),
    sa.ForeignKeyConstraint(['only_supplier_id'], ['suppliers.id'], name=op.f('fk_rounds_only_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_rounds')),
    sa.UniqueConstraint('code', name=op.f('uq_rounds_code'))
    )
    op.create_index('ix_rounds_status_closes_at', 'rounds', ['status', 'closes_at'], unique=False)
    op.create_table('cost_centres',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_cost_centres_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cost_centres')),
    sa.UniqueConstraint('company_id', 'code', name=op.f('uq_cost_centres_company_id_code'))
    )
    op.create_table('offers',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('sku', sa.String(length=80), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('gtin', sa.String(length=14), nullable=True),
    sa.Column('pack_size', sa.Integer(), nullable=False),
    sa.Column('min_quantity', sa.Integer(), nullable=False),
    sa.Column('lead_time_days', sa.Integer(), nullable=False),
    sa.Column('vat_rate', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('eco_contribution', sa.Numeric(precision=12, scale=4), nullable=False),
    sa.Column('tier_quantities', postgresql.ARRAY(sa.Integer()), nullable=False),
    sa.Column('tier_prices', postgresql.ARRAY(sa.Numeric(precision=12, scale=4)), nullable=False),
    sa.Column('origin_country', sa.String(), nullable=False),
    sa.Column('withdrawn_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint('eco_contribution >= 0', name=op.f('ck_offers_eco_contribution_not_negative')),
    sa.CheckConstraint('lead_time_days >= 0', name=op.f('ck_offers_lead_time_not_negative')),
    sa.CheckConstraint('min_quantity >= 0', name=op.f('ck_offers_min_quantity_not_negative')),
    sa.CheckConstraint('pack_size >= 1', name=op.f('ck_offers_pack_size_positive')),
    sa.CheckConstraint('tiers_are_sound(tier_quantities, tier_prices)', name=op.f('ck_offers_tiers_are_sound')),
    sa.CheckConstraint('vat_rate BETWEEN 0 AND 100', name=op.f('ck_offers_vat_rate_in_percent')),
    sa.ForeignKeyConstraint(['product_id'], ['products.id'], name=op.f('fk_offers_product_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_offers_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_offers')),
    sa.UniqueConstraint('supplier_id', 'sku', name=op.f('uq_offers_supplier_id_sku'))
    )
    op.create_index('ix_offers_lower_sku', 'offers', [sa.literal_column('lower(sku) text_pattern_ops')], unique=False)
    op.create_index('ix_offers_product_id', 'offers', ['product_id', 'supplier_id'], unique=False)
    op.create_table('people',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('roles', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=True),
    sa.Column('locale', sa.String(), nullable=False),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('order_limit', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("locale IN ('fr', 'en')", name=op.f('ck_people_known_locale')),
    sa.CheckConstraint("roles <@ ARRAY['employee', 'approver', 'purchasing_manager', 'treasurer', 'waste_manager', 'creche_manager', 'concierge_manager', 'supplier', 'administrator']::text[]", name=op.f('ck_people_known_roles')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_people_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_people'))
    )
    op.create_index(op.f('ix_people_company_id'), 'people', ['company_id'], unique=False)
    op.create_index('uq_people_email', 'people', [sa.literal_column('lower(email)')], unique=True)
    op.create_table('round_approvals',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('approver', sa.String(), nullable=False),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_round_approvals_round_id')),
    sa.PrimaryKeyConstraint('round_id', 'approver', name=op.f('pk_round_approvals'))
    )
    op.create_table('round_deliveries',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('park_id', sa.Integer(), nullable=False),
    sa.Column('delivery_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['park_id'], ['parks.id'], name=op.f('fk_round_deliveries_park_id')),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_round_deliveries_round_id')),
    sa.PrimaryKeyConstraint('round_id', 'park_id', name=op.f('pk_round_deliveries'))
    )
    op.create_table('supplier_choices',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('decision', sa.Enum('pay_fee', 'postpone', 'roll_over', 'drop', name='supplierdecision', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('keep_open_until', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("(decision = 'postpone') = (keep_open_until IS NOT NULL)", name=op.f('ck_supplier_choices_postponed_until_a_day')),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_supplier_choices_round_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_supplier_choices_supplier_id')),
    sa.PrimaryKeyConstraint('round_id', 'supplier_id', name=op.f('pk_supplier_choices'))
    )
    op.create_table('supplier_orders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=120), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('supplier_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('draft', 'approved', 'sent', 'acknowledged', 'partially_acknowledged', 'refused', 'shipped', 'partially_received', 'received', 'closed', 'cancelled', name='supplierorderstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('list_amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('commission', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('eco_contribution', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('delivery_fee', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('line_count', sa.Integer(), nullable=False),
    sa.Column('member_line_count', sa.Integer(), nullable=False),
    sa.Column('alert', sa.Enum('below_minimum', 'below_free_delivery', name='supplieralert', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('approved_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_supplier_orders_round_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_supplier_orders_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_supplier_orders')),
    sa.UniqueConstraint('number', name=op.f('uq_supplier_orders_number')),
    sa.UniqueConstraint('round_id', 'supplier_id', name=op.f('uq_supplier_orders_round_id_supplier_id'))
    )
    op.create_index(op.f('ix_supplier_orders_supplier_id'), 'supplier_orders', ['supplier_id'], unique=False)
    op.create_table('api_keys',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('scopes', postgresql.ARRAY(sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("scopes <@ ARRAY['read', 'write']::text[]", name=op.f('ck_api_keys_known_scopes')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_api_keys_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys')),
    sa.UniqueConstraint('prefix', name=op.f('uq_api_keys_prefix')),
    sa.UniqueConstraint('secret_hash', name=op.f('uq_api_keys_secret_hash'))
    )
    op.create_index(op.f('ix_api_keys_person_id'), 'api_keys', ['person_id'], unique=False)
    op.create_table('approval_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('above_amount', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('above_sku_count', sa.Integer(), nullable=True),
    sa.Column('category_id', sa.Integer(), nullable=True),
    sa.Column('over_limit_only', sa.Boolean(), nullable=False),
    sa.Column('approver_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('step >= 1', name=op.f('ck_approval_rules_step_positive')),
    sa.ForeignKeyConstraint(['approver_id'], ['people.id'], name=op.f('fk_approval_rules_approver_id')),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_approval_rules_category_id')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_approval_rules_company_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approval_rules'))
    )
    op.create_index(op.f('ix_approval_rules_company_id'), 'approval_rules', ['company_id'], unique=False)
    op.create_table('budgets',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('cost_centre_id', sa.Integer(), nullable=True),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('committed', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.CheckConstraint('committed BETWEEN 0 AND amount', name=op.f('ck_budgets_committed_within_amount')),
    sa.CheckConstraint('extract(day FROM month) = 1', name=op.f('ck_budgets_month_by_its_first_day')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_budgets_company_id')),
    sa.ForeignKeyConstraint(['cost_centre_id'], ['cost_centres.id'], name=op.f('fk_budgets_cost_centre_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_budgets'))
    )
    op.create_index('uq_budgets_company_id_cost_centre_id_month', 'budgets', ['company_id', 'cost_centre_id', 'month'], unique=True, postgresql_nulls_not_distinct=True)
    op.create_table('commission_rules',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=True),
    sa.Column('supplier_id', sa.Integer(), nullable=True),
    sa.Column('category_id', sa.Integer(), nullable=True),
    sa.Column('percent', sa.Numeric(precision=5, scale=2), nullable=False),
    sa.Column('minimum', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('maximum', sa.Numeric(precision=14, scale=2), nullable=True),
    sa.Column('valid_from', sa.Date(), nullable=True),
    sa.Column('valid_to', sa.Date(), nullable=True),
    sa.CheckConstraint('minimum >= 0 AND maximum >= 0', name=op.f('ck_commission_rules_limits_not_negative')),
    sa.CheckConstraint('minimum IS NULL OR maximum IS NULL OR minimum <= maximum', name=op.f('ck_commission_rules_limits_in_order')),
    sa.CheckConstraint('offer_id IS NULL OR (supplier_id IS NULL AND category_id IS NULL)', name=op.f('ck_commission_rules_offer_stands_alone')),
    sa.CheckConstraint('percent BETWEEN 0 AND 100', name=op.f('ck_commission_rules_percent_in_range')),
    sa.CheckConstraint('valid_from IS NULL OR valid_to IS NULL OR valid_from <= valid_to', name=op.f('ck_commission_rules_days_in_order')),
    sa.ForeignKeyConstraint(['category_id'], ['categories.id'], name=op.f('fk_commission_rules_category_id')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_commission_rules_offer_id')),
    sa.ForeignKeyConstraint(['supplier_id'], ['suppliers.id'], name=op.f('fk_commission_rules_supplier_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_commission_rules'))
    )
    op.create_table('delivery_fee_shares',
    sa.Column('supplier_order_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_delivery_fee_shares_company_id')),
    sa.ForeignKeyConstraint(['supplier_order_id'], ['supplier_orders.id'], name=op.f('fk_delivery_fee_shares_supplier_order_id')),
    sa.PrimaryKeyConstraint('supplier_order_id', 'company_id', name=op.f('pk_delivery_fee_shares'))
    )
    op.create_table('drops',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('supplier_order_id', sa.Integer(), nullable=False),
    sa.Column('park_id', sa.Integer(), nullable=False),
    sa.Column('delivery_on', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['park_id'], ['parks.id'], name=op.f('fk_drops_park_id')),
    sa.ForeignKeyConstraint(['supplier_order_id'], ['supplier_orders.id'], name=op.f('fk_drops_supplier_order_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_drops')),
    sa.UniqueConstraint('supplier_order_id', 'park_id', name=op.f('uq_drops_supplier_order_id_park_id'))
    )
    op.create_table('member_orders',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('reference', sa.String(length=160), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('company_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('park_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.Enum('cart', 'awaiting_approval', 'approved', 'locked', 'fulfilled', 'rejected', 'cancelled', 'rolled_over', name='orderstatus', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('placed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('company_reference', sa.String(), nullable=False),
    sa.Column('cost_centre_id', sa.Integer(), nullable=True),
    sa.Column('rolled_over_from_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.CheckConstraint("status = 'cart' OR placed_at IS NOT NULL", name=op.f('ck_member_orders_placed_once_out_of_the_cart')),
    sa.ForeignKeyConstraint(['company_id'], ['companies.id'], name=op.f('fk_member_orders_company_id')),
    sa.ForeignKeyConstraint(['cost_centre_id'], ['cost_centres.id'], name=op.f('fk_member_orders_cost_centre_id')),
    sa.ForeignKeyConstraint(['park_id'], ['parks.id'], name=op.f('fk_member_orders_park_id')),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_member_orders_person_id')),
    sa.ForeignKeyConstraint(['rolled_over_from_id'], ['member_orders.id'], name=op.f('fk_member_orders_rolled_over_from_id')),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_member_orders_round_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_member_orders')),
    sa.UniqueConstraint('reference', name=op.f('uq_member_orders_reference'))
    )
    op.create_index('ix_member_orders_company_id_id', 'member_orders', ['company_id', 'id'], unique=False)
    op.create_index('ix_member_orders_person_id_id', 'member_orders', ['person_id', 'id'], unique=False)
    op.create_index(op.f('ix_member_orders_rolled_over_from_id'), 'member_orders', ['rolled_over_from_id'], unique=False)
    op.create_index('ix_member_orders_round_id_id', 'member_orders', ['round_id', 'id'], unique=False)
    op.create_index('uq_member_orders_one_cart', 'member_orders', ['person_id', 'round_id'], unique=True, postgresql_where=sa.text("status = 'cart'"))
    op.create_table('pack_decisions',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('packs', sa.Integer(), nullable=False),
    sa.CheckConstraint('packs >= 0', name=op.f('ck_pack_decisions_packs_not_negative')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_pack_decisions_offer_id')),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_pack_decisions_round_id')),
    sa.PrimaryKeyConstraint('round_id', 'offer_id', name=op.f('pk_pack_decisions'))
    )
    op.create_table('round_demand',
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('tolerance', sa.Integer(), nullable=False),
    sa.Column('line_count', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity >= 0 AND tolerance >= 0 AND line_count >= 0', name=op.f('ck_round_demand_not_negative')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_round_demand_offer_id')),
    sa.ForeignKeyConstraint(['round_id'], ['rounds.id'], name=op.f('fk_round_demand_round_id')),
    sa.PrimaryKeyConstraint('round_id', 'offer_id', name=op.f('pk_round_demand'))
    )
    op.create_table('sign_in_links',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_sign_in_links_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_links')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_links_token_hash'))
    )
    op.create_index(op.f('ix_sign_in_links_person_id'), 'sign_in_links', ['person_id'], unique=False)
    op.create_table('sign_in_sessions',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['person_id'], ['people.id'], name=op.f('fk_sign_in_sessions_person_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_sessions')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_sessions_token_hash'))
    )
    op.create_index(op.f('ix_sign_in_sessions_person_id'), 'sign_in_sessions', ['person_id'], unique=False)
    op.create_table('supplier_order_lines',
    sa.Column('supplier_order_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('packs', sa.Integer(), nullable=False),
    sa.Column('unit_price', sa.Numeric(precision=12, scale=4), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('list_amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('commission', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('member_line_count', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity >= 1 AND packs >= 1', name=op.f('ck_supplier_order_lines_quantity_positive')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_supplier_order_lines_offer_id')),
    sa.ForeignKeyConstraint(['supplier_order_id'], ['supplier_orders.id'], name=op.f('fk_supplier_order_lines_supplier_order_id')),
    sa.PrimaryKeyConstraint('supplier_order_id', 'offer_id', name=op.f('pk_supplier_order_lines'))
    )
    op.create_table('budget_reservations',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('budget_id', sa.Integer(), nullable=False),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.ForeignKeyConstraint(['budget_id'], ['budgets.id'], name=op.f('fk_budget_reservations_budget_id')),
    sa.ForeignKeyConstraint(['order_id'], ['member_orders.id'], name=op.f('fk_budget_reservations_order_id')),
    sa.PrimaryKeyConstraint('order_id', 'budget_id', name=op.f('pk_budget_reservations'))
    )
    op.create_table('drop_lines',
    sa.Column('drop_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.CheckConstraint('quantity >= 1', name=op.f('ck_drop_lines_quantity_positive')),
    sa.ForeignKeyConstraint(['drop_id'], ['drops.id'], name=op.f('fk_drop_lines_drop_id')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_drop_lines_offer_id')),
    sa.PrimaryKeyConstraint('drop_id', 'offer_id', name=op.f('pk_drop_lines'))
    )
    op.create_table('order_approvals',
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('step', sa.Integer(), nullable=False),
    sa.Column('approver_id', sa.Integer(), nullable=True),
    sa.Column('because', sa.String(), nullable=False),
    sa.Column('decided_by_id', sa.Integer(), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('approved', sa.Boolean(), nullable=True),
    sa.Column('comment', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['approver_id'], ['people.id'], name=op.f('fk_order_approvals_approver_id')),
    sa.ForeignKeyConstraint(['decided_by_id'], ['people.id'], name=op.f('fk_order_approvals_decided_by_id')),
    sa.ForeignKeyConstraint(['order_id'], ['member_orders.id'], name=op.f('fk_order_approvals_order_id')),
    sa.PrimaryKeyConstraint('order_id', 'step', name=op.f('pk_order_approvals'))
    )
    op.create_index('ix_order_approvals_open', 'order_approvals', ['approver_id'], unique=False, postgresql_where=sa.text('decided_at IS NULL'))
    op.create_table('order_lines',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('order_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('tolerance', sa.Integer(), nullable=False),
    sa.Column('ceiling_price', sa.Numeric(precision=12, scale=4), nullable=False),
    sa.Column('if_unfilled', sa.Enum('roll_over', 'cancel', name='ifunfilled', native_enum=False, create_constraint=True, length=40), nullable=False),
    sa.Column('excluded_because', sa.String(), nullable=True),
    sa.Column('rolled_over_from_id', sa.Integer(), nullable=True),
    sa.CheckConstraint('ceiling_price >= 0', name=op.f('ck_order_lines_ceiling_not_negative')),
    sa.CheckConstraint('quantity >= 1', name=op.f('ck_order_lines_quantity_positive')),
    sa.CheckConstraint('tolerance >= 0', name=op.f('ck_order_lines_tolerance_not_negative')),
    sa.ForeignKeyConstraint(['offer_id'], ['offers.id'], name=op.f('fk_order_lines_offer_id')),
    sa.ForeignKeyConstraint(['order_id'], ['member_orders.id'], name=op.f('fk_order_lines_order_id')),
    sa.ForeignKeyConstraint(['rolled_over_from_id'], ['order_lines.id'], name=op.f('fk_order_lines_rolled_over_from_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_order_lines')),
    sa.UniqueConstraint('order_id', 'offer_id', name=op.f('uq_order_lines_order_id_offer_id'))
    )
    op.create_index('ix_order_lines_offer_id', 'order_lines', ['offer_id'], unique=False)
    op.create_index('uq_order_lines_rolled_over_from_id', 'order_lines', ['rolled_over_from_id'], unique=True)
    op.create_table('allocations',
    sa.Column('order_line_id', sa.Integer(), nullable=False),
    sa.Column('round_id', sa.Integer(), nullable=False),
    sa.Column('offer_id', sa.Integer(), nullable=False),
    sa.Column('supplier_order_id', sa.Integer(), nullable=True),
    sa.Column('wanted', sa.Integer(), nullable=False),
    sa.Column('allocated', sa.Integer(), nullable=False),
    sa.Column('unfilled', sa.Integer(), nullable=False),
    sa.Column('surplus', sa.Integer(), nullable=False),
    sa.Column('reason', sa.Enum('short', 'below_minimum', 'above_ceiling', 'excluded', 'supplier_postponed', 'supplier_rolled_over', 'supplier_dropped', name='unfilledreason', native_enum=False, create_constraint=True, length=40), nullable=True),
    sa.Column('unit_price', sa.Numeric(precision=12, scale=4), nullable=True),
    sa.Column('amount', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('commission', sa.Numeric(precision=14, scale=2), nullable=False),
    sa.Column('confirmed_quantity', sa.Integer(), nullable=True),
    sa.Column('received_quantity', sa.Integer(), nullable=True),
    sa.CheckConstraint('(allocated = 0) = (supplier_order_id IS NULL)', name=op.f('ck_allocations_ordered_where_allocated')),
    sa.CheckConstraint('(unfilled = 0) = (reason IS NULL)', name=op.f('ck_allocations_reason_where_unfilled')),
    sa.CheckConstraint('allocated + unfilled = wanted + surplus', name=op.f('ck_allocations_wholly_accounted_for')),
    sa.CheckConstraint('allocated >= 0 AND unfilled >= 0 AND surplus >= 0', name=op.f('ck_allocations_not_negative')),
    sa.CheckConstraint('commission <= amount', name=op.f('ck_allocations_commission_within_amount')),
    sa.CheckConstraint('unfilled = 0 OR surplus = 0', name=op.f('ck_allocations_not_both_short_and_over')),
    sa.ForeignKeyConstraint(['order_line_id'], ['order_lines.id'], name=op.f('fk_allocations_order_line_id')),
    sa.ForeignKeyConstraint(['supplier_order_id', 'offer_id'], ['supplier_order_lines.supplier_order_id', 'supplier_order_lines.offer_id'], name=op.f('fk_allocations_supplier_order_id_offer_id'), initially='DEFERRED', deferrable=True),
    sa.PrimaryKeyConstraint('order_line_id', name=op.f('pk_allocations'))
    )
    op.create_index('ix_allocations_round_id_offer_id', 'allocations', ['round_id', 'offer_id'], unique=False)
    _run(GUARDS)
    _run(SchemaManager.get_schema())


def downgrade() -> None:
    _run(DROP_JOB_QUEUE)
    op.drop_index('ix_allocations_round_id_offer_id', table_name='allocations')
    op.drop_table('allocations')
    op.drop_index('uq_order_lines_rolled_over_from_id', table_name='order_lines')
    op.drop_index('ix_order_lines_offer_id', table_name='order_lines')
    op.drop_table('order_lines')
    op.drop_index('ix_order_approvals_open', table_name='order_approvals', postgresql_where=sa.text('decided_at IS NULL'))
    op.drop_table('order_approvals')
    op.drop_table('drop_lines')
    op.drop_table('budget_reservations')
    op.drop_table('supplier_order_lines')
    op.drop_index(op.f('ix_sign_in_sessions_person_id'), table_name='sign_in_sessions')
    op.drop_table('sign_in_sessions')
    op.drop_index(op.f('ix_sign_in_links_person_id'), table_name='sign_in_links')
    op.drop_table('sign_in_links')
    op.drop_table('round_demand')
    op.drop_table('pack_decisions')
    op.drop_index('uq_member_orders_one_cart', table_name='member_orders', postgresql_where=sa.text("status = 'cart'"))
    op.drop_index('ix_member_orders_round_id_id', table_name='member_orders')
    op.drop_index(op.f('ix_member_orders_rolled_over_from_id'), table_name='member_orders')
    op.drop_index('ix_member_orders_person_id_id', table_name='member_orders')
    op.drop_index('ix_member_orders_company_id_id', table_name='member_orders')
    op.drop_table('member_orders')
    op.drop_table('drops')
    op.drop_table('delivery_fee_shares')
    op.drop_table('commission_rules')
    op.drop_index('uq_budgets_company_id_cost_centre_id_month', table_name='budgets', postgresql_nulls_not_distinct=True)
    op.drop_table('budgets')
    op.drop_index(op.f('ix_approval_rules_company_id'), table_name='approval_rules')
    op.drop_table('approval_rules')
    op.drop_index(op.f('ix_api_keys_person_id'), table_name='api_keys')
    op.drop_table('api_keys')
    op.drop_index(op.f('ix_supplier_orders_supplier_id'), table_name='supplier_orders')
    op.drop_table('supplier_orders')
    op.drop_table('supplier_choices')
    op.drop_table('round_deliveries')
    op.drop_table('round_approvals')
    op.drop_index('uq_people_email', table_name='people')
    op.drop_index(op.f('ix_people_company_id'), table_name='people')
    op.drop_table('people')
    op.drop_index('ix_offers_product_id', table_name='offers')
    op.drop_index('ix_offers_lower_sku', table_name='offers')
    op.drop_table('offers')
    op.drop_table('cost_centres')
    op.drop_index('ix_rounds_status_closes_at', table_name='rounds')
    op.drop_table('rounds')
    op.drop_index('ix_products_search', table_name='products', postgresql_using='gin')
    op.drop_index('ix_products_listed_by_price', table_name='products')
    op.drop_index('ix_products_listed_by_name', table_name='products', postgresql_where=sa.text('lowest_price IS NOT NULL'))
    op.drop_index('ix_products_category_id_name', table_name='products')
    op.drop_table('products')
    op.drop_index(op.f('ix_postings_entry_id'), table_name='postings')
    op.drop_index('ix_postings_account_supplier_id', table_name='postings')
    op.drop_table('postings')
    op.drop_index(op.f('ix_companies_park_id'), table_name='companies')
    op.drop_table('companies')
    op.drop_table('suppliers')
    op.drop_index('ix_sign_in_failures_email_at', table_name='sign_in_failures')
    op.drop_table('sign_in_failures')
    op.drop_index('ix_search_words_trigrams', table_name='search_words', postgresql_using='gin')
    op.drop_table('search_words')
    op.drop_table('parks')
    op.drop_index('uq_journal_entries_document', table_name='journal_entries')
    op.drop_table('journal_entries')
    op.drop_index(op.f('ix_idempotency_records_created_at'), table_name='idempotency_records')
    op.drop_table('idempotency_records')
    op.drop_table('categories')
    op.drop_index('ix_audit_entries_subject', table_name='audit_entries')
    op.drop_index(op.f('ix_audit_entries_at'), table_name='audit_entries')
    op.drop_table('audit_entries')
    op.drop_table('associations')
    op.execute("DROP FUNCTION journal_entry_balances")
    op.execute("DROP FUNCTION posting_belongs_to_this_transaction")
    op.execute("DROP FUNCTION refuse_change")
    op.execute("DROP FUNCTION tiers_are_sound")
    op.execute("DROP FUNCTION fold_text")
