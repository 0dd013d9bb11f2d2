"""What the treasurer's lists read."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as


class RuleRow(NamedTuple):
    """A commission rule with what it is for."""

    id: int
    offer: str | None
    supplier: str | None
    category: str | None
    percent: Decimal
    minimum: Decimal | None
    maximum: Decimal | None
    valid_from: date | None
    valid_to: date | None


def list_rules(session: Session) -> list[RuleRow]:
    """Every rule, the newest first."""
    rows = session.execute(
        text("""
            SELECT r.id, f.sku AS offer, s.name AS supplier, c.name AS category,
                r.percent, r.minimum, r.maximum, r.valid_from, r.valid_to
            FROM commission_rules r
            LEFT JOIN offers f ON f.id = r.offer_id
            LEFT JOIN suppliers s ON s.id = r.supplier_id
            LEFT JOIN categories c ON c.id = r.category_id
            ORDER BY r.id DESC
        """)
    )
    return rows_as(RuleRow, rows)
