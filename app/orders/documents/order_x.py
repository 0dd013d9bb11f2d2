"""Order-X 1.0, profile COMFORT (FNFE-MPE, FeRD): the order to read as PDF/A-3, its data inside as UN/CEFACT CII."""

from datetime import date
from decimal import Decimal

from facturx import generate_from_binary
from lxml import etree

from app.core.i18n import current_locale
from app.core.i18n import gettext as _
from app.orders.documents.order_document import ROUNDING, Charge, OrderDocument, OrderLine, Party
from app.orders.documents.pdf import order_pdf

_RSM = "urn:un:unece:uncefact:data:SCRDMCCBDACIOMessageStructure:100"
_RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:128"
_UDT = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:128"
_QDT = "urn:un:unece:uncefact:data:standard:QualifiedDataType:128"
_NAMES = {"rsm": _RSM, "ram": _RAM, "udt": _UDT, "qdt": _QDT}
_EACH, _CURRENCY, _DAY_FORMAT = "C62", "EUR", "102"  # UN/ECE Rec. 20, ISO 4217, UNTDID 2379
_SIREN_SCHEME = "0002"  # ISO 6523
_OTHER_DISCOUNT, _OTHER_CHARGE = "95", "ADR"  # UNTDID 5189 and 7161


def order_x(order: OrderDocument) -> bytes:
    """The Order-X file; its XML is checked against the schema of the standard while it is put in."""
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
    root = etree.Element(f"{{{_RSM}}}SCRDMCCBDACIOMessageStructure", nsmap=_NAMES)
    context = _node(root, "rsm:ExchangedDocumentContext")
    _text(_node(context, "ram:BusinessProcessSpecifiedDocumentContextParameter"), "ram:ID", "A1")
    guideline = _node(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    _text(guideline, "ram:ID", "urn:order-x.eu:1p0:comfort")
    document = _node(root, "rsm:ExchangedDocument")
    _text(document, "ram:ID", order.number)
    _text(document, "ram:Name", _("Order"))
    _text(document, "ram:TypeCode", "220")
    _day(_node(document, "ram:IssueDateTime"), order.issued_on)
    _text(document, "ram:PurposeCode", "9")
    _text(document, "ram:RequestedResponseTypeCode", "AC")
    _text(_node(document, "ram:IncludedNote"), "ram:Content", order.round_name)
    trade = _node(root, "rsm:SupplyChainTradeTransaction")
    for line in order.lines:
        _line(trade, line)
    agreement = _node(trade, "ram:ApplicableHeaderTradeAgreement")
    _party(_node(agreement, "ram:SellerTradeParty"), order.seller)
    _party(_node(agreement, "ram:BuyerTradeParty"), order.buyer)
    delivery = _node(trade, "ram:ApplicableHeaderTradeDelivery")
    _party(_node(delivery, "ram:ShipToTradeParty"), order.deliver_to)
    _day(_node(_node(delivery, "ram:RequestedDeliverySupplyChainEvent"), "ram:OccurrenceDateTime"), order.deliver_on)
    _settlement(trade, order)
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _settlement(trade: etree._Element, order: OrderDocument) -> None:
    settlement = _node(trade, "ram:ApplicableHeaderTradeSettlement")
    _text(settlement, "ram:OrderCurrencyCode", _CURRENCY)
    for charge in order.charges:
        _charge(settlement, charge)
    sums = _node(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    _text(sums, "ram:LineTotalAmount", f"{order.line_total:f}")
    if order.charges:
        _text(sums, "ram:ChargeTotalAmount", f"{order.charge_total:f}")
    _text(sums, "ram:TaxBasisTotalAmount", f"{order.net_total:f}")
    _text(sums, "ram:TaxTotalAmount", f"{order.vat_total:f}", currencyID=_CURRENCY)
    _text(sums, "ram:GrandTotalAmount", f"{order.total:f}")


def _node(parent: etree._Element, name: str) -> etree._Element:
    prefix, local = name.split(":")
    return etree.SubElement(parent, f"{{{_NAMES[prefix]}}}{local}")


def _text(parent: etree._Element, name: str, value: str, **attributes: str) -> None:
    if value:
        element = _node(parent, name)
        element.text = value
        for key, given in attributes.items():
            element.set(key, given)


def _day(parent: etree._Element, day: date) -> None:
    _text(parent, "udt:DateTimeString", f"{day:%Y%m%d}", format=_DAY_FORMAT)


def _party(node: etree._Element, party: Party) -> None:
    _text(node, "ram:Name", party.name)
    if party.siret:
        legal = _node(node, "ram:SpecifiedLegalOrganization")
        _text(legal, "ram:ID", party.siret[:9], schemeID=_SIREN_SCHEME)
    address = _node(node, "ram:PostalTradeAddress")
    _text(address, "ram:PostcodeCode", party.postal_code)
    _text(address, "ram:LineOne", party.street)
    _text(address, "ram:CityName", party.city)
    _text(address, "ram:CountryID", party.country)
    if party.siret or party.email:
        value, scheme = party.endpoint
        _text(_node(node, "ram:URIUniversalCommunication"), "ram:URIID", value, schemeID=scheme)
    if party.vat_number:
        _text(_node(node, "ram:SpecifiedTaxRegistration"), "ram:ID", party.vat_number, schemeID="VA")


def _tax(parent: etree._Element, name: str, rate: Decimal) -> None:
    tax = _node(parent, name)
    _text(tax, "ram:TypeCode", "VAT")
    _text(tax, "ram:CategoryCode", "S" if rate else "Z")
    _text(tax, "ram:RateApplicablePercent", f"{rate:.2f}")


def _charge(settlement: etree._Element, charge: Charge) -> None:
    node = _node(settlement, "ram:SpecifiedTradeAllowanceCharge")
    _text(_node(node, "ram:ChargeIndicator"), "udt:Indicator", "true")
    _text(node, "ram:ActualAmount", f"{charge.amount:f}")
    _text(node, "ram:ReasonCode", charge.code)
    _text(node, "ram:Reason", _(charge.words))
    _tax(node, "ram:CategoryTradeTax", charge.vat_rate)


def _line(trade: etree._Element, line: OrderLine) -> None:
    node = _node(trade, "ram:IncludedSupplyChainTradeLineItem")
    _text(_node(node, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(line.number))
    product = _node(node, "ram:SpecifiedTradeProduct")
    if line.gtin:
        _text(product, "ram:GlobalID", line.gtin, schemeID="0160")
    _text(product, "ram:SellerAssignedID", line.sku)
    _text(product, "ram:Name", line.name)
    price = _node(_node(node, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    _text(price, "ram:ChargeAmount", f"{line.unit_price:f}")
    _text(_node(node, "ram:SpecifiedLineTradeDelivery"), "ram:RequestedQuantity", str(line.quantity), unitCode=_EACH)
    settlement = _node(node, "ram:SpecifiedLineTradeSettlement")
    _tax(settlement, "ram:ApplicableTradeTax", line.vat_rate)
    if line.rounding:
        charged = line.rounding > 0
        rounding = _node(settlement, "ram:SpecifiedTradeAllowanceCharge")
        _text(_node(rounding, "ram:ChargeIndicator"), "udt:Indicator", "true" if charged else "false")
        _text(rounding, "ram:ActualAmount", f"{abs(line.rounding):f}")
        _text(rounding, "ram:ReasonCode", _OTHER_CHARGE if charged else _OTHER_DISCOUNT)
        _text(rounding, "ram:Reason", _(ROUNDING))
    sums = _node(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    _text(sums, "ram:LineTotalAmount", f"{line.amount:f}")
