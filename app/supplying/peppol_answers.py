"""Applying what suppliers' systems send: an Order Response answers an order, a Despatch Advice sends goods off.

A document speaks of one park's part of an order, by the number of the order document that went there.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import text
from sqlmodel import Session

from app.accounts.actor import Actor
from app.catalog.suppliers import require_supplier
from app.core.errors import InvalidInput, NotFound
from app.core.money import UNIT_PRICE_STEP
from app.orders.consolidation.models.supplier_orders import SupplierOrder
from app.orders.fulfilment.acknowledgement import Answer, acknowledge_order, get_supplier_order_of
from app.orders.fulfilment.despatch import Despatch, advise_despatch
from app.supplying import answer_messages as ubl
from app.supplying.answer_messages import AdviceLine, DespatchMessage, OrderResponse, ResponseLine, read_message


@dataclass(frozen=True)
class _Part:
    """One park's part of an order: units of its lines by SKU here and in all parks, its GTINs."""

    number: str
    park: str
    here: Mapping[str, int]
    everywhere: Mapping[str, int]
    skus_by_gtin: Mapping[str, str]
    skus_by_line: Mapping[str, str]


def take_message(session: Session, actor: Actor, content: bytes) -> SupplierOrder:
    """Apply a document. Raises `InvalidInput` where it cannot be read, `NotFound` for an order not theirs."""
    message = read_message(content)
    part = _find_part(session, actor, message.order)
    if isinstance(message, OrderResponse):
        _answer(session, actor, part, message)
    else:
        _despatch(session, actor, part, message)
    return get_supplier_order_of(session, actor, part.number)


def _find_part(session: Session, actor: Actor, document: str) -> _Part:
    rows = session.execute(
        text("""
            SELECT o.number, k.code AS park, f.sku, f.gtin, sum(a.served) FILTER (WHERE m.park_id = d.park_id) AS here,
                sum(a.served) AS everywhere
            FROM supplier_orders o
            JOIN drops d ON d.supplier_order_id = o.id
            JOIN parks k ON k.id = d.park_id
            JOIN allocations a ON a.supplier_order_id = o.id
            JOIN order_lines l ON l.id = a.order_line_id
            JOIN member_orders m ON m.id = l.order_id
            JOIN round_offers f ON f.round_id = a.round_id AND f.offer_id = a.offer_id
            WHERE o.supplier_id = :supplier_id AND o.sent_at IS NOT NULL
              AND (lower(o.number || '-' || k.code) = :document OR (lower(o.number) = :document AND NOT EXISTS (
                SELECT FROM drops e WHERE e.supplier_order_id = o.id AND e.id <> d.id)))
            GROUP BY o.number, k.code, f.sku, f.gtin
            HAVING bool_or(m.park_id = d.park_id) ORDER BY f.sku
        """),
        {"supplier_id": require_supplier(session, actor), "document": document.lower()},
    ).all()
    if not rows:
        raise NotFound("There is no such supplier order.")
    return _Part(
        number=rows[0].number,
        park=rows[0].park,
        here={row.sku: row.here for row in rows},
        everywhere={row.sku: row.everywhere for row in rows},
        skus_by_gtin={row.gtin: row.sku for row in rows if row.gtin},
        skus_by_line={str(at): row.sku for at, row in enumerate(rows, start=1)},
    )


def _sku_of(part: _Part, line: ResponseLine | AdviceLine) -> str:
    """The article of a line: by the seller's number, else by its GTIN, else by the number of the order line."""
    written_so = {sku.lower(): sku for sku in part.here}
    found = written_so.get(line.sku.lower()) or part.skus_by_gtin.get(line.gtin)
    if found is None and not line.sku:
        found = part.skus_by_line.get(line.line_id)
    if found is None:
        named = line.sku or line.gtin or line.line_id
        raise InvalidInput("This order has no line {sku}.", code="unknown_line", field="lines", sku=named)
    return found


def _units(quantity: Decimal, sku: str) -> int:
    if quantity != quantity.to_integral_value():
        raise InvalidInput("{value} is no quantity of {sku}.", field="lines", value=str(quantity), sku=sku)
    return int(quantity)


