"""The data of an invoice as UN/CEFACT CII, Factur-X 1.0 in its EN 16931 profile, with the mentions French law asks for.

Notes carry the subject codes of the French reform (PMT: recovery fee, PMD: penalties, AAB: discount; UNTDID 4451).
"""

from lxml import etree

from app.billing.invoicing.invoice import Invoice, InvoiceKind, InvoiceLine
from app.core.i18n import format_day, speaking
from app.core.i18n import gettext as _
from app.edocuments.cii import CURRENCY, DAY_FORMAT, EACH, add_charge, add_day, add_rounding, add_tax, vat_category
from app.edocuments.parties import Party
from app.edocuments.xml import add_node, add_text, as_xml

_SIREN = "0002"  # ISO 6523
_INVOICE, _CREDIT_NOTE = "380", "381"  # UNTDID 1001
_TRANSFER, _NOT_DEFINED = "30", "1"  # UNTDID 4461
_NAMES: dict[str | None, str] = {
    "rsm": "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100",
    "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    "qdt": "urn:un:unece:uncefact:data:standard:QualifiedDataType:100",
}


def notes_of(invoice: Invoice) -> list[tuple[str, str]]:
    """The mentions of an invoice with their subject codes: Code de commerce L441-9, L441-10 and D441-5, CGI 289."""
    notes = [
        ("PMT", _("A recovery fee of 40 EUR is due for late payment (Code de commerce, art. D441-5).")),
        ("PMD", _("Late payment bears the rate of the European Central Bank plus 10 points, without a reminder.")),
        ("AAB", _("No discount for early payment.")),
    ]
    if invoice.mandate:
        words = _("Issued by {name} in the name and on behalf of {seller} (mandate, CGI art. 289 I-2).")
        notes.append(("REG", words.format(name=invoice.mandate, seller=invoice.seller.name)))
    if invoice.corrects:
        number, day = invoice.corrects
        words = _("Credit note on invoice {number} of {day}. {reason}")
        notes.append(("AAI", words.format(number=number, day=format_day(day), reason=invoice.reason).strip()))
    return notes


def cii_xml(invoice: Invoice) -> bytes:
    """The XML of an invoice, its words in French."""
    with speaking("fr"):
        return _xml(invoice)


def _xml(invoice: Invoice) -> bytes:
    root = etree.Element(f"{{{_NAMES['rsm']}}}CrossIndustryInvoice", nsmap=dict(_NAMES))
    context = add_node(root, "rsm:ExchangedDocumentContext")
    add_text(add_node(context, "ram:BusinessProcessSpecifiedDocumentContextParameter"), "ram:ID", "B1")
    guideline = add_node(context, "ram:GuidelineSpecifiedDocumentContextParameter")
    add_text(guideline, "ram:ID", "urn:cen.eu:en16931:2017")
    document = add_node(root, "rsm:ExchangedDocument")
    add_text(document, "ram:ID", invoice.number)
    add_text(document, "ram:TypeCode", _CREDIT_NOTE if invoice.kind is InvoiceKind.CREDIT_NOTE else _INVOICE)
    add_day(add_node(document, "ram:IssueDateTime"), invoice.issued_on)
    for code, words in notes_of(invoice):
        note = add_node(document, "ram:IncludedNote")
        add_text(note, "ram:Content", words)
        add_text(note, "ram:SubjectCode", code)
    trade = add_node(root, "rsm:SupplyChainTradeTransaction")
    for number, line in enumerate(invoice.lines, start=1):
        _line(trade, number, line)
    agreement = add_node(trade, "ram:ApplicableHeaderTradeAgreement")
    _party(add_node(agreement, "ram:SellerTradeParty"), invoice.seller)
    _party(add_node(agreement, "ram:BuyerTradeParty"), invoice.buyer)
    if invoice.references:
        order = add_node(agreement, "ram:BuyerOrderReferencedDocument")
        add_text(order, "ram:IssuerAssignedID", invoice.references[0])
    delivery = add_node(trade, "ram:ApplicableHeaderTradeDelivery")
    event = add_node(delivery, "ram:ActualDeliverySupplyChainEvent")
    add_day(add_node(event, "ram:OccurrenceDateTime"), invoice.delivered_on or invoice.issued_on)
    _settlement(trade, invoice)
    return as_xml(root)


