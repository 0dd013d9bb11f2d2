"""How a supplier did, quarter by quarter: on time, in full, at steady prices, without disputes, and by the charter."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core import clock
from app.core.database import rows_as
from app.orders.consolidation.models.supplier_orders import LineAnswer, SupplierOrderStatus
from app.supplying.models.invoices import InvoiceStatus

QUARTERS = 8


class Quarter(NamedTuple):
    """A supplier's quarter, by the delivery days in it; rates in percent, None where there is nothing to count.

    `price_change`: what this quarter's units cost more than at the prices of the quarter before, of articles bought in
    both. `disputes`: invoices disputed, lines refused, dearer prices asked for. `charter`: the mean score of the units.
    """

    begins_on: date
    drops: int
    on_time: Decimal | None
    filled: Decimal | None
    damaged: Decimal | None
    price_change: Decimal | None
    disputes: int
    charter: Decimal | None
    amount: Decimal

    @property
    def name(self) -> str:
        """As people call it: `2026-Q1`."""
        return f"{self.begins_on.year}-Q{(self.begins_on.month + 2) // 3}"


_QUARTERS = """
    WITH due AS (
        SELECT d.id, d.supplier_order_id, date_trunc('quarter', d.delivery_on)::date AS quarter, d.delivery_on,
            (d.received_at AT TIME ZONE 'Europe/Paris')::date AS received_on
        FROM drops d JOIN supplier_orders o ON o.id = d.supplier_order_id
        WHERE o.supplier_id = :supplier AND o.sent_at IS NOT NULL AND o.status <> :cancelled
            AND (d.received_at IS NOT NULL OR d.delivery_on < :today)
            AND d.delivery_on >= date_trunc('quarter', CAST(:today AS date)) - make_interval(months => 3 * :before)
    ), punctual AS (
        SELECT quarter, count(*) AS drops,
            count(*) FILTER (WHERE received_on <= delivery_on) AS in_time
        FROM due GROUP BY quarter
    ), units AS (
        SELECT u.quarter, sum(l.quantity) AS due, sum(coalesce(l.received_quantity, 0)) AS came,
            sum(coalesce(l.damaged_quantity, 0)) AS damaged
        FROM due u JOIN drop_lines l ON l.drop_id = u.id GROUP BY u.quarter
    ), orders AS (
        SELECT DISTINCT quarter, supplier_order_id FROM due
    ), lines AS (
        SELECT o.quarter, l.offer_id, sum(l.served) AS units, sum(l.amount) AS amount,
            count(*) FILTER (WHERE l.answer = :refused) AS refused,
            count(*) FILTER (WHERE l.asked_price IS NOT NULL) AS dearer
        FROM orders o JOIN supplier_order_lines l ON l.supplier_order_id = o.supplier_order_id
        GROUP BY o.quarter, l.offer_id
    ), bought AS (
        SELECT n.quarter, sum(n.amount) AS amount, sum(n.refused + n.dearer) AS disputes,
            sum(n.amount) FILTER (WHERE b.units > 0 AND n.units > 0) AS now_paid,
            sum(n.units * b.amount / nullif(b.units, 0)) FILTER (WHERE n.units > 0) AS before_paid,
            sum(n.units * s.score) / nullif(sum(n.units) FILTER (WHERE s.score IS NOT NULL), 0) AS charter
        FROM lines n
        LEFT JOIN lines b ON b.offer_id = n.offer_id AND b.quarter = (n.quarter - interval '3 months')::date
        LEFT JOIN offer_scores s ON s.offer_id = n.offer_id
        GROUP BY n.quarter
    ), disputed AS (
        SELECT o.quarter, count(*) AS invoices
        FROM orders o JOIN supplier_invoices i ON i.supplier_order_id = o.supplier_order_id AND i.status = :disputed
        GROUP BY o.quarter
    )
    SELECT p.quarter AS begins_on, p.drops, round(100.0 * p.in_time / p.drops, 1) AS on_time,
        round(100.0 * u.came / nullif(u.due, 0), 1) AS filled,
        round(100.0 * u.damaged / nullif(u.came + u.damaged, 0), 1) AS damaged,
        round(100 * (b.now_paid / nullif(b.before_paid, 0) - 1), 1) AS price_change,
        coalesce(b.disputes, 0) + coalesce(x.invoices, 0) AS disputes, round(b.charter, 1) AS charter,
        coalesce(b.amount, 0) AS amount
    FROM punctual p LEFT JOIN units u USING (quarter) LEFT JOIN bought b USING (quarter)
    LEFT JOIN disputed x USING (quarter)
    ORDER BY p.quarter DESC
"""


def quarters_of(session: Session, supplier_id: int) -> list[Quarter]:
    """The last eight quarters in which something was due from a supplier, the newest first.

    A drop counts once it came or its day has passed; what has not come by then is late and unfilled.
    """
    parameters = {
        "supplier": supplier_id,
        "today": clock.today(),
        "before": QUARTERS,
        "cancelled": SupplierOrderStatus.CANCELLED,
        "refused": LineAnswer.REFUSED,
        "disputed": InvoiceStatus.DISPUTED,
    }
    return rows_as(Quarter, session.execute(text(_QUARTERS), parameters))[:QUARTERS]
