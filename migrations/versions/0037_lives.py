"""The database refuses changes of state that no event makes; a drop has its state; a line may have several successors.

The moves stand here as they were; `app/**/states.py` has them as they are, and a test holds both together.
"""

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

_MOVES = (
    ("rounds", "status", {
        "approved": "sent",
        "closed": "cancelled consolidated",
        "consolidated": "approved cancelled",
        "delivered": "settled",
        "open": "cancelled closed",
        "planned": "cancelled open",
        "sent": "delivered",
    }),
    ("member_orders", "status", {
        "approved": "cancelled locked rolled_over",
        "awaiting_approval": "approved cancelled rejected rolled_over",
        "cart": "approved awaiting_approval cancelled",
        "locked": "fulfilled rolled_over",
    }),
    ("supplier_orders", "status", {
        "acknowledged": "cancelled partially_acknowledged partially_received received refused shipped",
        "approved": "cancelled sent",
        "draft": "approved",
        "partially_acknowledged": "acknowledged cancelled partially_received received refused shipped",
        "partially_received": "received",
        "received": "closed",
        "sent": "acknowledged cancelled partially_acknowledged partially_received received refused shipped",
        "shipped": "partially_received received",
    }),
    ("drops", "status", {
        "expected": "received",
    }),
    ("tenders", "status", {
        "draft": "cancelled published",
        "opened": "awarded cancelled",
        "published": "cancelled opened",
    }),
    ("supplier_invoices", "status", {
        "matched": "accepted disputed",
        "to_check": "accepted disputed matched waiting",
        "waiting": "accepted disputed matched to_check",
    }),
    ("received_documents", "said", {
        "200": "201 202 203 204 205 206 207 208 209 210 211 212 213",
        "201": "202 203 204 205 206 207 208 209 210 211 212 213",
        "202": "203 204 205 206 207 208 209 210 211 212 213",
        "203": "204 205 206 207 208 209 210 211 212 213",
        "204": "205 206 207 208 209 210 211 212 213",
        "205": "211 212",
        "206": "205 210 211 212 213",
        "207": "205 206 208 209 210 211 212 213",
        "208": "205 206 207 209 210 211 212 213",
        "209": "205 206 207 208 210 211 212 213",
        "211": "212",
    }),
)
_FUNCTION = """
CREATE FUNCTION check_transition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    before text := to_jsonb(OLD) ->> TG_ARGV[0];
    after text := to_jsonb(NEW) ->> TG_ARGV[0];
BEGIN
    IF before IS NOT NULL AND NOT (before || '>' || coalesce(after, '')) = ANY (TG_ARGV) THEN
        RAISE EXCEPTION '% does not go from % to %', TG_TABLE_NAME, before, coalesce(after, 'nothing')
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$
"""


def upgrade() -> None:
    """Give drops their state, and put a guard on every life."""
    op.add_column("drops", sa.Column("status", sa.String(40), nullable=False, server_default="expected"))
    op.execute("UPDATE drops SET status = 'received' WHERE received_at IS NOT NULL")
    op.create_check_constraint(op.f("ck_drops_dropstatus"), "drops", "status IN ('expected', 'received')")
    op.create_check_constraint(
        op.f("ck_drops_received_at_an_instant"), "drops", "(status = 'received') = (received_at IS NOT NULL)"
    )
    op.drop_index("uq_order_lines_rolled_over_from_id", "order_lines")
    op.create_index("ix_order_lines_rolled_over_from_id", "order_lines", ["rolled_over_from_id"])
    op.execute(_FUNCTION)
    for table, column, moves in _MOVES:
        pairs = ", ".join(f"'{before}>{after}'" for before in sorted(moves) for after in sorted(moves[before].split()))
        op.execute(
            f"CREATE TRIGGER {table}_life BEFORE UPDATE OF {column} ON {table} FOR EACH ROW"
            f" WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION check_transition('{column}', {pairs})"
        )


def downgrade() -> None:
    """Take the guards and the state of drops away; of several successors of a line the first stays linked."""
    op.execute(
        "UPDATE order_lines l SET rolled_over_from_id = NULL WHERE EXISTS (SELECT FROM order_lines o"
        " WHERE o.rolled_over_from_id = l.rolled_over_from_id AND o.id < l.id)"
    )
    op.drop_index("ix_order_lines_rolled_over_from_id", "order_lines")
    op.create_index("uq_order_lines_rolled_over_from_id", "order_lines", ["rolled_over_from_id"], unique=True)
    for table, _column, _moves in _MOVES:
        op.execute(f"DROP TRIGGER {table}_life ON {table}")
    op.execute("DROP FUNCTION check_transition()")
    op.drop_column("drops", "status")
