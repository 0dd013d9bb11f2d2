"""Charter versions as data, the scores of offers, and what the association makes of evidence."""

import json

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from app.sourcing.charter.version import FIRST_VERSION
from app.sourcing.charter.version_data import as_data

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_INSTANT = sa.DateTime(timezone=True)
_GUARD = """
CREATE FUNCTION refuse_change_of_published_charter() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NOT NULL THEN
        RAISE EXCEPTION 'charter version % is published: copy it instead', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER charter_versions_never_change BEFORE UPDATE OR DELETE ON charter_versions
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_published_charter();
CREATE TRIGGER charter_versions_stay BEFORE TRUNCATE ON charter_versions
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
"""
_EVIDENCE_COLUMNS = {"country": 2, "postal_code": 10, "city": 100, "siret": 14, "decided_words": 500}


def upgrade() -> None:
    op.create_table(
        "charter_versions",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", postgresql.JSONB(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("made_at", _INSTANT, nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("published_at", _INSTANT, nullable=True),
        sa.Column("published_by", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_charter_versions_number_positive")),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by = '')", name=op.f("ck_charter_versions_published_by_somebody")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_charter_versions")),
    )
    op.create_index(
        "uq_charter_versions_draft",
        "charter_versions",
        [sa.text("(true)")],
        unique=True,
        postgresql_where=sa.text("published_at IS NULL"),
    )
    # Version 1 never changes: what ships with the product is what every installation begins with.
    op.get_bind().execute(
        sa.text("""
            INSERT INTO charter_versions (number, content, note, made_at, made_by, published_at, published_by, version)
            VALUES (1, CAST(:content AS jsonb), '', now(), 'engrenages', now(), 'engrenages', 1)
        """),
        {"content": json.dumps(as_data(FIRST_VERSION), ensure_ascii=False)},
    )
    op.execute(_GUARD)
    op.create_table(
        "offer_scores",
        sa.Column("offer_id", sa.Integer(), nullable=False),
        sa.Column("charter_number", sa.Integer(), nullable=False),
        sa.Column("origin", sa.Numeric(7, 4), nullable=False),
        sa.Column("social", sa.Numeric(7, 4), nullable=False),
        sa.Column("environment", sa.Numeric(7, 4), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("grade", sa.String(length=1), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("scored_at", _INSTANT, nullable=False),
        sa.CheckConstraint("score BETWEEN 0 AND 100", name=op.f("ck_offer_scores_score_in_range")),
        sa.CheckConstraint("known BETWEEN 0 AND 100", name=op.f("ck_offer_scores_known_in_percent")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_offer_scores_offer_id")),
        sa.ForeignKeyConstraint(
            ["charter_number"], ["charter_versions.number"], name=op.f("fk_offer_scores_charter_number")
        ),
        sa.PrimaryKeyConstraint("offer_id", name=op.f("pk_offer_scores")),
    )
    op.create_index("ix_offer_scores_grade", "offer_scores", ["grade", "offer_id"])
    op.add_column("products", sa.Column("best_grade", sa.String(length=1), nullable=True))
    for name, length in _EVIDENCE_COLUMNS.items():
        op.add_column("evidence", sa.Column(name, sa.String(length=length), nullable=False, server_default=""))
        op.alter_column("evidence", name, server_default=None)
    op.add_column("evidence", sa.Column("decided_by", sa.String(), nullable=False, server_default=""))
    op.alter_column("evidence", "decided_by", server_default=None)
    op.add_column("evidence", sa.Column("decided_at", _INSTANT, nullable=True))
    op.add_column("evidence", sa.Column("reminded_at", _INSTANT, nullable=True))
    op.execute("UPDATE evidence SET decided_at = sent_at WHERE status <> 'submitted'")
    op.create_check_constraint(
        op.f("ck_evidence_place_of_making_only"), "evidence", "(country = '') OR (criterion = 'made_in')"
    )
    op.create_check_constraint(
        op.f("ck_evidence_decided_at_an_instant"), "evidence", "(status = 'submitted') = (decided_at IS NULL)"
    )
    op.create_index(
        "ix_evidence_to_look_at",
        "evidence",
        ["id"],
        postgresql_where=sa.text("status = 'submitted' AND withdrawn_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_evidence_to_look_at", table_name="evidence")
    for name in ("reminded_at", "decided_at", "decided_by", *reversed(_EVIDENCE_COLUMNS)):
        op.drop_column("evidence", name)
    op.drop_column("products", "best_grade")
    op.drop_table("offer_scores")
    op.drop_table("charter_versions")
    op.execute("DROP FUNCTION refuse_change_of_published_charter()")
