"""Suppliers' invoices: taken, matched with order and receipt, accepted or disputed; and the order is closed."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy import insert, text
from sqlmodel import Session, col, select

from app.accounts.actor import SYSTEM, Actor
from app.accounts.permissions import Permission
from app.accounts.service import check_version
from app.catalog.suppliers import require_supplier
from app.core import audit, clock
from app.core.database import rows_as
from app.core.errors import Conflict, InvalidInput, NotFound
from app.core.i18n import marked
from app.core.money import ZERO, round_amount
from app.edocuments.totals import STANDARD_RATE
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.consolidation.states import SUPPLIER_ORDER_LIFE, SupplierOrderEvent
from app.orders.consolidation.supplier_events import SupplierEvent, tell_supplier
from app.orders.fulfilment.acknowledgement import get_supplier_order_of, require_order_event
from app.supplying.invoice_matching import AskedLine, Difference, Due, differences, vat_of
from app.supplying.models.invoices import (
    AGREED_INVOICES,
    InvoiceStatus,
    SupplierInvoice,
    SupplierInvoiceFile,
    SupplierInvoiceLine,
)
from app.supplying.states import SUPPLIER_INVOICE_LIFE, SupplierInvoiceEvent

CAN_BE_INVOICED = SUPPLIER_ORDER_LIFE.before(SupplierOrderEvent.INVOICE)
_OPEN = SUPPLIER_INVOICE_LIFE.before(SupplierInvoiceEvent.MATCH)
_FILE_LIMIT_BYTES = 10_000_000


@dataclass(frozen=True)
class InvoicedLine:
    """A line as the supplier gives it; None stands for what was agreed. `eco_contribution`: euros of the line."""

    sku: str
    quantity: int
    unit_price: Decimal | None = None
    eco_contribution: Decimal | None = None


@dataclass(frozen=True)
class Invoice:
    """An invoice as the supplier gives it; without lines it is for everything not invoiced yet.

    `total_amount`, where it is given, is what the supplier reckons with VAT: it has to be ours, but for `total_slack`
    that rounding VAT line by line may make; the invoice's own then holds.
    """

    number: str
    issued_on: date
    due_on: date | None = None
    lines: Sequence[InvoicedLine] = field(default_factory=tuple)
    delivery_fee: Decimal | None = None
    total_amount: Decimal | None = None
    total_slack: Decimal = ZERO


class _Agreed(NamedTuple):
    """A line of the order as far as invoices go."""

    offer_id: int
    due: Due
    came: bool


def send_invoice(session: Session, actor: Actor, number: str, invoice: Invoice) -> SupplierInvoice:
    """Take a supplier's invoice for goods that are on their way or came, and match it.

    Raises `Conflict` for a number used before or an order that nothing can be invoiced of, `InvalidInput` for lines
    that the order has not and sums that are not right.
    """
    order = get_supplier_order_of(session, actor, number, lock=True)
    _require_invoiceable(session, order, invoice.number)
    assert order.id is not None
    agreed = _agreed(session, order.id)
    lines = _lines(invoice.lines, agreed)
    fee = _fee_due(session, order, None) if invoice.delivery_fee is None else invoice.delivery_fee
    net = sum((line.amount + line.eco_contribution for line in lines), ZERO) + fee
    vat = vat_of(
        [(line.amount + line.eco_contribution, agreed[line.sku].due.vat_rate) for line in lines]
        + [(fee, STANDARD_RATE)]
    )
    off = ZERO if invoice.total_amount is None else invoice.total_amount - net - vat
    if abs(off) <= invoice.total_slack:
        vat += off
    else:
        raise InvalidInput(
            "These lines make {total} with VAT, not {given}.",
            code="wrong_total",
            field="total_amount",
            total=net + vat,
            given=invoice.total_amount,
        )
    kept = SupplierInvoice(
        supplier_id=order.supplier_id,
        supplier_order_id=order.id,
        number=invoice.number.strip(),
        issued_on=invoice.issued_on,
        due_on=invoice.due_on,
        delivery_fee=fee,
        eco_contribution=sum((line.eco_contribution for line in lines), ZERO),
        net_amount=net,
        vat_amount=vat,
        total_amount=net + vat,
        status=InvoiceStatus.WAITING,
        received_at=clock.now(),
    )
    session.add(kept)
    session.flush()
    session.execute(
        insert(SupplierInvoiceLine),
        [
            {
                "invoice_id": kept.id,
                "offer_id": agreed[line.sku].offer_id,
                "quantity": line.quantity,
                "unit_price": line.unit_price,
                "amount": line.amount,
                "eco_contribution": line.eco_contribution,
                "vat_rate": agreed[line.sku].due.vat_rate,
            }
            for line in lines
        ],
    )
    audit.record(session, actor.label, "supplier_invoice.received", kept, number=kept.number, order=number)
    match_invoices(session, order)
    return kept


def _require_invoiceable(session: Session, order: SupplierOrder, number: str) -> None:
    refusal = marked("Order {order} is {status}: it can be invoiced from its despatch until all of it is invoiced.")
    require_order_event(order, SupplierOrderEvent.INVOICE, refusal)
    if not number.strip():
        raise InvalidInput("An invoice needs a number.", field="number")
    used = select(SupplierInvoice.id).where(
        SupplierInvoice.supplier_id == order.supplier_id, SupplierInvoice.number == number.strip()
    )
    if session.scalar(used) is not None:
        raise Conflict("Invoice {number} was sent already.", code="duplicate_invoice", number=number)


def _agreed(session: Session, supplier_order_id: int, but_for: int | None = None) -> dict[str, _Agreed]:
    """What may be invoiced of an order by SKU; `but_for` leaves one invoice out of what was invoiced."""
    rows = session.execute(
        text("""
            SELECT l.offer_id, f.sku, l.served, l.unit_price, f.vat_rate, f.eco_contribution,
                l.received_quantity IS NOT NULL AS came,
                coalesce((
                    SELECT sum(n.quantity) FROM supplier_invoice_lines n JOIN supplier_invoices i ON i.id = n.invoice_id
                    WHERE i.supplier_order_id = :id AND n.offer_id = l.offer_id AND i.status <> :disputed
                      AND i.id IS DISTINCT FROM :but_for
                ), 0) AS invoiced
            FROM supplier_order_lines l
            JOIN supplier_orders o ON o.id = l.supplier_order_id
            JOIN round_offers f ON f.round_id = o.round_id AND f.offer_id = l.offer_id
            WHERE l.supplier_order_id = :id ORDER BY f.sku
        """),
        {"id": supplier_order_id, "but_for": but_for, "disputed": InvoiceStatus.DISPUTED},
    )
    return {
        row.sku: _Agreed(
            row.offer_id,
            Due(row.sku, max(row.served - row.invoiced, 0), row.unit_price, row.vat_rate, row.eco_contribution),
            row.came,
        )
        for row in rows
    }


def _folded(sku: str) -> str:
    return "".join(sku.split()).lower()


def _lines(given: Sequence[InvoicedLine], agreed: Mapping[str, _Agreed]) -> list[AskedLine]:
    if not given:
        given = [InvoicedLine(sku, line.due.units) for sku, line in agreed.items() if line.due.units]
        if not given:
            raise Conflict("All of this order is invoiced already.", code="nothing_to_invoice")
    lines: dict[str, AskedLine] = {}
    written_so = {_folded(sku): sku for sku in agreed}
    for asked in given:
        one = replace(asked, sku=written_so.get(_folded(asked.sku), asked.sku))
        known = agreed.get(one.sku)
        if known is None:
            raise InvalidInput("This order has no line {sku}.", code="unknown_line", field="lines", sku=one.sku)
        if one.sku in lines:
            raise InvalidInput("Line {sku} is invoiced twice.", code="line_twice", field="lines", sku=one.sku)
        if one.quantity < 1:
            raise InvalidInput("Say how many units of {sku} are invoiced.", field="lines", sku=one.sku)
        price = known.due.unit_price if one.unit_price is None else one.unit_price
        eco = one.eco_contribution
        if eco is None:
            eco = round_amount(one.quantity * known.due.eco_contribution)
        lines[one.sku] = AskedLine(one.sku, one.quantity, price, eco)
    return list(lines.values())


def _fee_due(session: Session, order: SupplierOrder, but_for: int | None) -> Decimal:
    """The delivery fee of an order that no other invoice asks."""
    asked = session.scalar(
        text("""
            SELECT coalesce(sum(delivery_fee), 0) FROM supplier_invoices
            WHERE supplier_order_id = :id AND status <> :disputed AND id IS DISTINCT FROM :but_for
        """),
        {"id": order.id, "but_for": but_for, "disputed": InvoiceStatus.DISPUTED},
    )
    return max(order.delivery_fee - (asked or ZERO), ZERO)


def match_invoices(session: Session, order: SupplierOrder) -> None:
    """Match the open invoices of an order anew, as when goods came; close the order once all of it is invoiced."""
    assert order.id is not None
    session.flush()
    open_ones = session.exec(
        select(SupplierInvoice)
        .where(SupplierInvoice.supplier_order_id == order.id, col(SupplierInvoice.status).in_(_OPEN))
        .order_by(col(SupplierInvoice.id))
    ).all()
    for invoice in open_ones:
        agreed = _agreed(session, order.id, invoice.id)
        lines = _stored_lines(session, order, invoice)
        found = differences(
            lines,
            {sku: line.due for sku, line in agreed.items()},
            delivery_fee=invoice.delivery_fee,
            delivery_fee_due=_fee_due(session, order, invoice.id),
        )
        before = invoice.status
        came = all(agreed[line.sku].came for line in lines)
        agrees = InvoiceStatus.MATCHED if came else InvoiceStatus.WAITING
        reached = InvoiceStatus.TO_CHECK if found else agrees
        invoice.status = SUPPLIER_INVOICE_LIFE.after(SupplierInvoiceEvent.MATCH, before, reached)
        invoice.differences = [_plain(one) for one in found]
        if invoice.status is not before:
            invoice.version += 1
            audit.record(
                session, SYSTEM.label, f"supplier_invoice.{invoice.status.value}", invoice, number=invoice.number
            )
        session.flush()
    _close(session, order)


def _stored_lines(session: Session, order: SupplierOrder, invoice: SupplierInvoice) -> list[AskedLine]:
    rows = session.execute(
        text("""
            SELECT f.sku, n.quantity, n.unit_price, n.eco_contribution
            FROM supplier_invoice_lines n JOIN round_offers f ON f.round_id = :round_id AND f.offer_id = n.offer_id
            WHERE n.invoice_id = :id ORDER BY f.sku
        """),
        {"id": invoice.id, "round_id": order.round_id},
    )
    return rows_as(AskedLine, rows)


def _plain(one: Difference) -> dict[str, str]:
    return {"kind": one.kind.value, "sku": one.sku, "due": str(one.due), "asked": str(one.asked)}


def _close(session: Session, order: SupplierOrder) -> None:
    """Close an order that came and is invoiced whole by invoices that agree."""
    if not SUPPLIER_ORDER_LIFE.allows(SupplierOrderEvent.CLOSE, order.status):
        return
    waits = session.scalar(
        text("""
            SELECT EXISTS (
                SELECT FROM supplier_order_lines l WHERE l.supplier_order_id = :id AND l.served > coalesce((
                    SELECT sum(n.quantity) FROM supplier_invoice_lines n JOIN supplier_invoices i ON i.id = n.invoice_id
                    WHERE i.supplier_order_id = :id AND n.offer_id = l.offer_id AND i.status = ANY(:agreed)
                ), 0)
            ) OR EXISTS (
                SELECT FROM supplier_invoices WHERE supplier_order_id = :id AND status = ANY(:open)
            )
        """),
        {"id": order.id, "agreed": list(AGREED_INVOICES), "open": list(_OPEN)},
    )
    if not waits:
        order.status = SUPPLIER_ORDER_LIFE.after(SupplierOrderEvent.CLOSE, order.status)
        order.updated_at = clock.now()
        order.version += 1
        audit.record(session, SYSTEM.label, "supplier_order.closed", order, number=order.number)
        session.flush()


def get_invoice_of(session: Session, actor: Actor, invoice_id: int) -> SupplierInvoice:
    """An invoice of the actor's supplier, or any for the association. Raises `NotFound`."""
    found = session.get(SupplierInvoice, invoice_id)
    if found is not None and (
        actor.may(Permission.APPROVE_ROUNDS) or found.supplier_id == require_supplier(session, actor)
    ):
        return found
    raise NotFound("There is no such invoice.")


