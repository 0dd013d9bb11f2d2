"""What the page of electronic invoicing reads."""

from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.billing.einvoicing.life_cycle import LifeCycle
from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of


class TransmissionRow(NamedTuple):
    """An issued document on its way; `reason`: what its recipient said last."""

    invoice_id: int
    number: str
    recipient: str
    siren: str
    status: str
    life_cycle: str | None
    sent_on: date | None
    failure: str
    reason: str


def list_transmissions(session: Session, cursor: str | None, limit: int) -> Page[TransmissionRow]:
    """The documents, the last issued first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT t.invoice_id, i.number, coalesce(c.name, s.name) AS recipient, t.siren, t.status, t.life_cycle,
                CAST(t.sent_at AT TIME ZONE 'Europe/Paris' AS date) AS sent_on, t.failure,
                coalesce(e.reason, '') AS reason
            FROM einvoice_transmissions t JOIN issued_invoices i ON i.id = t.invoice_id
            LEFT JOIN companies c ON c.id = i.company_id LEFT JOIN suppliers s ON s.id = i.supplier_id
            LEFT JOIN LATERAL (
                SELECT reason FROM life_cycle_events WHERE invoice_id = i.id AND moved ORDER BY id DESC LIMIT 1
            ) e ON true
            WHERE CAST(:after AS int) IS NULL OR t.invoice_id < :after ORDER BY t.invoice_id DESC LIMIT :limit
        """),
        {"after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of(rows_as(TransmissionRow, rows), limit, lambda row: (row.invoice_id,))


def count_transmissions(session: Session) -> dict[str, int]:
    """How many documents are in each state, and how many of them a recipient refused."""
    rows = session.execute(
        text("""
            SELECT CASE WHEN life_cycle = :refused THEN :label ELSE status END AS state, count(*) AS documents
            FROM einvoice_transmissions GROUP BY state
        """),
        {"refused": LifeCycle.REFUSED, "label": "refused"},
    )
    return {row.state: row.documents for row in rows}


class ReceivedRow(NamedTuple):
    """An invoice that came; `said`: what we last told its sender."""

    number: str
    seller: str
    received_at: datetime
    said: str | None


def list_received(session: Session, limit: int = 50) -> list[ReceivedRow]:
    """The invoices that fit an order, the last first."""
    rows = session.execute(
        text("""
            SELECT number, seller, received_at, said FROM received_documents
            WHERE supplier_invoice_id IS NOT NULL ORDER BY id DESC LIMIT :limit
        """),
        {"limit": limit},
    )
    return rows_as(ReceivedRow, rows)


class UnfitRow(NamedTuple):
    """An invoice that came and fits no order, and why."""

    number: str
    seller: str
    received_at: datetime
    problem: str


def unfit_documents(session: Session, limit: int = 50) -> list[UnfitRow]:
    """Invoices that fit no order, the last first."""
    rows = session.execute(
        text("""
            SELECT number, seller, received_at, problem FROM received_documents
            WHERE problem <> '' ORDER BY id DESC LIMIT :limit
        """),
        {"limit": limit},
    )
    return rows_as(UnfitRow, rows)
