"""Peppol BIS Ordering 3: the Order (transaction T01, UBL 2.1)."""

from lxml import etree

from app.edocuments.parties import SIRET_SCHEME, Party
from app.edocuments.ubl import (
    CURRENCY,
    EACH,
    PROFILE,
    add_address,
    add_amount,
    add_charge,
    add_contact,
    add_endpoint,
    add_identification,
    add_rounding,
    add_tax_category,
)
from app.edocuments.xml import add_node, add_text, as_xml, names_of
from app.orders.fulfilment.documents.order_document import OrderDocument, OrderLine

ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"


def order_xml(order: OrderDocument) -> bytes:
    """The Order as UBL 2.1, by Peppol BIS Ordering 3."""
    root = etree.Element(f"{{{ORDER}}}Order", nsmap={None: ORDER} | names_of("cac", "cbc"))
    add_text(root, "cbc:CustomizationID", CUSTOMIZATION)
    add_text(root, "cbc:ProfileID", PROFILE)
    add_text(root, "cbc:ID", order.number)
    add_text(root, "cbc:IssueDate", order.issued_on.isoformat())
    add_text(root, "cbc:OrderTypeCode", "220")
    add_text(root, "cbc:Note", order.round_name)
    add_text(root, "cbc:DocumentCurrencyCode", CURRENCY)
    add_text(add_node(root, "cac:ValidityPeriod"), "cbc:EndDate", order.deliver_on.isoformat())
    _party(add_node(root, "cac:BuyerCustomerParty"), order.buyer)
    _party(add_node(root, "cac:SellerSupplierParty"), order.seller)
    _delivery(root, order)
    for charge in order.charges:
        add_charge(root, charge)
    add_amount(add_node(root, "cac:TaxTotal"), "cbc:TaxAmount", order.vat_total)
    totals = add_node(root, "cac:AnticipatedMonetaryTotal")
    add_amount(totals, "cbc:LineExtensionAmount", order.line_total)
    add_amount(totals, "cbc:TaxExclusiveAmount", order.net_total)
    add_amount(totals, "cbc:TaxInclusiveAmount", order.total)
    if order.charges:
        add_amount(totals, "cbc:ChargeTotalAmount", order.charge_total)
    add_amount(totals, "cbc:PayableAmount", order.total)
    for line in order.lines:
        _line(root, line)
    return as_xml(root)


def _party(role: etree._Element, party: Party) -> None:
    node = add_node(role, "cac:Party")
    add_endpoint(node, party)
    add_identification(node, party)
    add_text(add_node(node, "cac:PartyName"), "cbc:Name", party.name)
    add_address(add_node(node, "cac:PostalAddress"), party)
    if party.vat_number:
        tax = add_node(node, "cac:PartyTaxScheme")
        add_text(tax, "cbc:CompanyID", party.vat_number)
        add_text(add_node(tax, "cac:TaxScheme"), "cbc:ID", "VAT")
    legal = add_node(node, "cac:PartyLegalEntity")
    add_text(legal, "cbc:RegistrationName", party.name)
    if party.siret:
        add_text(legal, "cbc:CompanyID", party.siret, schemeID=SIRET_SCHEME)
    add_contact(node, party)


def _delivery(root: etree._Element, order: OrderDocument) -> None:
    delivery = add_node(root, "cac:Delivery")
    location = add_node(delivery, "cac:DeliveryLocation")
    add_address(add_node(location, "cac:Address"), order.deliver_to)
    period = add_node(delivery, "cac:RequestedDeliveryPeriod")
    add_text(period, "cbc:StartDate", order.deliver_on.isoformat())
    add_text(period, "cbc:EndDate", order.deliver_on.isoformat())
    party = add_node(delivery, "cac:DeliveryParty")
    add_text(add_node(party, "cac:PartyName"), "cbc:Name", order.deliver_to.name)


def _line(root: etree._Element, line: OrderLine) -> None:
    item_line = add_node(add_node(root, "cac:OrderLine"), "cac:LineItem")
    add_text(item_line, "cbc:ID", str(line.number))
    add_text(item_line, "cbc:Quantity", str(line.quantity), unitCode=EACH)
    add_amount(item_line, "cbc:LineExtensionAmount", line.amount)
    add_rounding(item_line, line.rounding)
    price = add_node(item_line, "cac:Price")
    add_amount(price, "cbc:PriceAmount", line.unit_price)
    item = add_node(item_line, "cac:Item")
    add_article(item, line)
    add_tax_category(item, "cac:ClassifiedTaxCategory", line.vat_rate)


def add_article(item: etree._Element, line: OrderLine) -> None:
    """What an article is called, by its seller and by GS1."""
    add_text(item, "cbc:Name", line.name)
    add_text(add_node(item, "cac:SellersItemIdentification"), "cbc:ID", line.sku)
    if line.gtin:
        add_text(add_node(item, "cac:StandardItemIdentification"), "cbc:ID", line.gtin, schemeID="0160")
