"""Reading an invoice or credit note of UBL 2.1, as EN 16931 binds it (CEN/TS 16931-3-2)."""

from decimal import Decimal

from lxml import etree

from app.billing.einvoicing.received_xml import TRUE, Document, DocumentLine, Reader, VatPart, siren_of
from app.core.money import ZERO
from app.edocuments.xml import NAMES

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:"
_INVOICE, _CREDIT_NOTE = f"{{{_SCHEMA}Invoice-2}}Invoice", f"{{{_SCHEMA}CreditNote-2}}CreditNote"
ROOTS = frozenset({_INVOICE, _CREDIT_NOTE})
_read = Reader({"cac": NAMES["cac"], "cbc": NAMES["cbc"]})
_PARTY = "cac:AccountingSupplierParty/cac:Party"
_SUMS = "cac:LegalMonetaryTotal"


def read(root: etree._Element) -> Document:
    """The document as it is written. Raises `InvalidInput` for what is missing or no number."""
    is_credit_note = root.tag == _CREDIT_NOTE
    lines = "cac:CreditNoteLine" if is_credit_note else "cac:InvoiceLine"
    vat_number = _read.text(root, f"{_PARTY}/cac:PartyTaxScheme/cbc:CompanyID")
    currency = _read.required(root, "cbc:DocumentCurrencyCode")
    totals = [node for node in _read.nodes(root, "cac:TaxTotal") if _currency(node) in {currency, ""}]
    return Document(
        is_credit_note=is_credit_note,
        type_code=_read.text(root, "cbc:InvoiceTypeCode", "cbc:CreditNoteTypeCode"),
        number=_read.required(root, "cbc:ID"),
        currency=currency,
        issued_on=_read.needed_day(root, "cbc:IssueDate"),
        due_on=_read.day(root, "cbc:DueDate"),
        seller_siren=siren_of(_read.text(root, f"{_PARTY}/cac:PartyLegalEntity/cbc:CompanyID"), vat_number),
        seller_vat_number=vat_number,
        seller_name=_read.text(
            root, f"{_PARTY}/cac:PartyLegalEntity/cbc:RegistrationName", f"{_PARTY}/cac:PartyName/cbc:Name"
        ),
        orders=_orders(root, lines),
        lines=tuple(_line(line, is_credit_note) for line in _read.nodes(root, lines)),
        charges=_charges(root),
        vat_parts=tuple(_vat_part(node) for total in totals for node in _read.nodes(total, "cac:TaxSubtotal")),
        line_total=_read.number(root, f"{_SUMS}/cbc:LineExtensionAmount"),
        net=_read.number(root, f"{_SUMS}/cbc:TaxExclusiveAmount"),
        vat=sum((_read.needed(total, "cbc:TaxAmount") for total in totals), ZERO) if totals else None,
        gross=_read.number(root, f"{_SUMS}/cbc:TaxInclusiveAmount"),
        prepaid=_read.number(root, f"{_SUMS}/cbc:PrepaidAmount") or ZERO,
        rounding=_read.number(root, f"{_SUMS}/cbc:PayableRoundingAmount") or ZERO,
        payable=_read.number(root, f"{_SUMS}/cbc:PayableAmount"),
    )


def _currency(total: etree._Element) -> str:
    amount = total.find("cbc:TaxAmount", dict(_read.names))
    return "" if amount is None else amount.get("currencyID", "")


def _orders(root: etree._Element, lines: str) -> tuple[str, ...]:
    """The orders that the document names, as a whole or line by line, each once."""
    whole = _read.text(root, "cac:OrderReference/cbc:ID")
    number = "cac:OrderLineReference/cac:OrderReference/cbc:ID"
    of_lines = [_read.text(line, number) for line in _read.nodes(root, lines)]
    return tuple(dict.fromkeys(name for name in (whole, *of_lines) if name and name != "NA"))


def _charges(node: etree._Element) -> Decimal:
    """Charges less allowances of the document or a line."""
    return sum(
        (
            _read.needed(one, "cbc:Amount") * (1 if _read.text(one, "cbc:ChargeIndicator").lower() in TRUE else -1)
            for one in _read.nodes(node, "cac:AllowanceCharge")
        ),
        ZERO,
    )


def _vat_part(node: etree._Element) -> VatPart:
    return VatPart(
        _read.needed(node, "cbc:TaxableAmount"),
        _read.number(node, "cac:TaxCategory/cbc:Percent") or ZERO,
        _read.needed(node, "cbc:TaxAmount"),
    )


def _line(line: etree._Element, is_credit_note: bool) -> DocumentLine:
    item = "cac:Item/cac:"
    base = _read.number(line, "cac:Price/cbc:BaseQuantity")
    return DocumentLine(
        name=_read.text(line, "cbc:ID", "cac:Item/cbc:Name"),
        sku=_read.text(
            line, f"{item}SellersItemIdentification/cbc:ID", f"{item}BuyersItemIdentification/cbc:ID",
            f"{item}StandardItemIdentification/cbc:ID",
        ),
        quantity=_read.needed(line, "cbc:CreditedQuantity" if is_credit_note else "cbc:InvoicedQuantity"),
        unit_price=_read.needed(line, "cac:Price/cbc:PriceAmount"),
        base_quantity=Decimal(1) if base is None else base,
        charges=_charges(line),
        net=_read.number(line, "cbc:LineExtensionAmount"),
    )  # fmt: skip
