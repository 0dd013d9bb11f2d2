"""Invoices that come from suppliers' platforms, as plain values: what EN 16931 says of them. Pure; loads nothing.

Sums are recomputed as the standard computes them (EN 16931-1, 6.4 and BR-CO-10 to BR-CO-17); an invoice whose own sums
are others is refused. VAT of a rate may differ by what rounding line by line makes (a cent a line).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from io import BytesIO

from app.billing.einvoicing import received_cii, received_ubl
from app.billing.einvoicing.received_xml import Document, DocumentLine
from app.core.errors import InvalidInput
from app.core.money import ZERO, round_amount
from app.edocuments.xml import parse_xml

_MOST_BYTES = 20_000_000
_LONGEST_NUMBER = 80
_CENT = Decimal("0.01")
_LINE_SLACK = Decimal("0.02")  # PEPPOL-EN16931-R120
# UNTDID 1001, as EN 16931 allows them in BT-3.
_INVOICES = frozenset({
    "80", "82", "84", "130", "202", "203", "204", "211", "218", "219", "295", "326", "331", "380", "382", "383",
    "384", "385", "386", "387", "388", "389", "390", "393", "394", "395", "456", "457", "527", "575", "623", "633",
    "751", "780", "817", "870", "875", "876", "877", "935",
})  # fmt: skip
_CREDIT_NOTES = frozenset(["81", "83", "261", "262", "296", "308", "381", "396", "420", "458", "532"])
_PRO_FORMA = "325"


class DocumentKind(StrEnum):
    """What a document asks for or gives back."""

    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"


@dataclass(frozen=True)
class ReceivedLine:
    """What is asked for one article: quantity, price of one unit before VAT, and the line's sum with its own allowances
    and charges."""

    sku: str
    quantity: Decimal
    unit_price: Decimal
    net: Decimal


@dataclass(frozen=True)
class ReceivedInvoice:
    """A document that came. `orders`: the numbers of ours that it names. `charges`: of the whole document, less its
    allowances. Amounts in `currency`; `payable` is what is still to be paid."""

    kind: DocumentKind
    number: str
    currency: str
    issued_on: date
    due_on: date | None
    seller_siren: str
    seller_vat_number: str
    seller_name: str
    orders: tuple[str, ...]
    lines: tuple[ReceivedLine, ...]
    charges: Decimal
    net: Decimal
    vat: Decimal
    gross: Decimal
    prepaid: Decimal
    payable: Decimal


def read_invoice(content: bytes) -> ReceivedInvoice:
    """Read an invoice or credit note by what it is: UBL, CII or Factur-X.

    Raises `InvalidInput` for anything else, for what is missing, and for sums that do not add up.
    """
    if len(content) > _MOST_BYTES:
        raise InvalidInput("An electronic invoice has at most 20 MB.", field="file")
    if content.startswith(b"PK\x03\x04"):
        raise InvalidInput("This is a ZIP file: send the invoice that is in it.", code="zip_file")
    if content.startswith(b"%PDF-"):
        content = _xml_of_pdf(content)
    root = parse_xml(content)
    if root.getroottree().docinfo.doctype:
        raise InvalidInput("A document with a DTD is not read.", code="not_an_invoice")
    if root.tag in received_ubl.ROOTS:
        return _checked(received_ubl.read(root))
    if root.tag == received_cii.ROOT:
        return _checked(received_cii.read(root))
    if root.tag.endswith("}CrossDomainAcknowledgementAndResponse"):
        raise InvalidInput("This is a life-cycle message (CDAR), no invoice.", code="life_cycle_message")
    raise InvalidInput("This is no invoice of UBL 2 or CII, but {root}.", code="not_an_invoice", root=root.tag)


def _xml_of_pdf(content: bytes) -> bytes:
    import facturx  # takes long to load, for the few who send PDF

    try:
        _name, found = facturx.get_xml_from_pdf(BytesIO(content), check_xsd=False)
    except Exception as error:  # whatever is wrong with a stranger's PDF
        raise InvalidInput("This PDF cannot be read.", code="not_readable") from error
    if not found:
        raise InvalidInput("This PDF is no Factur-X: there is no invoice inside.", code="no_xml_inside")
    return bytes(found)


def _kind(document: Document) -> DocumentKind:
    if document.type_code == _PRO_FORMA:
        raise InvalidInput("This is a pro forma (325): nothing is owed by it.", code="pro_forma")
    if document.is_credit_note or document.type_code in _CREDIT_NOTES:
        return DocumentKind.CREDIT_NOTE
    if document.type_code and document.type_code not in _INVOICES:
        raise InvalidInput(
            "{type_code} is no type of an invoice or credit note.", code="not_an_invoice", type_code=document.type_code
        )
    return DocumentKind.INVOICE


def _checked(document: Document) -> ReceivedInvoice:
    """The document with its sums recomputed. Raises `InvalidInput` where its own are others."""
    kind = _kind(document)
    number = " ".join(document.number.split())
    if len(number) > _LONGEST_NUMBER:
        raise InvalidInput(
            "The number of an invoice has at most {most} characters.", code="number_too_long", most=_LONGEST_NUMBER
        )
    lines = tuple(_line(line) for line in document.lines if line.quantity or line.net or line.unit_price)
    if not lines:
        raise InvalidInput("The document has no line (BR-16): what is it for?", code="no_lines")
    line_total = sum((line.net for line in lines), ZERO)
    net = round_amount(line_total + document.charges)
    _same("BT-106", document.line_total, line_total)
    _same("BT-109", document.net, net)
    gross = document.gross if document.gross is not None else net + (document.vat or ZERO)
    vat = document.vat if document.vat is not None else gross - net
    _same("BT-112", gross, net + vat)
    _check_vat(document, vat, len(lines))
    payable = gross - document.prepaid + document.rounding
    _same("BT-115", document.payable, payable)
    return ReceivedInvoice(
        kind, number, document.currency, document.issued_on, document.due_on, document.seller_siren,
        document.seller_vat_number, document.seller_name, document.orders, lines, document.charges, net, vat, gross,
        document.prepaid, payable,
    )  # fmt: skip


def _line(line: DocumentLine) -> ReceivedLine:
    """A line, its sum compared with quantity, price, allowances and charges (PEPPOL-EN16931-R120)."""
    if line.base_quantity <= 0:
        raise InvalidInput(
            "Line {line}: a price for {base} units cannot be.", code="bad_base_quantity", line=line.name,
            base=line.base_quantity,
        )  # fmt: skip
    price = line.unit_price / line.base_quantity
    reckoned = line.quantity * price + line.charges
    net = round_amount(reckoned) if line.net is None else line.net
    if abs(net - reckoned) > _LINE_SLACK:
        raise InvalidInput(
            "Line {line} says {net}; quantity and price make {reckoned}.", code="line_does_not_add_up", line=line.name,
            net=net, reckoned=round_amount(reckoned),
        )  # fmt: skip
    return ReceivedLine(line.sku, line.quantity, price, net)


def _same(term: str, said: Decimal | None, reckoned: Decimal) -> None:
    if said is not None and said != reckoned:
        raise InvalidInput(
            "{term} says {said}; the document's own parts make {reckoned}.", code="sums_do_not_add_up", term=term,
            said=said, reckoned=reckoned,
        )  # fmt: skip


def _check_vat(document: Document, vat: Decimal, lines: int) -> None:
    """Compare VAT with the parts by rate, where the document gives rates (BR-CO-14, BR-CO-17)."""
    parts = document.vat_parts
    if not parts:
        return
    _same("BT-110", vat, _sum(part.vat for part in parts))
    for part in parts:
        reckoned = round_amount(part.taxable * part.rate / 100)
        if abs(part.vat - reckoned) > _CENT * lines:
            raise InvalidInput(
                "VAT of {rate} % on {taxable} is {reckoned}, not {said}.", code="sums_do_not_add_up", rate=part.rate,
                taxable=part.taxable, reckoned=reckoned, said=part.vat,
            )  # fmt: skip


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
