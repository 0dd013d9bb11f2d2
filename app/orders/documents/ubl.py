"""Peppol BIS Ordering 3: the Order (transaction T01, UBL 2.1)."""

from decimal import Decimal

from lxml import etree

from app.core.i18n import gettext as _
from app.orders.documents.cii_parts import ROUNDING
from app.orders.documents.order_document import OrderDocument, OrderLine
from app.orders.documents.parties import SIRET_SCHEME, Party
from app.orders.documents.totals import Charge
from app.orders.documents.xml_nodes import add_node, add_text, as_xml, names_of

ORDER = "urn:oasis:names:specification:ubl:schema:xsd:Order-2"
CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:order:3"
PROFILE = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
CURRENCY = "EUR"
EACH = "EA"  # UN/ECE Recommendation 20
_OTHER_DISCOUNT, _OTHER_CHARGE = "95", "ADR"  # UNTDID 5189 and 7161


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


def add_amount(parent: etree._Element, name: str, value: Decimal) -> None:
    """An amount in euros."""
    add_text(parent, name, f"{value:f}", currencyID=CURRENCY)


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


def add_endpoint(node: etree._Element, party: Party) -> None:
    """The electronic address of a party."""
    address, scheme = party.endpoint
    add_text(node, "cbc:EndpointID", address, schemeID=scheme)


def add_identification(node: etree._Element, party: Party) -> None:
    """The SIRET of a party, where it has one."""
    if party.siret:
        add_text(add_node(node, "cac:PartyIdentification"), "cbc:ID", party.siret, schemeID=SIRET_SCHEME)


def add_contact(node: etree._Element, party: Party) -> None:
    """The mail address of a party, where it has one."""
    if party.email:
        add_text(add_node(node, "cac:Contact"), "cbc:ElectronicMail", party.email)


def add_address(node: etree._Element, party: Party) -> None:
    """Where a party is, into its address node."""
    add_text(node, "cbc:StreetName", party.street)
    add_text(node, "cbc:CityName", party.city)
    add_text(node, "cbc:PostalZone", party.postal_code)
    add_text(add_node(node, "cac:Country"), "cbc:IdentificationCode", party.country)


def _delivery(root: etree._Element, order: OrderDocument) -> None:
    delivery = add_node(root, "cac:Delivery")
    location = add_node(delivery, "cac:DeliveryLocation")
    add_address(add_node(location, "cac:Address"), order.deliver_to)
    period = add_node(delivery, "cac:RequestedDeliveryPeriod")
    add_text(period, "cbc:StartDate", order.deliver_on.isoformat())
    add_text(period, "cbc:EndDate", order.deliver_on.isoformat())
    party = add_node(delivery, "cac:DeliveryParty")
    add_text(add_node(party, "cac:PartyName"), "cbc:Name", order.deliver_to.name)


def add_tax_category(parent: etree._Element, name: str, rate: Decimal) -> None:
    """The VAT category of a rate in percent (UNTDID 5305)."""
    category = add_node(parent, name)
    add_text(category, "cbc:ID", "S" if rate else "Z")
    add_text(category, "cbc:Percent", f"{rate.normalize():f}")
    add_text(add_node(category, "cac:TaxScheme"), "cbc:ID", "VAT")


def add_charge(root: etree._Element, charge: Charge) -> None:
    """Something charged on the whole document."""
    node = add_node(root, "cac:AllowanceCharge")
    add_text(node, "cbc:ChargeIndicator", "true")
    add_text(node, "cbc:AllowanceChargeReasonCode", charge.code)
    add_text(node, "cbc:AllowanceChargeReason", _(charge.words))
    add_amount(node, "cbc:Amount", charge.amount)
    add_tax_category(node, "cac:TaxCategory", charge.vat_rate)


def add_rounding(line: etree._Element, rounding: Decimal) -> None:
    """What a line's amount is more (or less) than quantity times price, as its charge (or allowance)."""
    if not rounding:
        return
    node = add_node(line, "cac:AllowanceCharge")
    charged = rounding > 0
    add_text(node, "cbc:ChargeIndicator", "true" if charged else "false")
    add_text(node, "cbc:AllowanceChargeReasonCode", _OTHER_CHARGE if charged else _OTHER_DISCOUNT)
    add_text(node, "cbc:AllowanceChargeReason", _(ROUNDING))
    add_amount(node, "cbc:Amount", abs(rounding))


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
