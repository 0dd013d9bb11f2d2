"""What screens read of the journal."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of


class PostingRow(NamedTuple):
    """One side of an entry, with its entry."""

    id: int
    entry_id: int
    booked_on: date
    document_type: str
    document_number: str
    label: str
    account: str
    supplier: str | None
    debit: Decimal
    credit: Decimal


def list_postings(session: Session, cursor: str | None, limit: int) -> Page[PostingRow]:
    """The journal, the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text(f"""
            SELECT p.id, e.id AS entry_id, e.booked_on, e.document_type, e.document_number, e.label, p.account,
                s.name AS supplier, p.debit, p.credit
            FROM (
                SELECT * FROM postings {"WHERE id < :after" if after else ""} ORDER BY id DESC LIMIT :limit
            ) p
            JOIN journal_entries e ON e.id = p.entry_id
            LEFT JOIN suppliers s ON s.id = p.supplier_id
            ORDER BY p.id DESC
        """),
        {"limit": limit + 1} | ({"after": after[0]} if after else {}),
    )
    return page_of(rows_as(PostingRow, rows), limit, lambda row: (row.id,))
