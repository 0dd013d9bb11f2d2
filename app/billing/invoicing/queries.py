"""What lists and other use cases read of invoices."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core import clock
from app.core.database import rows_as


class OpenInvoice(NamedTuple):
    """An invoice to a member and what is still to be paid of it, in euros; negative where it was paid too much."""

    id: int
    number: str
    company_id: int
    due_on: date
    open: Decimal


MEMBER_INVOICES = """
    SELECT b.invoice_id AS id, i.number, b.company_id, b.due_on, b.open
    FROM invoice_balances b JOIN issued_invoices i ON i.id = b.invoice_id
    WHERE true
"""


def open_amount(session: Session, invoice_id: int) -> Decimal:
    """What is still to be paid of an invoice to a member, in euros; negative where it was paid too much."""
    found = session.scalar(text("SELECT open FROM invoice_balances WHERE invoice_id = :id"), {"id": invoice_id})
    return Decimal(found or 0)


class AgedRow(NamedTuple):
    """What a member owes, by how long it has been due; in euros."""

    company: str
    not_due: Decimal
    to_30_days: Decimal
    to_60_days: Decimal
    beyond: Decimal

    @property
    def total(self) -> Decimal:
        """All of it."""
        return self.not_due + self.to_30_days + self.to_60_days + self.beyond


def aged_balance(session: Session) -> list[AgedRow]:
    """What members owe on invoices (credit notes and payments taken off), by days past due."""
    rows = session.execute(
        text("""
            SELECT c.name AS company,
                coalesce(sum(owed) FILTER (WHERE late <= 0), 0) AS not_due,
                coalesce(sum(owed) FILTER (WHERE late BETWEEN 1 AND 30), 0) AS to_30_days,
                coalesce(sum(owed) FILTER (WHERE late BETWEEN 31 AND 60), 0) AS to_60_days,
                coalesce(sum(owed) FILTER (WHERE late > 60), 0) AS beyond
            FROM (
                SELECT company_id, open AS owed, CAST(:today AS date) - due_on AS late
                FROM invoice_balances WHERE open > 0
                UNION ALL SELECT company_id, open, CAST(:today AS date) - due_on FROM invoice_balances WHERE open < 0
            ) open JOIN companies c ON c.id = open.company_id
            GROUP BY c.id HAVING sum(owed) <> 0 ORDER BY c.name
        """),
        {"today": clock.today()},
    )
    return rows_as(AgedRow, rows)
