"""What the suppliers' side reads: invoices, statements, addresses to tell and how telling went."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy import text
from sqlmodel import Session

from app.core.database import rows_as
from app.core.money import ZERO
from app.core.pagination import Page, decode_cursor, page_of
from app.supplying.invoice_matching import Difference, DifferenceKind
from app.supplying.models.invoices import InvoiceStatus
from app.supplying.models.webhooks import DeliveryStatus


class InvoiceRow(NamedTuple):
    """A supplier's invoice in a list. Amounts are euros; `differences` as `matching` found them."""

    id: int
    number: str
    order: str
    supplier: str
    issued_on: date
    due_on: date | None
    net_amount: Decimal
    vat_amount: Decimal
    total_amount: Decimal
    status: str
    differences: list[Difference]
    reason: str
    received_at: datetime
    version: int
    has_file: bool


def list_invoices(
    session: Session,
    cursor: str | None,
    limit: int,
    *,
    supplier_id: int | None = None,
    supplier_order_id: int | None = None,
    status: str | None = None,
) -> Page[InvoiceRow]:
    """Invoices, the newest first."""
    conditions, parameters = ["true"], dict[str, Any](limit=limit + 1)
    for column, value in (
        ("supplier_id", supplier_id),
        ("supplier_order_id", supplier_order_id),
        ("status", status),
    ):
        if value is not None:
            conditions.append(f"i.{column} = :{column}")
            parameters[column] = value
    after = decode_cursor(cursor, int)
    if after:
        conditions.append("i.id < :after")
        parameters["after"] = after[0]
    rows = session.execute(
        text(f"""
            SELECT i.id, i.number, o.number AS order, s.name AS supplier, i.issued_on, i.due_on, i.net_amount,
                i.vat_amount, i.total_amount, i.status, i.differences, i.reason, i.received_at, i.version,
                EXISTS (SELECT FROM supplier_invoice_files f WHERE f.invoice_id = i.id) AS has_file
            FROM supplier_invoices i
            JOIN supplier_orders o ON o.id = i.supplier_order_id
            JOIN suppliers s ON s.id = i.supplier_id
            WHERE {" AND ".join(conditions)} ORDER BY i.id DESC LIMIT :limit
        """),
        parameters,
    )
    found = rows_as(InvoiceRow, rows)
    shown = [row._replace(differences=list(map(_difference, row.differences))) for row in found]
    return page_of(shown, limit, lambda row: (row.id,))


def _difference(stored: Any) -> Difference:
    return Difference(DifferenceKind(stored["kind"]), stored["sku"], Decimal(stored["due"]), Decimal(stored["asked"]))


class InvoiceLineRow(NamedTuple):
    """A line of an invoice; amounts in euros before VAT."""

    sku: str
    name: str
    quantity: int
    unit_price: Decimal
    amount: Decimal
    eco_contribution: Decimal
    vat_rate: Decimal


def invoice_lines(session: Session, invoice_id: int) -> list[InvoiceLineRow]:
    """The lines of an invoice, by SKU."""
    rows = session.execute(
        text("""
            SELECT f.sku, f.name, n.quantity, n.unit_price, n.amount, n.eco_contribution, n.vat_rate
            FROM supplier_invoice_lines n
            JOIN supplier_invoices i ON i.id = n.invoice_id
            JOIN supplier_orders o ON o.id = i.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = n.offer_id
            WHERE n.invoice_id = :id ORDER BY f.sku
        """),
        {"id": invoice_id},
    )
    return rows_as(InvoiceLineRow, rows)


class StatementRow(NamedTuple):
    """An order in a supplier's statement. Euros before VAT; `commission` is what the association keeps."""

    number: str
    round: str
    status: str
    sent_on: date
    amount: Decimal
    eco_contribution: Decimal
    delivery_fee: Decimal
    commission: Decimal
    invoiced: Decimal

    @property
    def proceeds(self) -> Decimal:
        """What the supplier gets: everything less the commission."""
        return self.amount + self.eco_contribution + self.delivery_fee - self.commission


