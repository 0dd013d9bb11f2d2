"""An invoice or credit note as UBL 2.1 by Peppol BIS Billing 3 (and so EN 16931), for networks that carry it.

Parties are addressed by their SIREN (scheme 0225, the directory of the French reform).
"""

from lxml import etree

from app.billing.invoicing.invoice import Invoice, InvoiceKind, InvoiceLine
from app.billing.invoicing.invoice_cii import notes_of
from app.core.i18n import speaking
from app.edocuments.parties import Party
from app.edocuments.ubl import CURRENCY, EACH, add_address, add_amount, add_charge, add_rounding, add_tax_category
from app.edocuments.xml import add_node, add_text, as_xml, names_of

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
CUSTOMIZATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
DIRECTORY_SCHEME, SIREN_SCHEME = "0225", "0002"  # EAS and ISO 6523
_TRANSFER, _NOT_DEFINED = "30", "1"  # UNTDID 4461


def ubl_xml(invoice: Invoice) -> bytes:
    """The document, its words in French."""
    with speaking("fr"):
        return _document(invoice)


def _document(invoice: Invoice) -> bytes:
    is_credit = invoice.kind is InvoiceKind.CREDIT_NOTE
    name = "CreditNote" if is_credit else "Invoice"
    schema = f"{_SCHEMA}{name}-2"
    root = etree.Element(f"{{{schema}}}{name}", nsmap={None: schema} | names_of("cac", "cbc"))
    add_text(root, "cbc:CustomizationID", CUSTOMIZATION)
    add_text(root, "cbc:ProfileID", PROFILE)
    add_text(root, "cbc:ID", invoice.number)
    add_text(root, "cbc:IssueDate", invoice.issued_on.isoformat())
    if not is_credit:
        add_text(root, "cbc:DueDate", invoice.due_on.isoformat())
    add_text(root, f"cbc:{name}TypeCode", "381" if is_credit else "380")
    # One note at most (PEPPOL-EN16931-R002).
    add_text(root, "cbc:Note", " ".join(words for _code, words in notes_of(invoice)))
    add_text(root, "cbc:DocumentCurrencyCode", CURRENCY)
    add_text(root, "cbc:BuyerReference", invoice.references[0] if invoice.references else invoice.number)
    if invoice.references:
        add_text(add_node(root, "cac:OrderReference"), "cbc:ID", invoice.references[0])
    if invoice.corrects:
        corrected = add_node(add_node(root, "cac:BillingReference"), "cac:InvoiceDocumentReference")
        add_text(corrected, "cbc:ID", invoice.corrects[0])
        add_text(corrected, "cbc:IssueDate", invoice.corrects[1].isoformat())
    _party(add_node(root, "cac:AccountingSupplierParty"), invoice.seller)
    _party(add_node(root, "cac:AccountingCustomerParty"), invoice.buyer)
    day = invoice.delivered_on or invoice.issued_on
    add_text(add_node(root, "cac:Delivery"), "cbc:ActualDeliveryDate", day.isoformat())
    means = add_node(root, "cac:PaymentMeans")
    add_text(means, "cbc:PaymentMeansCode", _TRANSFER if invoice.iban else _NOT_DEFINED)
    if invoice.iban:
        add_text(means, "cbc:PaymentID", invoice.number)
        add_text(add_node(means, "cac:PayeeFinancialAccount"), "cbc:ID", invoice.iban)
    for charge in invoice.charges:
        add_charge(root, charge)
    _sums(root, invoice)
    for number, line in enumerate(invoice.lines, start=1):
        _line(root, name, number, line)
    return as_xml(root)


def _party(role: etree._Element, party: Party) -> None:
    node = add_node(role, "cac:Party")
    if party.siren:
        add_text(node, "cbc:EndpointID", party.siren, schemeID=DIRECTORY_SCHEME)
    add_text(add_node(node, "cac:PartyName"), "cbc:Name", party.name)
    add_address(add_node(node, "cac:PostalAddress"), party)
    if party.vat_number:
        tax = add_node(node, "cac:PartyTaxScheme")
        add_text(tax, "cbc:CompanyID", party.vat_number)
        add_text(add_node(tax, "cac:TaxScheme"), "cbc:ID", "VAT")
    legal = add_node(node, "cac:PartyLegalEntity")
    add_text(legal, "cbc:RegistrationName", party.name)
    add_text(legal, "cbc:CompanyID", party.siren, schemeID=SIREN_SCHEME)


def _sums(root: etree._Element, invoice: Invoice) -> None:
    taxes = add_node(root, "cac:TaxTotal")
    add_amount(taxes, "cbc:TaxAmount", invoice.vat_total)
    for rate, (taxed, vat) in invoice.vat.items():
        part = add_node(taxes, "cac:TaxSubtotal")
        add_amount(part, "cbc:TaxableAmount", taxed)
        add_amount(part, "cbc:TaxAmount", vat)
        add_tax_category(part, "cac:TaxCategory", rate)
    sums = add_node(root, "cac:LegalMonetaryTotal")
    add_amount(sums, "cbc:LineExtensionAmount", invoice.line_total)
    add_amount(sums, "cbc:TaxExclusiveAmount", invoice.net_total)
    add_amount(sums, "cbc:TaxInclusiveAmount", invoice.total)
    if invoice.charges:
        add_amount(sums, "cbc:ChargeTotalAmount", invoice.charge_total)
    add_amount(sums, "cbc:PayableAmount", invoice.total)


def _line(root: etree._Element, name: str, number: int, line: InvoiceLine) -> None:
    node = add_node(root, f"cac:{name}Line")
    add_text(node, "cbc:ID", str(number))
    quantity = "cbc:CreditedQuantity" if name == "CreditNote" else "cbc:InvoicedQuantity"
    add_text(node, quantity, str(line.quantity), unitCode=EACH)
    add_amount(node, "cbc:LineExtensionAmount", line.amount)
    add_rounding(node, line.rounding)
    item = add_node(node, "cac:Item")
    add_text(item, "cbc:Name", line.name)
    if line.sku:
        add_text(add_node(item, "cac:SellersItemIdentification"), "cbc:ID", line.sku)
    add_tax_category(item, "cac:ClassifiedTaxCategory", line.vat_rate)
    add_amount(add_node(node, "cac:Price"), "cbc:PriceAmount", line.unit_price)
