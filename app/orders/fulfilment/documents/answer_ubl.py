"""Peppol: the Order Response (transaction T76) and the Despatch Advice (T16), UBL 2.1."""

from datetime import date

from lxml import etree

from app.edocuments.parties import Party
from app.edocuments.ubl import (
    CURRENCY,
    EACH,
    PROFILE,
    add_address,
    add_contact,
    add_endpoint,
    add_identification,
)
from app.edocuments.xml import add_node, add_text, as_xml, names_of
from app.orders.fulfilment.documents.answer_documents import (
    AnswerDocument,
    AnsweredLine,
    DespatchDocument,
    LineStatus,
    ResponseCode,
)
from app.orders.fulfilment.documents.order_document import OrderLine
from app.orders.fulfilment.documents.order_ubl import add_article

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
_RESPONSE = "urn:fdc:peppol.eu:poacc:trns:order_response:3"
_DESPATCH = "urn:fdc:peppol.eu:poacc:trns:despatch_advice:3"
_DESPATCH_PROFILE = "urn:fdc:peppol.eu:poacc:bis:despatch_advice:3"
_NOT_NUMBERED = "NA"


def response_xml(answer: AnswerDocument) -> bytes:
    """The Order Response as UBL 2.1, by Peppol BIS Ordering 3: lines only where the order is accepted in part."""
    number = f"{answer.order.number}-R"
    root = _root("OrderResponse", _RESPONSE, PROFILE, number, answer.answered_on, answer.supplier_reference)
    add_text(root, "cbc:OrderResponseCode", answer.code)
    add_text(root, "cbc:DocumentCurrencyCode", CURRENCY)
    add_text(add_node(root, "cac:OrderReference"), "cbc:ID", answer.order.number)
    _answering_party(add_node(root, "cac:SellerSupplierParty"), answer.order.seller)
    _answering_party(add_node(root, "cac:BuyerCustomerParty"), answer.order.buyer)
    if answer.code is ResponseCode.CONDITIONAL:
        for line in answer.lines:
            _answered_line(root, line)
    return as_xml(root)


def despatch_xml(despatch: DespatchDocument) -> bytes:
    """The Despatch Advice as UBL 2.1, by Peppol BIS Despatch Advice 3."""
    order = despatch.order
    root = _root("DespatchAdvice", _DESPATCH, _DESPATCH_PROFILE, despatch.number, despatch.advised_on)
    add_text(add_node(root, "cac:OrderReference"), "cbc:ID", order.number)
    _moving_party(add_node(root, "cac:DespatchSupplierParty"), order.seller, order.seller)
    _moving_party(add_node(root, "cac:DeliveryCustomerParty"), order.buyer, order.deliver_to)
    for role, party in (("cac:BuyerCustomerParty", order.buyer), ("cac:SellerSupplierParty", order.seller)):
        _named_party(add_node(root, role), party)
    _shipment(root, despatch)
    for at, (line, units) in enumerate(despatch.lines):
        _despatch_line(root, order.number, line, units, despatch.sscc if at == 0 else ())
    return as_xml(root)


def _root(
    name: str, customization: str, profile: str, number: str, issued_on: date, sales_order: str = ""
) -> etree._Element:
    schema = f"{_SCHEMA}{name}-2"
    root = etree.Element(f"{{{schema}}}{name}", nsmap={None: schema} | names_of("cac", "cbc"))
    add_text(root, "cbc:CustomizationID", customization)
    add_text(root, "cbc:ProfileID", profile)
    add_text(root, "cbc:ID", number)
    add_text(root, "cbc:SalesOrderID", sales_order)
    add_text(root, "cbc:IssueDate", issued_on.isoformat())
    return root


def _answering_party(role: etree._Element, party: Party) -> None:
    node = add_node(role, "cac:Party")
    add_endpoint(node, party)
    add_identification(node, party)
    add_text(add_node(node, "cac:PartyLegalEntity"), "cbc:RegistrationName", party.name)


