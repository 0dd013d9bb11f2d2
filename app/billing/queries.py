"""What the screens of billing read."""

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.accounts.permissions import Permission
from app.catalog.suppliers import require_supplier
from app.core.pagination import Page, decode_cursor, page_of


class OpenInvoice(NamedTuple):
    """An invoice to a member and what is still to be paid of it, in euros; nothing where it is credited."""

    id: int
    number: str
    company_id: int
    due_on: date
    open: Decimal


MEMBER_INVOICES = """
    SELECT i.id, i.number, i.company_id, i.due_on, CASE WHEN k.id IS NULL THEN i.total ELSE 0 END
        - coalesce((SELECT sum(p.amount) FROM payments p WHERE p.invoice_id = i.id), 0) AS open
    FROM issued_invoices i LEFT JOIN issued_invoices k ON k.corrects_id = i.id
    WHERE i.kind = 'member'
"""


class InvoiceRow(NamedTuple):
    """An issued invoice in a list; amounts in euros. `credited_by`: the number of its credit note."""

    id: int
    number: str
    kind: str
    supplier: str
    company: str | None
    issued_on: date
    due_on: date
    net_amount: Decimal
    vat_amount: Decimal
    total: Decimal
    credited_by: str | None
    corrects: str | None
    paid: Decimal


def list_invoices(session: Session, actor: Actor, cursor: str | None, limit: int) -> Page[InvoiceRow]:
    """The invoices that are the actor's to see, the newest first: all for the treasurer, a firm's or supplier's own."""
    condition, parameters = _own(session, actor)
    after = decode_cursor(cursor, int)
    if after:
        condition += " AND i.id < :after"
        parameters["after"] = after[0]
    rows = session.execute(
        text(f"""
            SELECT i.id, i.number, i.kind, s.name, c.name, i.issued_on, i.due_on, i.net_amount, i.vat_amount, i.total,
                k.number, f.number, coalesce((SELECT sum(p.amount) FROM payments p WHERE p.invoice_id = i.id), 0)
            FROM issued_invoices i
            JOIN suppliers s ON s.id = i.supplier_id
            LEFT JOIN companies c ON c.id = i.company_id
            LEFT JOIN issued_invoices k ON k.corrects_id = i.id
            LEFT JOIN issued_invoices f ON f.id = i.corrects_id
            WHERE {condition} ORDER BY i.id DESC LIMIT :limit
        """),
        parameters | {"limit": limit + 1},
    )
    return page_of([InvoiceRow(*row) for row in rows], limit, lambda row: (row.id,))


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


def list_movements(session: Session, cursor: str | None, limit: int) -> Page[MovementRow]:
    """The movements, the last imported first."""
    after = decode_cursor(cursor, int)
    rows = session.execute(
        text("""
            SELECT m.id, m.booked_on, m.amount, m.counterparty, m.words,
                coalesce(string_agg(i.number, ', ' ORDER BY i.number), t.reference, ''),
                CASE WHEN t.id IS NULL THEN abs(m.amount) - coalesce(sum(p.amount), 0) ELSE 0 END
            FROM bank_movements m
            LEFT JOIN payments p ON p.movement_id = m.id
            LEFT JOIN issued_invoices i ON i.id = p.invoice_id
            LEFT JOIN supplier_transfers t ON t.movement_id = m.id
            WHERE CAST(:after AS int) IS NULL OR m.id < :after
            GROUP BY m.id, t.id ORDER BY m.id DESC LIMIT :limit
        """),
        {"after": after[0] if after else None, "limit": limit + 1},
    )
    return page_of([MovementRow(*row) for row in rows], limit, lambda row: (row.id,))
