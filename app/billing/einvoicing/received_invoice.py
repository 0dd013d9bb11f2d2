"""Invoices that come from suppliers' platforms: UBL, CII or Factur-X, read into plain values. Pure; loads nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from io import BytesIO

from lxml import etree

from app.core.errors import InvalidInput
from app.edocuments.xml import NAMES, parse_xml

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
_RAM = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
_NAMES = {
    "cac": NAMES["cac"],
    "cbc": NAMES["cbc"],
    "rsm": _CII,
    "ram": _RAM,
    "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
}
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class ReceivedLine:
    """What is asked for one article; the price is for one unit, before VAT."""

    sku: str
    quantity: Decimal
    unit_price: Decimal


@dataclass(frozen=True)
class ReceivedInvoice:
    """An invoice that came; `order`: the number of ours that it is for. Amounts in euros."""

    number: str
    issued_on: date
    due_on: date | None
    seller_siren: str
    seller_vat_number: str
    seller_name: str
    order: str
    lines: tuple[ReceivedLine, ...]
    charges: Decimal
    total: Decimal


def read_invoice(content: bytes) -> ReceivedInvoice:
    """Read an invoice by what it is. Raises `InvalidInput` for anything else, naming what is missing."""
    if len(content) > _MOST_BYTES:
        raise InvalidInput("An electronic invoice has at most 20 MB.", field="file")
    if content.startswith(b"%PDF-"):
        import facturx  # takes long to load, for the few who send PDF

        try:
            _name, content = facturx.get_xml_from_pdf(BytesIO(content), check_xsd=False)
        except Exception as error:  # whatever is wrong with a stranger's PDF
            raise InvalidInput("This PDF cannot be read.", code="not_readable") from error
        if not content:
            raise InvalidInput("This PDF is no Factur-X: there is no invoice inside.", code="no_xml_inside")
    root = parse_xml(content)
    if root.tag == f"{{{_UBL}}}Invoice":
        return _ubl(root)
    if root.tag == f"{{{_CII}}}CrossIndustryInvoice":
        return _cii(root)
    raise InvalidInput("This is no invoice of UBL 2 or CII, but {root}.", code="not_an_invoice", root=root.tag)


def _nodes(node: etree._Element, path: str) -> Iterator[etree._Element]:
    yield from node.iterfind(path, _NAMES)


def _text(node: etree._Element, *paths: str) -> str:
    """The text of the first path that has any."""
    for path in paths:
        found = (node.findtext(path, "", _NAMES) or "").strip()
        if found:
            return found
    return ""


def _required(node: etree._Element, *paths: str) -> str:
    found = _text(node, *paths)
    if not found:
        raise InvalidInput("The document does not say {element}.", code="element_missing", element=paths[0])
    return found


def _number(written: str, element: str) -> Decimal:
    try:
        number = Decimal(written)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= 10**12:
        raise InvalidInput("{element} is no number that can be: {value}.", element=element, value=written[:40])
    return number


def _day(written: str) -> date | None:
    compact = written.replace("-", "")[:8]
    try:
        return date(int(compact[:4]), int(compact[4:6]), int(compact[6:8])) if compact else None
    except ValueError as error:
        raise InvalidInput("{value} is no day: write it as 2026-05-31.", value=written[:40]) from error


def _issued(written: str) -> date:
    day = _day(written)
    assert day is not None
    return day


def _ubl(root: etree._Element) -> ReceivedInvoice:
    seller = "cac:AccountingSupplierParty/cac:Party"
    charges = sum(
        (
            _number(_text(node, "cbc:Amount"), "cbc:Amount")
            * (1 if _text(node, "cbc:ChargeIndicator") == "true" else -1)
            for node in _nodes(root, "cac:AllowanceCharge")
        ),
        Decimal(0),
    )
    return ReceivedInvoice(
        number=_required(root, "cbc:ID"),
        issued_on=_issued(_required(root, "cbc:IssueDate")),
        due_on=_day(_text(root, "cbc:DueDate")),
        seller_siren=_text(root, f"{seller}/cac:PartyLegalEntity/cbc:CompanyID")[:9],
        seller_vat_number=_text(root, f"{seller}/cac:PartyTaxScheme/cbc:CompanyID"),
        seller_name=_text(
            root, f"{seller}/cac:PartyLegalEntity/cbc:RegistrationName", f"{seller}/cac:PartyName/cbc:Name"
        ),
        order=_required(root, "cac:OrderReference/cbc:ID"),
        lines=tuple(_ubl_line(line) for line in _nodes(root, "cac:InvoiceLine")),
        charges=charges,
        total=_number(_required(root, "cac:LegalMonetaryTotal/cbc:TaxInclusiveAmount"), "cbc:TaxInclusiveAmount"),
    )


def _ubl_line(line: etree._Element) -> ReceivedLine:
    base = _text(line, "cac:Price/cbc:BaseQuantity")
    price = _number(_required(line, "cac:Price/cbc:PriceAmount"), "cbc:PriceAmount")
    return ReceivedLine(
        _required(line, "cac:Item/cac:SellersItemIdentification/cbc:ID"),
        _number(_required(line, "cbc:InvoicedQuantity"), "cbc:InvoicedQuantity"),
        price / (_number(base, "cbc:BaseQuantity") if base else 1),
    )


def _cii(root: etree._Element) -> ReceivedInvoice:
    trade = "rsm:SupplyChainTradeTransaction"
    agreement = f"{trade}/ram:ApplicableHeaderTradeAgreement"
    settlement = f"{trade}/ram:ApplicableHeaderTradeSettlement"
    seller = f"{agreement}/ram:SellerTradeParty"
    indicator = "ram:ChargeIndicator/udt:Indicator"
    charges = sum(
        (
            _number(_text(node, "ram:ActualAmount"), "ram:ActualAmount")
            * (1 if _text(node, indicator) == "true" else -1)
            for node in _nodes(root, f"{settlement}/ram:SpecifiedTradeAllowanceCharge")
        ),
        Decimal(0),
    )
    due = f"{settlement}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"
    sums = f"{settlement}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
    return ReceivedInvoice(
        number=_required(root, "rsm:ExchangedDocument/ram:ID"),
        issued_on=_issued(_required(root, "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString")),
        due_on=_day(_text(root, due)),
        seller_siren=_text(root, f"{seller}/ram:SpecifiedLegalOrganization/ram:ID")[:9],
        seller_vat_number=_text(root, f"{seller}/ram:SpecifiedTaxRegistration/ram:ID"),
        seller_name=_text(root, f"{seller}/ram:Name"),
        order=_required(root, f"{agreement}/ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"),
        lines=tuple(_cii_line(line) for line in _nodes(root, f"{trade}/ram:IncludedSupplyChainTradeLineItem")),
        charges=charges,
        total=_number(_required(root, f"{sums}/ram:GrandTotalAmount"), "ram:GrandTotalAmount"),
    )


def _cii_line(line: etree._Element) -> ReceivedLine:
    price = "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice"
    base = _text(line, f"{price}/ram:BasisQuantity")
    asked = _number(_required(line, f"{price}/ram:ChargeAmount"), "ram:ChargeAmount")
    quantity = "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"
    return ReceivedLine(
        _required(line, "ram:SpecifiedTradeProduct/ram:SellerAssignedID"),
        _number(_required(line, quantity), "ram:BilledQuantity"),
        asked / (_number(base, "ram:BasisQuantity") if base else 1),
    )
