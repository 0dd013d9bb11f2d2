"""Peppol BIS Ordering 3: the Order (transaction T01, UBL 2.1)."""

from decimal import Decimal

from lxml import etree

from app.core.i18n import gettext as _
from app.orders.documents.order_document import ROUNDING, Charge, OrderDocument, OrderLine, Party

ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
CAC = "urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
CBC = "urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"
_NAMES = {"cac": CAC, "cbc": CBC}
CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
_CURRENCY = "EUR"
_EACH = "EA"  # UN/ECE Recommendation 20
_OTHER_DISCOUNT, _OTHER_CHARGE = "95", "ADR"  # UNTDID 5189 and 7161


def order_xml(order: OrderDocument) -> bytes:
    """The Order as UBL 2.1, by Peppol BIS Ordering 3."""
    root = etree.Element(f"{{{ORDER}}}Order", nsmap={None: ORDER, "cac": CAC, "cbc": CBC})
    _text(root, "cbc:CustomizationID", CUSTOMIZATION)
    _text(root, "cbc:ProfileID", PROFILE)
    _text(root, "cbc:ID", order.number)
    _text(root, "cbc:IssueDate", order.issued_on.isoformat())
    _text(root, "cbc:OrderTypeCode", "220")
    _text(root, "cbc:Note", order.round_name)
    _text(root, "cbc:DocumentCurrencyCode", _CURRENCY)
    _text(_node(root, "cac:ValidityPeriod"), "cbc:EndDate", order.deliver_on.isoformat())
    _party(_node(root, "cac:BuyerCustomerParty"), order.buyer)
    _party(_node(root, "cac:SellerSupplierParty"), order.seller)
    _delivery(root, order)
    for charge in order.charges:
        _charge(root, charge)
    _amount(_node(root, "cac:TaxTotal"), "cbc:TaxAmount", order.vat_total)
    totals = _node(root, "cac:AnticipatedMonetaryTotal")
    _amount(totals, "cbc:LineExtensionAmount", order.line_total)
    _amount(totals, "cbc:TaxExclusiveAmount", order.net_total)
    _amount(totals, "cbc:TaxInclusiveAmount", order.total)
    if order.charges:
        _amount(totals, "cbc:ChargeTotalAmount", order.charge_total)
    _amount(totals, "cbc:PayableAmount", order.total)
    for line in order.lines:
        _line(root, line)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _node(parent: etree._Element, name: str) -> etree._Element:
    prefix, local = name.split(":")
    return etree.SubElement(parent, f"{{{_NAMES[prefix]}}}{local}")


def _text(parent: etree._Element, name: str, value: str, **attributes: str) -> None:
    """An element with text; nothing where there is none, as empty elements are forbidden (PEPPOL-COMMON-R001)."""
    if value:
        element = _node(parent, name)
        element.text = value
        for key, given in attributes.items():
            element.set(key, given)


def _amount(parent: etree._Element, name: str, value: Decimal) -> None:
    _text(parent, name, f"{value:f}", currencyID=_CURRENCY)


def _party(role: etree._Element, party: Party) -> None:
    node = _node(role, "cac:Party")
    address, scheme = party.endpoint
    _text(node, "cbc:EndpointID", address, schemeID=scheme)
    if party.siret:
        _text(_node(node, "cac:PartyIdentification"), "cbc:ID", party.siret, schemeID="0009")
    _text(_node(node, "cac:PartyName"), "cbc:Name", party.name)
    _address(_node(node, "cac:PostalAddress"), party)
    if party.vat_number:
        tax = _node(node, "cac:PartyTaxScheme")
        _text(tax, "cbc:CompanyID", party.vat_number)
        _text(_node(tax, "cac:TaxScheme"), "cbc:ID", "VAT")
    legal = _node(node, "cac:PartyLegalEntity")
    _text(legal, "cbc:RegistrationName", party.name)
    if party.siret:
        _text(legal, "cbc:CompanyID", party.siret, schemeID="0009")
    if party.email:
        _text(_node(node, "cac:Contact"), "cbc:ElectronicMail", party.email)


def _address(node: etree._Element, party: Party) -> None:
    _text(node, "cbc:StreetName", party.street)
    _text(node, "cbc:CityName", party.city)
    _text(node, "cbc:PostalZone", party.postal_code)
    _text(_node(node, "cac:Country"), "cbc:IdentificationCode", party.country)


def _delivery(root: etree._Element, order: OrderDocument) -> None:
    delivery = _node(root, "cac:Delivery")
    location = _node(delivery, "cac:DeliveryLocation")
    _address(_node(location, "cac:Address"), order.deliver_to)
    period = _node(delivery, "cac:RequestedDeliveryPeriod")
    _text(period, "cbc:StartDate", order.deliver_on.isoformat())
    _text(period, "cbc:EndDate", order.deliver_on.isoformat())
    party = _node(delivery, "cac:DeliveryParty")
    _text(_node(party, "cac:PartyName"), "cbc:Name", order.deliver_to.name)


def _tax_category(parent: etree._Element, name: str, rate: Decimal) -> None:
    category = _node(parent, name)
    _text(category, "cbc:ID", "S" if rate else "Z")
    _text(category, "cbc:Percent", f"{rate.normalize():f}")
    _text(_node(category, "cac:TaxScheme"), "cbc:ID", "VAT")


def _charge(root: etree._Element, charge: Charge) -> None:
    node = _node(root, "cac:AllowanceCharge")
    _text(node, "cbc:ChargeIndicator", "true")
    _text(node, "cbc:AllowanceChargeReasonCode", charge.code)
    _text(node, "cbc:AllowanceChargeReason", _(charge.words))
    _amount(node, "cbc:Amount", charge.amount)
    _tax_category(node, "cac:TaxCategory", charge.vat_rate)


def _line(root: etree._Element, line: OrderLine) -> None:
    item_line = _node(_node(root, "cac:OrderLine"), "cac:LineItem")
    _text(item_line, "cbc:ID", str(line.number))
    _text(item_line, "cbc:Quantity", str(line.quantity), unitCode=_EACH)
    _amount(item_line, "cbc:LineExtensionAmount", line.amount)
    if line.rounding:
        rounding = _node(item_line, "cac:AllowanceCharge")
        charged = line.rounding > 0
        _text(rounding, "cbc:ChargeIndicator", "true" if charged else "false")
        _text(rounding, "cbc:AllowanceChargeReasonCode", _OTHER_CHARGE if charged else _OTHER_DISCOUNT)
        _text(rounding, "cbc:AllowanceChargeReason", _(ROUNDING))
        _amount(rounding, "cbc:Amount", abs(line.rounding))
    price = _node(item_line, "cac:Price")
    _amount(price, "cbc:PriceAmount", line.unit_price)
    item = _node(item_line, "cac:Item")
    _text(item, "cbc:Name", line.name)
    _text(_node(item, "cac:SellersItemIdentification"), "cbc:ID", line.sku)
    if line.gtin:
        _text(_node(item, "cac:StandardItemIdentification"), "cbc:ID", line.gtin, schemeID="0160")
    _tax_category(item, "cac:ClassifiedTaxCategory", line.vat_rate)
