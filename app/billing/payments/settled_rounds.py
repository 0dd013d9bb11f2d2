"""Settling rounds: a delivered round whose goods are all invoiced, and whose invoices are all paid, is done with."""

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import SYSTEM
from app.orders.rounds.models import RoundStatus
from app.orders.rounds.service import get_round, move_on
from app.orders.rounds.states import RoundEvent

# Units that members keep and that stand on no invoice yet, and invoices of the round that are open (or paid too much).
_SETTLED = """
    SELECT r.code FROM rounds r
    WHERE r.status = :delivered AND NOT EXISTS (
        SELECT FROM supplier_orders so
        JOIN allocations a ON a.supplier_order_id = so.id
        LEFT JOIN LATERAL (
            SELECT sum(i.units) AS units FROM invoiced_lines i WHERE i.order_line_id = a.order_line_id
        ) invoiced ON true
        WHERE so.round_id = r.id AND a.served > coalesce(invoiced.units, 0)
    ) AND NOT EXISTS (
        SELECT FROM supplier_orders so
        JOIN allocations a ON a.supplier_order_id = so.id
        JOIN invoiced_lines i ON i.order_line_id = a.order_line_id
        JOIN invoice_balances b ON b.invoice_id = i.invoice_id AND b.open <> 0
        WHERE so.round_id = r.id
    )
    ORDER BY r.closes_at, r.id
"""


def settle_rounds(session: Session) -> list[str]:
    """Settle every delivered round of which nothing is to be invoiced or paid any more; their codes."""
    codes = list(session.scalars(text(_SETTLED), {"delivered": RoundStatus.DELIVERED}))
    for code in codes:
        move_on(session, SYSTEM, get_round(session, code, lock=True), RoundEvent.SETTLE)
    return codes
