"""What the screens of billing read."""

from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.billing.invoicing.queries import MEMBER_INVOICES
from app.billing.payments.models.cards import STUCK
from app.catalog.suppliers import require_supplier
from app.commission.ledger.chart import Account
from app.core import clock
from app.core.database import row_as, rows_as
from app.core.pagination import Page, decode_cursor, page_of


class InvoiceRow(NamedTuple):
    """An issued invoice in a list; amounts in euros. `credited_by`: the numbers of its credit notes.

    `open`: what is still to be paid of it (negative: paid too much); None for what nobody pays here.
    """

    id: int
    number: str
    kind: str
    supplier: str | None
    company: str | None
    issued_on: date
    due_on: date
    net_amount: Decimal
    vat_amount: Decimal
    total: Decimal
    credited_by: str | None
    corrects: str | None
    paid: Decimal
    open: Decimal | None


def list_invoices(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[InvoiceRow]:
    """The invoices that are the actor's to see, the newest first: all for the treasurer, a firm's or supplier's own."""
    condition, parameters = _own(session, actor)
    after = decode_cursor(cursor, int)
    if after:
        condition += " AND i.id < :after"
        parameters["after"] = after[0]
    rows = session.execute(
        text(f"""
            SELECT i.id, i.number, i.kind, s.name AS supplier, c.name AS company, i.issued_on, i.due_on, i.net_amount,
                i.vat_amount, i.total, k.numbers AS credited_by, f.number AS corrects,
                coalesce((SELECT sum(p.amount) FROM payments p WHERE p.invoice_id = i.id), 0) AS paid, b.open
            FROM issued_invoices i
            LEFT JOIN suppliers s ON s.id = i.supplier_id
            LEFT JOIN companies c ON c.id = i.company_id
            LEFT JOIN LATERAL (
                SELECT string_agg(n.number, ', ' ORDER BY n.id) AS numbers
                FROM issued_invoices n WHERE n.corrects_id = i.id
            ) k ON true
            LEFT JOIN invoice_balances b ON b.invoice_id = i.id
            LEFT JOIN issued_invoices f ON f.id = i.corrects_id
            WHERE {condition} ORDER BY i.id DESC LIMIT :limit
        """),
        parameters | {"limit": limit + 1},
    )
    return page_of(rows_as(InvoiceRow, rows), limit, lambda row: (row.id,))


def _own(session: Session, actor: Actor) -> tuple[str, dict[str, Any]]:
    if actor.may(Permission.VIEW_COMMISSION):
        return "true", {}
    if actor.may(Permission.SUPPLY):
        return "i.supplier_id = :supplier", {"supplier": require_supplier(session, actor)}
    actor.require(Permission.MANAGE_COMPANY)
    return "i.company_id = :company", {"company": actor.require_company()}


class MovementRow(NamedTuple):
    """A movement at the bank; `pays`: numbers of invoices, or of a transfer; `rest`: what is not matched."""

    id: int
    booked_on: date
    amount: Decimal
    counterparty: str
    words: str
    pays: str
    rest: Decimal


# The account stands in the text, as the index of what waits is of it alone.
_WAITS = f"m.rest_account = '{Account.SUSPENSE}'"
_MOVEMENTS = f"""
    SELECT m.id, m.booked_on, m.amount, m.counterparty, m.words, coalesce(y.numbers, t.numbers, '') AS pays,
        CASE WHEN {_WAITS} THEN abs(m.amount + m.charges) - coalesce(y.paid, 0) ELSE 0 END AS rest
    FROM bank_movements m
    LEFT JOIN LATERAL (
        SELECT string_agg(i.number, ', ' ORDER BY i.number) AS numbers, sum(abs(p.amount)) AS paid
        FROM payments p JOIN issued_invoices i ON i.id = p.invoice_id WHERE p.movement_id = m.id
    ) y ON true
    LEFT JOIN LATERAL (
        SELECT string_agg(reference, ', ' ORDER BY reference) AS numbers FROM transfers WHERE movement_id = m.id
    ) t ON true
"""


def list_movements(session: Session, cursor: str | None, limit: int) -> Page[MovementRow]:
    """The movements, the last imported first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text(f"{_MOVEMENTS} WHERE CAST(:after AS int) IS NULL OR m.id < :after ORDER BY m.id DESC LIMIT :limit"),
        {"after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of(rows_as(MovementRow, rows), limit, lambda row: (row.id,))


def waiting_movements(session: Session, limit: int = 100) -> list[MovementRow]:
    """Movements of which something is matched with nothing, the oldest first."""
    query = text(f"{_MOVEMENTS} WHERE {_WAITS} ORDER BY m.id LIMIT :limit")
    return rows_as(MovementRow, session.execute(query, {"limit": limit}))


class Way(StrEnum):
    """How a firm pays."""

    TRANSFER = "transfer"
    MANDATE = "mandate"
    STRIPE = "stripe"


class DebitState(StrEnum):
    """What became of a direct debit."""

    DEBITED = "debited"
    RETURNED = "returned"


_LABELS: dict[str, Any] = {label.value: label.value for label in (*Way, *DebitState)}


class ToCollect(NamedTuple):
    """An open invoice and how it is paid. `way`: transfer, mandate, stripe; `state`: of its last collection."""

    number: str
    company: str
    due_on: date
    open: Decimal
    days_late: int
    way: str
    state: str
    failure: str


_TO_COLLECT = f"""
    SELECT i.id, i.number, c.name AS company, i.due_on, i.open,
        greatest(CAST(:today AS date) - i.due_on, 0) AS days_late,
        CASE WHEN m.id IS NOT NULL THEN :stripe WHEN s.id IS NOT NULL THEN :mandate ELSE :transfer END AS way,
        CASE WHEN d.returned_at IS NOT NULL THEN :returned WHEN d.id IS NOT NULL THEN :debited
            ELSE coalesce(n.status, '') END AS state, coalesce(n.failure, '') AS failure
    FROM ({MEMBER_INVOICES}) i
    JOIN companies c ON c.id = i.company_id
    LEFT JOIN payment_methods m ON m.company_id = c.id AND m.removed_at IS NULL
    LEFT JOIN sepa_mandates s ON s.company_id = c.id AND s.revoked_at IS NULL
    LEFT JOIN LATERAL (
        SELECT status, failure FROM collections WHERE invoice_id = i.id ORDER BY id DESC LIMIT 1
    ) n ON true
    LEFT JOIN LATERAL (
        SELECT id, returned_at FROM direct_debits WHERE invoice_id = i.id AND taken_back_at IS NULL
        ORDER BY id DESC LIMIT 1
    ) d ON true
    WHERE i.open > 0
"""


def list_to_collect(session: Session, cursor: str | None, limit: int) -> Page[ToCollect]:
    """Open invoices, the first due first."""
    after = decode_cursor(cursor, date.fromisoformat, int)
    rows = session.execute(
        text(f"""
            {_TO_COLLECT} AND (CAST(:day AS date) IS NULL OR (i.due_on, i.id) > (:day, :id))
            ORDER BY i.due_on, i.id LIMIT :limit
        """),
        {
            **_LABELS | {"today": clock.today(), "limit": limit + 1},
            **{"day": after[0] if after else None, "id": after[1] if after else None},
        },
    ).all()
    page = page_of(list(rows), limit, lambda row: (row.due_on.isoformat(), row.id))
    found = [ToCollect(**{name: getattr(row, name) for name in ToCollect._fields}) for row in page.items]
    return Page(found, page.next_cursor)


class CollectedSums(NamedTuple):
    """What is open on invoices to members, in euros: all of it, and what is past due."""

    invoices: int
    open: Decimal
    late: Decimal


def sums_to_collect(session: Session) -> CollectedSums:
    """What members owe in all."""
    row = session.execute(
        text("""
            SELECT count(*) AS invoices, coalesce(sum(open), 0) AS open,
                coalesce(sum(open) FILTER (WHERE due_on < :today), 0) AS late
            FROM invoice_balances WHERE open > 0
        """),
        {"today": clock.today()},
    ).one()
    return row_as(CollectedSums, row)


class FailedCollection(NamedTuple):
    """An invoice whose last collection failed, waits for its owner, or was taken back by the bank."""

    number: str
    company: str
    open: Decimal
    state: str
    failure: str


def failed_collections(session: Session, limit: int = 100) -> list[FailedCollection]:
    """Open invoices that were to be collected and were not, the oldest first."""
    rows = session.execute(
        text(f"""
            SELECT number, company, open, state, failure FROM ({_TO_COLLECT} AND i.id IN (
                SELECT invoice_id FROM collections WHERE status = ANY(:stuck)
                UNION SELECT invoice_id FROM direct_debits WHERE returned_at IS NOT NULL
            )) found
            WHERE state = ANY(:stuck) OR state = :returned ORDER BY id LIMIT :limit
        """),
        _LABELS | {"today": clock.today(), "limit": limit, "stuck": list(STUCK)},
    )
    return rows_as(FailedCollection, rows)


class FailedRefund(NamedTuple):
    """A refund that Stripe refused: the money goes back by transfer."""

    number: str
    company: str
    amount: Decimal
    failure: str


def failed_refunds(session: Session) -> list[FailedRefund]:
    """Refunds that Stripe refused."""
    rows = session.execute(
        text("""
            SELECT i.number, c.name AS company, r.amount, r.failure
            FROM refunds r JOIN collections n ON n.id = r.collection_id
            JOIN issued_invoices i ON i.id = n.invoice_id JOIN companies c ON c.id = i.company_id
            WHERE r.failure <> '' ORDER BY r.id
        """)
    )
    return rows_as(FailedRefund, rows)


class SupplierEntry(NamedTuple):
    """A posting on a supplier's account with the association, with the balance in its favour that it leaves."""

    id: int
    booked_on: date
    document: str
    label: str
    credit: Decimal
    debit: Decimal
    balance: Decimal


def list_supplier_entries(session: Session, supplier_id: int, cursor: str | None, limit: int) -> Page[SupplierEntry]:
    """A supplier's account in the books (401), the newest first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT * FROM (
                SELECT p.id, e.booked_on, e.document_number AS document, e.label, p.credit, p.debit,
                    sum(p.credit - p.debit) OVER (ORDER BY p.id) AS balance
                FROM postings p JOIN journal_entries e ON e.id = p.entry_id
                WHERE p.account = :account AND p.supplier_id = :supplier
            ) running
            WHERE CAST(:after AS int) IS NULL OR id < :after ORDER BY id DESC LIMIT :limit
        """),
        {
            "account": Account.SUPPLIERS,
            "supplier": supplier_id,
            "after": after[0] if after else None,
            "limit": limit + 1,
        },
    )
    return page_of(rows_as(SupplierEntry, rows), limit, lambda row: (row.id,))
