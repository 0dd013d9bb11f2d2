"""What a supplier answered and sent off, as Peppol's Order Response and Despatch Advice have it: for each park.

Whatever way it was said (page, mailed link, API, electronic document), it is said again the same.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from sqlalchemy import text
from sqlmodel import Session

from app.core import clock
from app.core.errors import Conflict
from app.orders.consolidation.models.supplier_orders import LineAnswer
from app.orders.consolidation.queries.supplier_orders import get_supplier_order
from app.orders.fulfilment.documents.order_document import OrderDocument, OrderLine, read_order_documents


class ResponseCode(StrEnum):
    """An Order Response (UNCL4343, as Peppol BIS Ordering 3 has it)."""

    ACCEPTED = "AP"
    CONDITIONAL = "CA"
    REJECTED = "RE"


class LineStatus(StrEnum):
    """The answer to a line (UNCL1229)."""

    CHANGED = "3"
    ACCEPTED = "5"
    REFUSED = "7"


@dataclass(frozen=True)
class AnsweredLine:
    """A line as sent, and the answer: units that come, units that come later, price in euros, day."""

    line: OrderLine
    status: LineStatus
    now: int
    later: int
    unit_price: Decimal
    promised_on: date | None
    reason: str


@dataclass(frozen=True)
class AnswerDocument:
    """A supplier's answer to the order for one park."""

    order: OrderDocument
    answered_on: date
    supplier_reference: str
    lines: tuple[AnsweredLine, ...]

    @property
    def code(self) -> ResponseCode:
        """Accepted or refused where every line is, else conditional."""
        statuses = {line.status for line in self.lines}
        if statuses == {LineStatus.ACCEPTED}:
            return ResponseCode.ACCEPTED
        return ResponseCode.REJECTED if statuses == {LineStatus.REFUSED} else ResponseCode.CONDITIONAL


@dataclass(frozen=True)
class DespatchDocument:
    """Goods on their way to one park; lines as sent, with the units that left."""

    order: OrderDocument
    number: str
    advised_on: date
    expected_on: date
    carrier: str
    tracking: str
    sscc: tuple[str, ...]
    lines: tuple[tuple[OrderLine, int], ...]


def read_answers(session: Session, number: str) -> list[AnswerDocument]:
    """A supplier's answer, a document for each park. Raises `Conflict` before there is one."""
    order = get_supplier_order(session, number)
    rows = session.execute(
        text("""
            SELECT k.code, f.sku, so.acknowledged_at, so.supplier_reference, sol.answer, sol.answer_reason,
                sol.promised_on, coalesce(sol.asked_price, max(a.unit_price)) AS unit_price,
                sum(coalesce(a.confirmed_quantity, a.allocated)) AS confirmed
            FROM supplier_orders so
            JOIN supplier_order_lines sol ON sol.supplier_order_id = so.id
            JOIN round_offers f ON f.round_id = so.round_id AND f.offer_id = sol.offer_id
            JOIN allocations a ON a.supplier_order_id = so.id AND a.offer_id = sol.offer_id
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders m ON m.id = l.order_id
            JOIN round_parks k ON k.round_id = so.round_id AND k.park_id = m.park_id
            WHERE so.id = :id AND so.acknowledged_at IS NOT NULL
            GROUP BY k.code, f.sku, so.id, sol.supplier_order_id, sol.offer_id
        """),
        {"id": order.id},
    ).all()
    if not rows:
        raise Conflict("Order {order} is not answered yet.", code="not_answered", order=number)
    found = {(row.code, row.sku): row for row in rows}
    return [
        AnswerDocument(
            order=sent,
            answered_on=rows[0].acknowledged_at.astimezone(clock.PARIS).date(),
            supplier_reference=rows[0].supplier_reference,
            lines=tuple(_answered(line, found[sent.park, line.sku]) for line in sent.lines),
        )
        for sent in read_order_documents(session, number, as_sent=True)
    ]


def _answered(line: OrderLine, row: Any) -> AnsweredLine:
    if row.confirmed == 0:
        status = LineStatus.REFUSED
    elif row.answer == LineAnswer.ACCEPTED:
        status = LineStatus.ACCEPTED
    else:
        status = LineStatus.CHANGED
    later = row.confirmed if row.answer == LineAnswer.BACK_ORDERED else 0
    return AnsweredLine(line, status, row.confirmed - later, later, row.unit_price, row.promised_on, row.answer_reason)


def read_despatches(session: Session, number: str) -> list[DespatchDocument]:
    """What left, a document for each despatch advice. Raises `Conflict` before anything did."""
    order = get_supplier_order(session, number)
    rows = session.execute(
        text("""
            SELECT k.code AS park, d.number, d.advised_at, d.expected_on, d.carrier, d.tracking,
                jsonb_object_agg(f.sku, l.quantity) AS units,
                ARRAY(SELECT p.sscc FROM despatch_parcels p WHERE p.advice_id = d.id ORDER BY p.sscc) AS sscc
            FROM despatch_advices d
            JOIN drops o ON o.id = d.drop_id
            JOIN supplier_orders so ON so.id = d.supplier_order_id
            JOIN round_parks k ON k.round_id = so.round_id AND k.park_id = o.park_id
            JOIN despatch_lines l ON l.advice_id = d.id
            JOIN round_offers f ON f.round_id = so.round_id AND f.offer_id = l.offer_id
            WHERE d.supplier_order_id = :id GROUP BY d.id, k.code ORDER BY d.id
        """),
        {"id": order.id},
    ).all()
    if not rows:
        raise Conflict("Nothing of order {order} has left yet.", code="nothing_left", order=number)
    sent = {document.park: document for document in read_order_documents(session, number, as_sent=True)}
    return [
        DespatchDocument(
            order=sent[row.park],
            number=row.number,
            advised_on=row.advised_at.astimezone(clock.PARIS).date(),
            expected_on=row.expected_on,
            carrier=row.carrier,
            tracking=row.tracking,
            sscc=tuple(row.sscc),
            lines=tuple((line, row.units[line.sku]) for line in sent[row.park].lines if line.sku in row.units),
        )
        for row in rows
    ]