def decide_invoice(
    session: Session,
    actor: Actor,
    invoice_id: int,
    *,
    accept: bool,
    reason: str = "",
    expected_version: int | None = None,
) -> SupplierInvoice:
    """Accept an invoice in spite of its differences, or dispute it: its supplier sends another one then."""
    actor.require(Permission.APPROVE_ROUNDS)
    found = session.get(SupplierInvoice, invoice_id)
    if found is None:
        raise NotFound("There is no such invoice.")
    order = session.get_one(SupplierOrder, found.supplier_order_id, with_for_update=True, populate_existing=True)
    invoice = session.get_one(SupplierInvoice, invoice_id, with_for_update=True, populate_existing=True)
    check_version(invoice.version, expected_version)
    event = SupplierInvoiceEvent.ACCEPT if accept else SupplierInvoiceEvent.DISPUTE
    if not SUPPLIER_INVOICE_LIFE.allows(event, invoice.status):
        raise Conflict("Invoice {number} is decided already.", code="decided_already", number=invoice.number)
    if not accept and not reason.strip():
        raise InvalidInput("Say what is wrong with the invoice: its supplier reads it.", field="reason")
    invoice.status = SUPPLIER_INVOICE_LIFE.after(event, invoice.status)
    invoice.reason = reason.strip()[:500]
    invoice.decided_at, invoice.decided_by = clock.now(), actor.label
    invoice.version += 1
    audit.record(session, actor.label, f"supplier_invoice.{invoice.status.value}", invoice, number=invoice.number)
    match_invoices(session, order)
    tell_supplier(session, order, SupplierEvent.INVOICE_DECIDED)
    return invoice


def attach_file(session: Session, actor: Actor, invoice_id: int, name: str, content: bytes) -> SupplierInvoiceFile:
    """Keep the invoice as the supplier made it, a PDF; once. Raises `InvalidInput` for anything else."""
    require_supplier(session, actor)
    invoice = get_invoice_of(session, actor, invoice_id)
    if not content.startswith(b"%PDF-") or len(content) > _FILE_LIMIT_BYTES:
        raise InvalidInput("An invoice is a PDF of at most {limit} MB.", field="file", limit=_FILE_LIMIT_BYTES // 10**6)
    if session.get(SupplierInvoiceFile, invoice_id) is not None:
        raise Conflict("Invoice {number} has its file already.", code="file_exists", number=invoice.number)
    kept = SupplierInvoiceFile(
        invoice_id=invoice_id,
        name=name.strip()[:100] or "invoice.pdf",
        sha256=hashlib.sha256(content).hexdigest(),
        content=content,
    )
    session.add(kept)
    session.flush()
    return kept