def statement(session: Session, supplier_id: int, year: int) -> list[StatementRow]:
    """The orders sent to a supplier in a year (on a Paris clock), in the order they were sent."""
    rows = session.execute(
        text("""
            SELECT o.number, r.name AS round, o.status, (o.sent_at AT TIME ZONE 'Europe/Paris')::date AS sent_on,
                o.amount, o.eco_contribution, o.delivery_fee, o.commission, coalesce((
                    SELECT sum(i.net_amount) FROM supplier_invoices i
                    WHERE i.supplier_order_id = o.id AND i.status <> :disputed), 0) AS invoiced
            FROM supplier_orders o JOIN rounds r ON r.id = o.round_id
            WHERE o.supplier_id = :supplier_id
              AND o.sent_at >= make_timestamptz(:year, 1, 1, 0, 0, 0, 'Europe/Paris')
              AND o.sent_at < make_timestamptz(:year + 1, 1, 1, 0, 0, 0, 'Europe/Paris')
            ORDER BY o.sent_at, o.id
        """),
        {"supplier_id": supplier_id, "year": year, "disputed": InvoiceStatus.DISPUTED},
    )
    return rows_as(StatementRow, rows)


def totals_of(rows: list[StatementRow]) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal]:
    """Sums of a statement: amounts, charges, commission, proceeds, invoiced."""
    return (
        sum((row.amount for row in rows), ZERO),
        sum((row.eco_contribution + row.delivery_fee for row in rows), ZERO),
        sum((row.commission for row in rows), ZERO),
        sum((row.proceeds for row in rows), ZERO),
        sum((row.invoiced for row in rows), ZERO),
    )


class EndpointRow(NamedTuple):
    """An address that is told, and how many messages wait for it or were given up."""

    id: int
    url: str
    event_types: list[str]
    secret: str
    active: bool
    disabled_because: str
    created_at: datetime
    old_secret_until: datetime | None
    waiting: int
    failed: int


def list_endpoints(session: Session, supplier_id: int) -> list[EndpointRow]:
    """The addresses of a supplier, in the order they were named."""
    rows = session.execute(
        text("""
            SELECT e.id, e.url, e.event_types, e.secret, e.active, e.disabled_because, e.created_at, e.old_secret_until,
                count(d.id) FILTER (WHERE d.status = :pending) AS waiting,
                count(d.id) FILTER (WHERE d.status = :failed) AS failed
            FROM webhook_endpoints e LEFT JOIN webhook_deliveries d ON d.endpoint_id = e.id
            WHERE e.supplier_id = :supplier_id GROUP BY e.id ORDER BY e.id
        """),
        {"supplier_id": supplier_id, "pending": DeliveryStatus.PENDING, "failed": DeliveryStatus.FAILED},
    )
    return rows_as(EndpointRow, rows)


class DeliveryRow(NamedTuple):
    """A message on its way to an address: how often it was tried, and what the last try brought."""

    id: int
    message_id: str
    type: str
    payload: str
    status: str
    created_at: datetime
    attempt_count: int
    next_attempt_at: datetime | None
    delivered_at: datetime | None
    last_status_code: int | None
    last_error: str | None
    last_duration_ms: int | None


def list_deliveries(
    session: Session, endpoint_id: int, cursor: str | None, limit: int, *, status: str | None = None
) -> Page[DeliveryRow]:
    """The log of an address, the newest first."""
    parameters: dict[str, Any] = {"endpoint_id": endpoint_id, "limit": limit + 1, "status": status, "after": 2**31 - 1}
    after = decode_cursor(cursor, int)
    if after:
        parameters["after"] = after[0]
    rows = session.execute(
        text("""
            SELECT d.id, m.id AS message_id, m.type, m.payload, d.status, m.created_at, d.attempt_count,
                d.next_attempt_at, d.delivered_at, last.status_code AS last_status_code, last.error AS last_error,
                last.duration_ms AS last_duration_ms
            FROM webhook_deliveries d
            JOIN webhook_messages m ON m.id = d.message_id
            LEFT JOIN LATERAL (
                SELECT a.status_code, a.error, a.duration_ms FROM webhook_attempts a
                WHERE a.delivery_id = d.id ORDER BY a.id DESC LIMIT 1
            ) last ON true
            WHERE d.endpoint_id = :endpoint_id AND d.id < :after
              AND (CAST(:status AS text) IS NULL OR d.status = :status)
            ORDER BY d.id DESC LIMIT :limit
        """),
        parameters,
    )
    return page_of(rows_as(DeliveryRow, rows), limit, lambda row: (row.id,))
