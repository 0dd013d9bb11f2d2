"""What the group bought of each product in a time: for the need of a tender."""

from datetime import date

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.orders.rounds.models import APPROVED_ROUNDS
from app.sourcing.tenders.past_needs import ProductDemand


def bought_between(
    session: Session, first: date, last: date, category_id: int | None, most: int
) -> list[ProductDemand]:
    """Units served of each product in rounds that closed between two days, the largest amounts first."""
    rows = session.execute(
        text("""
            SELECT p.ref AS product_ref, p.name AS product, c.name AS category,
                sum(l.served) AS quantity, sum(l.amount) AS amount
            FROM rounds r
            JOIN supplier_orders o ON o.round_id = r.id
            JOIN supplier_order_lines l ON l.supplier_order_id = o.id
            JOIN round_offers f ON f.round_id = r.id AND f.offer_id = l.offer_id
            JOIN products p ON p.id = f.product_id
            JOIN categories c ON c.id = p.category_id
            WHERE r.status = ANY(:approved)
                AND r.closes_at >= CAST(:first AS date) AND r.closes_at < CAST(:last AS date) + 1
                AND (CAST(:category AS int) IS NULL OR p.category_id = :category)
            GROUP BY p.id, c.name HAVING sum(l.served) > 0
            ORDER BY sum(l.amount) DESC, p.ref LIMIT :most
        """),
        {"first": first, "last": last, "category": category_id, "most": most, "approved": list(APPROVED_ROUNDS)},
    )
    return rows_as(ProductDemand, rows)