def _moving_party(role: etree._Element, party: Party, place: Party) -> None:
    node = add_node(role, "cac:Party")
    add_endpoint(node, party)
    add_identification(node, party)
    add_address(add_node(node, "cac:PostalAddress"), place)
    add_text(add_node(node, "cac:PartyLegalEntity"), "cbc:RegistrationName", place.name)
    add_contact(node, party)


def _named_party(role: etree._Element, party: Party) -> None:
    node = add_node(role, "cac:Party")
    add_identification(node, party)
    add_text(add_node(node, "cac:PartyName"), "cbc:Name", party.name)
    add_address(add_node(node, "cac:PostalAddress"), party)


def _answered_line(root: etree._Element, answered: AnsweredLine) -> None:
    order_line = add_node(root, "cac:OrderLine")
    node = add_node(order_line, "cac:LineItem")
    add_text(node, "cbc:ID", str(answered.line.number))
    add_text(node, "cbc:Note", answered.reason)
    add_text(node, "cbc:LineStatusCode", answered.status)
    if answered.status is LineStatus.CHANGED:
        add_text(node, "cbc:Quantity", str(answered.now), unitCode=EACH)
        if answered.later:
            add_text(node, "cbc:MaximumBackorderQuantity", str(answered.later))
        if answered.promised_on:
            period = add_node(add_node(node, "cac:Delivery"), "cac:PromisedDeliveryPeriod")
            add_text(period, "cbc:StartDate", answered.promised_on.isoformat())
            add_text(period, "cbc:EndDate", answered.promised_on.isoformat())
        add_text(add_node(node, "cac:Price"), "cbc:PriceAmount", f"{answered.unit_price:f}", currencyID=CURRENCY)
    add_article(add_node(node, "cac:Item"), answered.line)
    add_text(add_node(order_line, "cac:OrderLineReference"), "cbc:LineID", str(answered.line.number))


def _shipment(root: etree._Element, despatch: DespatchDocument) -> None:
    shipment = add_node(root, "cac:Shipment")
    add_text(shipment, "cbc:ID", "1")
    if despatch.sscc:
        add_text(shipment, "cbc:TotalTransportHandlingUnitQuantity", str(len(despatch.sscc)))
    if despatch.carrier:
        consignment = add_node(shipment, "cac:Consignment")
        add_text(consignment, "cbc:ID", _NOT_NUMBERED)
        carrier = add_node(consignment, "cac:CarrierParty")
        add_text(add_node(carrier, "cac:PartyName"), "cbc:Name", despatch.carrier)
    delivery = add_node(shipment, "cac:Delivery")
    add_text(delivery, "cbc:TrackingID", despatch.tracking)
    period = add_node(delivery, "cac:EstimatedDeliveryPeriod")
    add_text(period, "cbc:StartDate", despatch.expected_on.isoformat())
    add_text(period, "cbc:EndDate", despatch.expected_on.isoformat())


def _despatch_line(
    root: etree._Element, order: str, line: OrderLine, units: int, handling_units: tuple[str, ...]
) -> None:
    """A line; the handling units of the whole despatch hang on the first, as they are not told apart by article."""
    node = add_node(root, "cac:DespatchLine")
    add_text(node, "cbc:ID", str(line.number))
    add_text(node, "cbc:DeliveredQuantity", str(units), unitCode=EACH)
    reference = add_node(node, "cac:OrderLineReference")
    add_text(reference, "cbc:LineID", str(line.number))
    add_text(add_node(reference, "cac:OrderReference"), "cbc:ID", order)
    add_article(add_node(node, "cac:Item"), line)
    if handling_units:
        shipment = add_node(node, "cac:Shipment")
        add_text(shipment, "cbc:ID", _NOT_NUMBERED)
        for sscc in handling_units:
            add_text(add_node(shipment, "cac:TransportHandlingUnit"), "cbc:ID", sscc)
