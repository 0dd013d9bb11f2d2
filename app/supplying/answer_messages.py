"""Reading what suppliers' systems send by Peppol: Order Response (transaction T76) and Despatch Advice (T16), UBL 2.1.

Read into plain values first; `service.electronic` applies them. Nothing outside the document is ever loaded.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lxml import etree

from app.core.errors import InvalidInput
from app.edocuments.xml import NAMES, parse_xml

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_PREFIXES = {"cac": NAMES["cac"], "cbc": NAMES["cbc"]}
_NUMBER = re.compile(r"(?:[0-9]+\.?[0-9]*|\.[0-9]+)\Z")
_SSCC = re.compile(r"(?:\(?00\)?)?([0-9]{18})\Z")
ACCEPTED, CONDITIONAL, REJECTED, RECEIVED = "AP", "CA", "RE", "AB"  # UNCL4343, as BIS Ordering 3 has it
LINE_CHANGED, LINE_ACCEPTED, LINE_REFUSED, LINE_DELIVERED = "3", "5", "7", "42"  # UNCL1229


@dataclass(frozen=True)
class ResponseLine:
    """What is answered to a line; None where nothing is said. `substitute` names another article that is offered."""

    line_id: str
    sku: str
    gtin: str
    status: str
    quantity: Decimal | None
    back_ordered: Decimal | None
    unit_price: Decimal | None
    promised_on: date | None
    note: str
    substitute: str


@dataclass(frozen=True)
class OrderResponse:
    """An Order Response: to which order, what, and line by line where it is conditional."""

    number: str
    order: str
    code: str
    supplier_reference: str
    note: str
    promised_on: date | None
    lines: tuple[ResponseLine, ...]


@dataclass(frozen=True)
class AdviceLine:
    """What is on its way of a line."""

    line_id: str
    sku: str
    gtin: str
    quantity: Decimal


@dataclass(frozen=True)
class DespatchMessage:
    """A Despatch Advice."""

    number: str
    order: str
    expected_on: date | None
    carrier: str
    tracking: str
    sscc: tuple[str, ...]
    lines: tuple[AdviceLine, ...]


def read_message(content: bytes) -> OrderResponse | DespatchMessage:
    """Read a document by its root. Raises `InvalidInput` for anything else, naming the element that is missing."""
    root = parse_xml(content)
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("A document with a DTD is not read.", code="not_ubl")
    if root.tag == f"{{{_UBL}OrderResponse-2}}OrderResponse":
        return _response(root)
    if root.tag == f"{{{_UBL}DespatchAdvice-2}}DespatchAdvice":
        return _advice(root)
    raise InvalidInput(
        "This is neither an Order Response nor a Despatch Advice of UBL 2, but {root}.", code="not_ubl", root=root.tag
    )


def _nodes(node: etree._Element, path: str) -> Iterator[etree._Element]:
    yield from node.iterfind(path, _PREFIXES)


def _text(node: etree._Element, path: str) -> str:
    return (node.findtext(path, "", _PREFIXES) or "").strip()


def _required(node: etree._Element, path: str) -> str:
    found = _text(node, path)
    if not found:
        raise InvalidInput("The document does not say {element}.", code="element_missing", element=path)
    return found


def _number(node: etree._Element, path: str) -> Decimal | None:
    written = _text(node, path)
    if not written:
        return None
    number = Decimal(written) if _NUMBER.match(written) else Decimal(-1)
    if not 0 <= number < 10**9:
        raise InvalidInput("{element} is no number that can be: {value}.", element=path, value=written[:40])
    return number


def _day(node: etree._Element, path: str) -> date | None:
    """The last day of a period, else its first."""
    written = _text(node, f"{path}/cbc:EndDate") or _text(node, f"{path}/cbc:StartDate")
    try:
        return date.fromisoformat(written[:10]) if written else None
    except ValueError as error:
        raise InvalidInput("{value} is no day: write it as 2026-05-31.", value=written[:40]) from error


def _response(root: etree._Element) -> OrderResponse:
    """An Order Response. Raises `InvalidInput` where its code and its lines say different things."""
    response = _written_response(root)
    unlike = {LINE_CHANGED, LINE_REFUSED} if response.code == ACCEPTED else set()
    for line in response.lines:
        if line.status in unlike:
            raise InvalidInput(
                "The order is accepted as it is ({code_given}), but line {line} is not.", code="contradiction",
                code_given=response.code, line=line.sku or line.line_id,
            )  # fmt: skip
    return response


def _written_response(root: etree._Element) -> OrderResponse:
    return OrderResponse(
        number=_required(root, "cbc:ID"),
        order=_required(root, "cac:OrderReference/cbc:ID"),
        code=_required(root, "cbc:OrderResponseCode"),
        supplier_reference=_text(root, "cbc:SalesOrderID"),
        note=_text(root, "cbc:Note"),
        promised_on=_day(root, "cac:Delivery/cac:PromisedDeliveryPeriod"),
        lines=tuple(_response_line(line) for line in _nodes(root, "cac:OrderLine")),
    )


def _response_line(line: etree._Element) -> ResponseLine:
    item = "cac:LineItem/cac:Item"
    price = _number(line, "cac:LineItem/cac:Price/cbc:PriceAmount")
    base = _number(line, "cac:LineItem/cac:Price/cbc:BaseQuantity")
    if base == 0:
        raise InvalidInput(
            "Line {line}: a price for {base} units cannot be.", code="bad_base_quantity",
            line=_text(line, "cac:OrderLineReference/cbc:LineID"), base=0,
        )  # fmt: skip
    return ResponseLine(
        line_id=_text(line, "cac:OrderLineReference/cbc:LineID"),
        sku=_text(line, f"{item}/cac:SellersItemIdentification/cbc:ID"),
        gtin=_text(line, f"{item}/cac:StandardItemIdentification/cbc:ID"),
        status=_required(line, "cac:LineItem/cbc:LineStatusCode"),
        quantity=_number(line, "cac:LineItem/cbc:Quantity"),
        back_ordered=_number(line, "cac:LineItem/cbc:MaximumBackorderQuantity"),
        unit_price=price / base if price is not None and base else price,
        promised_on=_day(line, "cac:LineItem/cac:Delivery/cac:PromisedDeliveryPeriod"),
        note=_text(line, "cac:LineItem/cbc:Note"),
        substitute=_text(line, "cac:SellerSubstitutedLineItem/cac:Item/cac:SellersItemIdentification/cbc:ID")
        or _text(line, "cac:SellerSubstitutedLineItem/cac:Item/cbc:Name"),
    )


def _advice(root: etree._Element) -> DespatchMessage:
    units = (_text(unit, "cbc:ID") for unit in root.iter(f"{{{NAMES['cac']}}}TransportHandlingUnit"))
    shipment = "cac:Shipment/cac:"
    return DespatchMessage(
        number=_required(root, "cbc:ID"),
        order=_text(root, "cac:OrderReference/cbc:ID")
        or _required(root, "cac:DespatchLine/cac:OrderLineReference/cac:OrderReference/cbc:ID"),
        expected_on=_day(root, f"{shipment}Delivery/cac:EstimatedDeliveryPeriod"),
        carrier=_text(root, f"{shipment}Consignment/cac:CarrierParty/cac:PartyName/cbc:Name"),
        tracking=_text(root, f"{shipment}Delivery/cbc:TrackingID"),
        sscc=tuple(dict.fromkeys(match[1] for match in map(_SSCC.match, units) if match)),
        lines=tuple(
            AdviceLine(
                line_id=_text(line, "cac:OrderLineReference/cbc:LineID"),
                sku=_text(line, "cac:Item/cac:SellersItemIdentification/cbc:ID"),
                gtin=_text(line, "cac:Item/cac:StandardItemIdentification/cbc:ID"),
                quantity=_number(line, "cbc:DeliveredQuantity") or Decimal(0),
            )
            for line in _nodes(root, "cac:DespatchLine")
        ),
    )
