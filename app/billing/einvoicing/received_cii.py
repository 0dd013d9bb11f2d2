"""Reading an invoice or credit note of UN/CEFACT CII D16B, as EN 16931 binds it (CEN/TS 16931-3-3); Factur-X too."""

from decimal import Decimal

from lxml import etree

from app.billing.einvoicing.received_xml import TRUE, Document, DocumentLine, Reader, VatPart, siren_of
from app.core.money import ZERO

_CII = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
ROOT = f"{{{_CII}}}CrossIndustryInvoice"
_read = Reader(
    {
        "rsm": _CII,
        "ram": "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100",
        "udt": "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100",
    }
)
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SELLER = f"{_AGREEMENT}/ram:SellerTradeParty"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_LINES = f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem"
_DUE = f"{_SETTLEMENT}/ram:SpecifiedTradePaymentTerms/ram:DueDateDateTime/udt:DateTimeString"
_DAY = "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString"


def read(root: etree._Element) -> Document:
    """The document as it is written. Raises `InvalidInput` for what is missing or no number."""
    currency = _read.required(root, f"{_SETTLEMENT}/ram:InvoiceCurrencyCode")
    vat = [
        _read.needed(node, ".")
        for node in _read.nodes(root, f"{_SUMS}/ram:TaxTotalAmount")
        if node.get("currencyID", currency) == currency
    ]
    vat_number = next(
        (
            _read.text(node, "ram:ID")
            for node in _read.nodes(root, f"{_SELLER}/ram:SpecifiedTaxRegistration")
            if (node.find("ram:ID", dict(_read.names)) is not None)
            and node.find("ram:ID", dict(_read.names)).get("schemeID", "VA") == "VA"
        ),
        "",
    )
    return Document(
        is_credit_note=False,
        type_code=_read.text(root, "rsm:ExchangedDocument/ram:TypeCode"),
        number=_read.required(root, "rsm:ExchangedDocument/ram:ID"),
        currency=currency,
        issued_on=_read.needed_day(root, _DAY),
        due_on=_read.day(root, _DUE),
        seller_siren=siren_of(_read.text(root, f"{_SELLER}/ram:SpecifiedLegalOrganization/ram:ID"), vat_number),
        seller_vat_number=vat_number,
        seller_name=_read.text(root, f"{_SELLER}/ram:Name"),
        orders=_orders(root),
        lines=tuple(_line(line) for line in _read.nodes(root, _LINES)),
        charges=_charges(root, f"{_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge"),
        vat_parts=tuple(
            VatPart(
                _read.needed(node, "ram:BasisAmount"),
                _read.number(node, "ram:RateApplicablePercent") or ZERO,
                _read.needed(node, "ram:CalculatedAmount"),
            )
            for node in _read.nodes(root, f"{_SETTLEMENT}/ram:ApplicableTradeTax")
        ),
        line_total=_read.number(root, f"{_SUMS}/ram:LineTotalAmount"),
        net=_read.number(root, f"{_SUMS}/ram:TaxBasisTotalAmount"),
        vat=sum(vat, ZERO) if vat else None,
        gross=_read.number(root, f"{_SUMS}/ram:GrandTotalAmount"),
        prepaid=_read.number(root, f"{_SUMS}/ram:TotalPrepaidAmount") or ZERO,
        rounding=_read.number(root, f"{_SUMS}/ram:RoundingAmount") or ZERO,
        payable=_read.number(root, f"{_SUMS}/ram:DuePayableAmount"),
    )


def _orders(root: etree._Element) -> tuple[str, ...]:
    number = "ram:BuyerOrderReferencedDocument/ram:IssuerAssignedID"
    whole = _read.text(root, f"{_AGREEMENT}/{number}")
    of_lines = [_read.text(line, f"ram:SpecifiedLineTradeAgreement/{number}") for line in _read.nodes(root, _LINES)]
    return tuple(dict.fromkeys(name for name in (whole, *of_lines) if name and name != "NA"))


def _charges(node: etree._Element, path: str) -> Decimal:
    """Charges less allowances at a path."""
    indicator = "ram:ChargeIndicator/udt:Indicator"
    return sum(
        (
            _read.needed(one, "ram:ActualAmount") * (1 if _read.text(one, indicator).lower() in TRUE else -1)
            for one in _read.nodes(node, path)
        ),
        ZERO,
    )


def _line(line: etree._Element) -> DocumentLine:
    price, settlement = (
        "ram:SpecifiedLineTradeAgreement/ram:NetPriceProductTradePrice",
        "ram:SpecifiedLineTradeSettlement",
    )
    product = "ram:SpecifiedTradeProduct/ram:"
    base = _read.number(line, f"{price}/ram:BasisQuantity")
    return DocumentLine(
        name=_read.text(line, "ram:AssociatedDocumentLineDocument/ram:LineID", f"{product}Name"),
        sku=_read.text(line, f"{product}SellerAssignedID", f"{product}BuyerAssignedID", f"{product}GlobalID"),
        quantity=_read.needed(line, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"),
        unit_price=_read.needed(line, f"{price}/ram:ChargeAmount"),
        base_quantity=Decimal(1) if base is None else base,
        charges=_charges(line, f"{settlement}/ram:SpecifiedTradeAllowanceCharge"),
        net=_read.number(line, f"{settlement}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
    )