def _settlement(trade: etree._Element, invoice: Invoice) -> None:
    settlement = add_node(trade, "ram:ApplicableHeaderTradeSettlement")
    add_text(settlement, "ram:InvoiceCurrencyCode", CURRENCY)
    means = add_node(settlement, "ram:SpecifiedTradeSettlementPaymentMeans")
    add_text(means, "ram:TypeCode", _TRANSFER if invoice.iban else _NOT_DEFINED)
    if invoice.iban:
        add_text(add_node(means, "ram:PayeePartyCreditorFinancialAccount"), "ram:IBANID", invoice.iban)
    for rate, (taxed, vat) in invoice.vat.items():
        tax = add_node(settlement, "ram:ApplicableTradeTax")
        add_text(tax, "ram:CalculatedAmount", f"{vat:f}")
        add_text(tax, "ram:TypeCode", "VAT")
        add_text(tax, "ram:BasisAmount", f"{taxed:f}")
        add_text(tax, "ram:CategoryCode", vat_category(rate))
        add_text(tax, "ram:RateApplicablePercent", f"{rate:.2f}")
    for charge in invoice.charges:
        add_charge(settlement, charge)
    terms = add_node(settlement, "ram:SpecifiedTradePaymentTerms")
    add_day(add_node(terms, "ram:DueDateDateTime"), invoice.due_on)
    sums = add_node(settlement, "ram:SpecifiedTradeSettlementHeaderMonetarySummation")
    add_text(sums, "ram:LineTotalAmount", f"{invoice.line_total:f}")
    if invoice.charges:
        add_text(sums, "ram:ChargeTotalAmount", f"{invoice.charge_total:f}")
    add_text(sums, "ram:TaxBasisTotalAmount", f"{invoice.net_total:f}")
    add_text(sums, "ram:TaxTotalAmount", f"{invoice.vat_total:f}", currencyID=CURRENCY)
    add_text(sums, "ram:GrandTotalAmount", f"{invoice.total:f}")
    add_text(sums, "ram:DuePayableAmount", f"{invoice.total:f}")
    if invoice.corrects:
        before = add_node(settlement, "ram:InvoiceReferencedDocument")
        add_text(before, "ram:IssuerAssignedID", invoice.corrects[0])
        stamp = add_node(before, "ram:FormattedIssueDateTime")
        add_text(stamp, "qdt:DateTimeString", f"{invoice.corrects[1]:%Y%m%d}", format=DAY_FORMAT)


def _party(node: etree._Element, party: Party) -> None:
    add_text(node, "ram:Name", party.name)
    if party.siren:
        legal = add_node(node, "ram:SpecifiedLegalOrganization")
        add_text(legal, "ram:ID", party.siren, schemeID=_SIREN)
    address = add_node(node, "ram:PostalTradeAddress")
    add_text(address, "ram:PostcodeCode", party.postal_code)
    add_text(address, "ram:LineOne", party.street)
    add_text(address, "ram:CityName", party.city)
    add_text(address, "ram:CountryID", party.country)
    if party.siren:
        uri = add_node(node, "ram:URIUniversalCommunication")
        add_text(uri, "ram:URIID", party.siren, schemeID="0225")  # the directory of the French reform
    if party.vat_number:
        add_text(add_node(node, "ram:SpecifiedTaxRegistration"), "ram:ID", party.vat_number, schemeID="VA")


def _line(trade: etree._Element, number: int, line: InvoiceLine) -> None:
    node = add_node(trade, "ram:IncludedSupplyChainTradeLineItem")
    add_text(add_node(node, "ram:AssociatedDocumentLineDocument"), "ram:LineID", str(number))
    product = add_node(node, "ram:SpecifiedTradeProduct")
    add_text(product, "ram:SellerAssignedID", line.sku)
    add_text(product, "ram:Name", line.name)
    price = add_node(add_node(node, "ram:SpecifiedLineTradeAgreement"), "ram:NetPriceProductTradePrice")
    add_text(price, "ram:ChargeAmount", f"{line.unit_price:f}")
    add_text(add_node(node, "ram:SpecifiedLineTradeDelivery"), "ram:BilledQuantity", str(line.quantity), unitCode=EACH)
    settlement = add_node(node, "ram:SpecifiedLineTradeSettlement")
    add_tax(settlement, "ram:ApplicableTradeTax", line.vat_rate)
    add_rounding(settlement, line.rounding)
    sums = add_node(settlement, "ram:SpecifiedTradeSettlementLineMonetarySummation")
    add_text(sums, "ram:LineTotalAmount", f"{line.amount:f}")