def _answer(session: Session, actor: Actor, part: _Part, message: OrderResponse) -> None:
    answers: Iterable[Answer] = ()
    if message.code == ubl.RECEIVED:  # it only says that the order came
        return
    if message.code == ubl.REJECTED:
        answers = [
            Answer(sku, part.everywhere[sku] - units, reason=message.note or message.code)
            for sku, units in part.here.items()
        ]
    elif message.code == ubl.CONDITIONAL:
        answers = [_article_answer(part, sku, lines) for sku, lines in _by_article(part, message.lines).items()]
    elif message.code != ubl.ACCEPTED:
        raise InvalidInput("{code_given} is no code of an Order Response.", code_given=message.code)
    acknowledge_order(session, actor, part.number, list(answers), supplier_reference=message.supplier_reference)


def _by_article(part: _Part, lines: Iterable[ResponseLine]) -> dict[str, list[ResponseLine]]:
    found: dict[str, list[ResponseLine]] = {}
    for line in lines:
        found.setdefault(_sku_of(part, line), []).append(line)
    return found


def _article_answer(part: _Part, sku: str, lines: Sequence[ResponseLine]) -> Answer:
    """The answer to an article. Several lines of it are parts that come on different days: together they are what
    comes, by the last of their days, and the reason tells each."""
    if len(lines) == 1:
        return _line_answer(part, sku, lines[0])
    answers = [_line_answer(part, sku, line) for line in lines]
    elsewhere = part.everywhere[sku] - part.here[sku]
    prices = {answer.unit_price for answer in answers}
    if any(answer.quantity is None for answer in answers) or len(prices) > 1:
        raise InvalidInput("Line {sku} is answered twice.", code="line_twice", field="lines", sku=sku)
    parts = [((answer.quantity or 0) - elsewhere, answer.promised_on) for answer in answers]
    days = [day for _units, day in parts if day]
    told = "; ".join(f"{units}: {day.isoformat() if day else '–'}" for units, day in parts)
    return Answer(
        sku,
        elsewhere + sum(units for units, _day in parts),
        prices.pop(),
        max(days) if days else None,
        reason="; ".join(filter(None, (*dict.fromkeys(line.note for line in lines), told))),
    )


def _line_answer(part: _Part, sku: str, line: ResponseLine) -> Answer:
    elsewhere, reason = part.everywhere[sku] - part.here[sku], line.note
    if line.status in {ubl.LINE_ACCEPTED, ubl.LINE_DELIVERED}:
        if line.quantity is not None and line.quantity != part.here[sku]:
            raise InvalidInput(
                "Line {sku} is accepted as it is, but for {quantity} instead of {ordered}.", code="contradiction",
                field="lines", sku=sku, quantity=line.quantity, ordered=part.here[sku],
            )  # fmt: skip
        return Answer(sku, reason=reason)
    if line.status == ubl.LINE_REFUSED or line.substitute:
        offered = f"{line.note} > {line.substitute}".strip() if line.substitute else line.note
        return Answer(sku, elsewhere, reason=offered or line.status)
    if line.status != ubl.LINE_CHANGED:
        raise InvalidInput("Line {sku}: status {status} is not taken.", field="lines", sku=sku, status=line.status)
    now = part.here[sku] if line.quantity is None else _units(line.quantity, sku)
    later = 0 if line.back_ordered is None else _units(line.back_ordered, sku)
    return Answer(
        sku,
        elsewhere + now + later,
        None if line.unit_price is None else line.unit_price.quantize(UNIT_PRICE_STEP),
        line.promised_on,
        back_ordered=bool(later and not now),
        reason=reason,
    )


def _despatch(session: Session, actor: Actor, part: _Part, message: DespatchMessage) -> None:
    if message.expected_on is None:
        raise InvalidInput("Say on which day it arrives.", field="expected_on")
    lines: dict[str, int] = {}
    for line in message.lines:
        sku = _sku_of(part, line)
        if line.quantity:
            lines[sku] = lines.get(sku, 0) + _units(line.quantity, sku)
    if not lines:
        raise InvalidInput("Say how much leaves.", field="lines")
    advise_despatch(
        session,
        actor,
        part.number,
        Despatch(
            message.number, part.park, message.expected_on, lines, message.carrier, message.tracking, message.sscc
        ),
    )
