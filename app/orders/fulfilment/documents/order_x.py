"""Order-X 1.0, profile COMFORT (FNFE-MPE, FeRD): the order to read as PDF/A-3, its data inside as UN/CEFACT CII."""

from lxml import etree

from app.core.i18n import current_locale
from app.core.i18n import gettext as _
from app.edocuments.cii import CURRENCY, EACH, add_charge, add_day, add_rounding, add_tax
from app.edocuments.parties import Party
from app.edocuments.xml import NAMES, add_node, add_text, names_of
from app.orders.fulfilment.documents.order_document import OrderDocument, OrderLine
from app.orders.fulfilment.documents.order_pdf import order_pdf

_SIREN_SCHEME = "0002"  # ISO 6523


def order_x(order: OrderDocument) -> bytes:
    """The Order-X file; its XML is checked against the schema of the standard while it is put in."""
    from facturx import generate_from_binary  # takes long to load

    content: bytes = generate_from_binary(
        order_pdf(order),
        cii_xml(order),
        flavor="order-x",
        level="comfort",
        orderx_type="order",
        check_xsd=True,
        lang=current_locale(),
    )
    return content


def cii_xml(order: OrderDocument) -> bytes:
    """The order as CII."""
    root = etree.Element(f"{{{NAMES['rsm']}}}SCRDMCCBDACIOMessageStructure", nsmap=names_of("rsm", "ram", "udt", "qdt"))
    context = add_node(root, "rsm:ExchangedDocumentContext")
    add_text(add_node(context, "ram:BusinessProcessSpecifiedDocumentContextParameter"), "ram:ID", "A1")
    guideline = add_node(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    add_text(guideline, "ram:ID", "urn:order-x.eu:1p0:comfort")
    document = add_node(root, "rsm:ExchangedDocument")
    add_text(document, "ram:ID", order.number)
    add_text(document, "ram:Name", _("Order"))
    add_text(document, "ram:TypeCode", "220")
    add_day(add_node(document, "ram:IssueDateTime"), order.issued_on)
    add_text(document, "ram:PurposeCode", "9")
    add_text(document, "ram:RequestedResponseTypeCode", "AC")
    add_text(add_node(document, "ram:IncludedNote"), "ram:Content", order.round_name)
    trade = add_node(root, "rsm:SupplyChainTradeTransaction")
    for line in order.lines:
        _line(trade, line)
    agreement = add_node(trade, "ram:ApplicableHeaderTradeAgreement")
    _party(add_node(agreement, "ram:SellerTradeParty"), order.seller)
    _party(add_node(agreement, "ram:BuyerTradeParty"), order.buyer)
    delivery = add_node(trade, "ram:ApplicableHeaderTradeDelivery")
    _party(add_node(delivery, "ram:ShipToTradeParty"), order.deliver_to)
    add_day(
        add_node(add_node(delivery, "ram:RequestedDeliverySupplyChainEvent"), "ram:OccurrenceDateTime"),
        order.deliver_on,
    )
    _settlement(trade, order)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _settlement(trade: etree._Element, order: OrderDocument) -> None:
    settlement = add_node(trade, "ram:ApplicableHeaderTradeSettlement")
    add_text(settlement, "ram:OrderCurrencyCode", CURRENCY)
    for charge in order.charges:
        add_charge(settlement, charge)
    sums = add_node(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    add_text(sums, "ram:LineTotalAmount", f"{order.line_total:f}")
    if order.charges:
        add_text(sums, "ram:ChargeTotalAmount", f"{order.charge_total:f}")
    add_text(sums, "ram:TaxBasisTotalAmount", f"{order.net_total:f}")
    add_text(sums, "ram:TaxTotalAmount", f"{order.vat_total:f}", currencyID=CURRENCY)
    add_text(sums, "ram:GrandTotalAmount", f"{order.total:f}")


def _party(node: etree._Element, party: Party) -> None:
    add_text(node, "ram:Name", party.name)
    if party.siret:
        legal = add_node(node, "ram:SpecifiedLegalOrganization")
        add_text(legal, "ram:ID", party.siren, schemeID=_SIREN_SCHEME)
    address = add_node(node, "ram:PostalTradeAddress")
    add_text(address, "ram:PostcodeCode", party.postal_code)
    add_text(address, "ram:LineOne", party.street)
    add_text(address, "ram:CityName", party.city)
    add_text(address, "ram:CountryID", party.country)
    if party.siret or party.email:
        value, scheme = party.endpoint
        add_text(add_node(node, "ram:URIUniversalCommunication"), "ram:URIID", value, schemeID=scheme)
    if party.vat_number:
        add_text(add_node(node, "ram:SpecifiedTaxRegistration"), "ram:ID", party.vat_number, schemeID="VA")


def _line(trade: etree._Element, line: OrderLine) -> None:
    node = add_node(trade, "ram:IncludedSupplyChainTradeLineItem")
    add_text(add_node(node, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(line.number))
    product = add_node(node, "ram:SpecifiedTradeProduct")
    if line.gtin:
        add_text(product, "ram:GlobalID", line.gtin, schemeID="0160")
    add_text(product, "ram:SellerAssignedID", line.sku)
    add_text(product, "ram:Name", line.name)
    price = add_node(add_node(node, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    add_text(price, "ram:ChargeAmount", f"{line.unit_price:f}")
    add_text(
        add_node(node, "ram:SpecifiedLineTradeDelivery"), "ram:RequestedQuantity", str(line.quantity), unitCode=EACH
    )
    settlement = add_node(node, "ram:SpecifiedLineTradeSettlement")
    add_tax(settlement, "ram:ApplicableTradeTax", line.vat_rate)
    add_rounding(settlement, line.rounding)
    sums = add_node(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    add_text(sums, "ram:LineTotalAmount", f"{line.amount:f}")
