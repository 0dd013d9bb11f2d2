"""What the screens of tenders read: one statement a question. Nothing here reads a sealed bid's content."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.core.pagination import Page, decode_cursor, page_of
from app.sourcing.tenders.models import Tender


class TenderRow(NamedTuple):
    """A tender in the association's list."""

    id: int
    reference: str
    title: str
    status: str
    deadline: datetime
    line_count: int
    invited_count: int
    bid_count: int


def list_tenders(session: Session, cursor: str | None, limit: int) -> Page[TenderRow]:
    """Every tender, the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT t.id, t.reference, t.title, t.status, t.deadline,
                (SELECT count(*) FROM tender_lines l WHERE l.tender_id = t.id) AS line_count,
                (SELECT count(*) FROM tender_invitations i WHERE i.tender_id = t.id) AS invited_count,
                (SELECT count(*) FROM tender_bids b WHERE b.tender_id = t.id AND b.replaced_at IS NULL)
                    AS bid_count
            FROM tenders t WHERE CAST(:after AS int) IS NULL OR t.id < :after ORDER BY t.id DESC LIMIT :limit
        """),
        {"after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of(rows_as(TenderRow, rows), limit, lambda row: (row.id,))


class OwnTenderRow(NamedTuple):
    """A tender in an invited supplier's list."""

    id: int
    reference: str
    title: str
    status: str
    deadline: datetime
    line_count: int
    bid_at: datetime | None
    declined: bool


def list_own_tenders(session: Session, supplier_id: int, cursor: str | None, limit: int) -> Page[OwnTenderRow]:
    """The tenders that a supplier is invited to, the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT t.id, t.reference, t.title, t.status, t.deadline,
                (SELECT count(*) FROM tender_lines l WHERE l.tender_id = t.id) AS line_count,
                (SELECT b.received_at FROM tender_bids b
                 WHERE b.tender_id = t.id AND b.supplier_id = :supplier AND b.replaced_at IS NULL) AS bid_at,
                i.declined_at IS NOT NULL AS declined
            FROM tender_invitations i JOIN tenders t ON t.id = i.tender_id AND t.published_at IS NOT NULL
            WHERE i.supplier_id = :supplier AND (CAST(:after AS int) IS NULL OR t.id < :after)
            ORDER BY t.id DESC LIMIT :limit
        """),
        {"supplier": supplier_id, "after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of(rows_as(OwnTenderRow, rows), limit, lambda row: (row.id,))


class NeedRow(NamedTuple):
    """A line of the need."""

    id: int
    lot: str
    product_ref: str
    product: str
    unit: str
    quantity: int
    words: str


def needs_of(session: Session, tender: Tender) -> list[NeedRow]:
    """The need, lot by lot."""
    rows = session.execute(
        text("""
            SELECT l.id, l.lot, p.ref AS product_ref, p.name AS product, p.unit, l.quantity, l.words
            FROM tender_lines l JOIN products p ON p.id = l.product_id WHERE l.tender_id = :id ORDER BY l.lot, l.id
        """),
        {"id": tender.id},
    )
    return rows_as(NeedRow, rows)


class QuestionRow(NamedTuple):
    """A question, without who asked."""

    id: int
    words: str
    asked_at: datetime
    answer: str
    answered_at: datetime | None


def questions_of(session: Session, tender: Tender) -> list[QuestionRow]:
    """The questions of a tender in the order they came."""
    rows = session.execute(
        text("""
            SELECT id, words, asked_at, answer, answered_at FROM tender_questions WHERE tender_id = :id ORDER BY id
        """),
        {"id": tender.id},
    )
    return rows_as(QuestionRow, rows)


class InvitedRow(NamedTuple):
    """A supplier, whether it is invited, and whether it will not bid."""

    code: str
    name: str
    invited: bool
    declined_at: datetime | None


def suppliers_for(session: Session, tender: Tender) -> list[InvitedRow]:
    """Every active supplier, by name, with its invitation."""
    rows = session.execute(
        text("""
            SELECT s.code, s.name, i.tender_id IS NOT NULL AS invited, i.declined_at
            FROM suppliers s LEFT JOIN tender_invitations i ON i.supplier_id = s.id AND i.tender_id = :id
            WHERE s.active OR i.tender_id IS NOT NULL ORDER BY s.name
        """),
        {"id": tender.id},
    )
    return rows_as(InvitedRow, rows)


class BidRow(NamedTuple):
    """A bid as it was received, and once it is opened: what it says in words, its mark."""

    id: int
    supplier_id: int
    supplier: str
    received_at: datetime
    digest: str
    words: str
    fault: str
    service_mark: int | None
    service_reason: str


def bids_of(session: Session, tender: Tender) -> list[BidRow]:
    """The bids in force, by supplier. Before the opening only the count of them is for anybody to know."""
    rows = session.execute(
        text("""
            SELECT b.id, b.supplier_id, s.name AS supplier, b.received_at, b.digest,
                coalesce(b.content->>'words', '') AS words, b.fault, b.service_mark, b.service_reason
            FROM tender_bids b JOIN suppliers s ON s.id = b.supplier_id
            WHERE b.tender_id = :id AND b.replaced_at IS NULL ORDER BY s.name
        """),
        {"id": tender.id},
    )
    return rows_as(BidRow, rows)


class AwardRow(NamedTuple):
    """A line as it was awarded. The unit price in euros before VAT."""

    lot: str
    product: str
    quantity: int
    supplier: str
    sku: str
    unit_price: Decimal
    points: Decimal
    reason: str
    offer_id: int | None


def awards_of(session: Session, tender: Tender, supplier_id: int | None = None) -> list[AwardRow]:
    """What was awarded, to everybody or to one supplier."""
    rows = session.execute(
        text("""
            SELECT l.lot, p.name AS product, l.quantity, s.name AS supplier, o.sku, o.unit_price, a.points,
                a.reason, a.offer_id
            FROM tender_awards a
            JOIN tender_lines l ON l.id = a.line_id
            JOIN products p ON p.id = l.product_id
            JOIN tender_bids b ON b.id = a.bid_id
            JOIN suppliers s ON s.id = b.supplier_id
            JOIN tender_bid_lines o ON o.bid_id = a.bid_id AND o.line_id = a.line_id
            WHERE a.tender_id = :id AND (CAST(:supplier AS int) IS NULL OR b.supplier_id = :supplier)
            ORDER BY l.lot, l.id
        """),
        {"id": tender.id, "supplier": supplier_id},
    )
    return rows_as(AwardRow, rows)


class RecordRow(NamedTuple):
    """Something that happened in a tender, as the audit keeps it."""

    at: datetime
    actor: str
    action: str
    details: dict[str, Any]


def record_of(session: Session, tender: Tender) -> Sequence[RecordRow]:
    """Everything that happened, from the first draft on."""
    rows = session.execute(
        text("""
            SELECT at, actor, action, details FROM audit_entries
            WHERE subject_type = :tenders AND subject_id = :id ORDER BY id
        """),
        {"id": tender.id, "tenders": Tender.__tablename__},
    )
    return rows_as(RecordRow, rows)
