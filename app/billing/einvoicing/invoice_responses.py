"""The Peppol Invoice Response (T111, UBL 2.1 ApplicationResponse): what a buyer says of an invoice. Pure."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from app.billing.einvoicing.life_cycle import LifeCycle, from_peppol, to_peppol
from app.billing.invoicing.invoice_ubl import DIRECTORY_SCHEME
from app.core.clock import PARIS
from app.core.errors import InvalidInput
from app.edocuments.parties import Party
from app.edocuments.xml import NAMES, add_node, add_text, as_xml, names_of, parse_xml

_SCHEMA = "urn:oasis:names:specification:ubl:schema:xsd:ApplicationResponse-2"
_CUSTOMIZATION = "urn:fdc:peppol.eu:poacc:trns:invoice_response:3"
_PROFILE = "urn:fdc:peppol.eu:poacc:bis:invoice_response:3"
_REASONS, _OTHER = "OPStatusReason", "OTH"
_TOLD_WHY = frozenset({LifeCycle.REFUSED, LifeCycle.DISPUTED, LifeCycle.SUSPENDED, LifeCycle.PARTLY_APPROVED})
_PREFIXES = {"cac": NAMES["cac"], "cbc": NAMES["cbc"]}


@dataclass(frozen=True)
class InvoiceResponse:
    """What somebody says of an invoice: its number and kind of document, the status, and why. `id`: of the message."""

    id: str
    number: str
    status: LifeCycle
    reason: str = ""
    type_code: str = "380"


def response_xml(response: InvoiceResponse, sender: Party, receiver: Party, at: datetime) -> bytes:
    """The message. Raises `InvalidInput` for a status that Peppol has no code for."""
    code = to_peppol(response.status)
    if code is None:
        raise InvalidInput("Peppol does not tell status {status}.", status=response.status.value)
    local = at.astimezone(PARIS)
    root = etree.Element(f"{{{_SCHEMA}}}ApplicationResponse", nsmap={None: _SCHEMA} | names_of("cac", "cbc"))
    add_text(root, "cbc:CustomizationID", _CUSTOMIZATION)
    add_text(root, "cbc:ProfileID", _PROFILE)
    add_text(root, "cbc:ID", response.id)
    add_text(root, "cbc:IssueDate", local.date().isoformat())
    add_text(root, "cbc:IssueTime", f"{local:%H:%M:%S}")
    _party(add_node(root, "cac:SenderParty"), sender)
    _party(add_node(root, "cac:ReceiverParty"), receiver)
    document = add_node(root, "cac:DocumentResponse")
    said = add_node(document, "cac:Response")
    add_text(said, "cbc:ResponseCode", code)
    add_text(said, "cbc:EffectiveDate", local.date().isoformat())
    if response.status in _TOLD_WHY:
        status = add_node(said, "cac:Status")
        add_text(status, "cbc:StatusReasonCode", _OTHER, listID=_REASONS)
        add_text(status, "cbc:StatusReason", response.reason)
    about = add_node(document, "cac:DocumentReference")
    add_text(about, "cbc:ID", response.number)
    add_text(about, "cbc:DocumentTypeCode", response.type_code)
    return as_xml(root)


def _party(node: etree._Element, party: Party) -> None:
    add_text(node, "cbc:EndpointID", party.siren, schemeID=DIRECTORY_SCHEME)
    add_text(add_node(node, "cac:PartyLegalEntity"), "cbc:RegistrationName", party.name)


def read_response(content: bytes) -> InvoiceResponse:
    """Read a message. Raises `InvalidInput` for anything else, naming what is missing."""
    root = parse_xml(content)
    if root.tag != f"{{{_SCHEMA}}}ApplicationResponse":
        raise InvalidInput("This is no Invoice Response of UBL 2, but {root}.", code="not_ubl", root=root.tag)
    said = "cac:DocumentResponse/cac:Response"
    code = _required(root, f"{said}/cbc:ResponseCode")
    status = from_peppol(code)
    if status is None:
        raise InvalidInput("{code_given} is no code of an Invoice Response.", code_given=code)
    reasons = [
        node.findtext("cbc:StatusReason", "", _PREFIXES) or node.findtext("cbc:StatusReasonCode", "", _PREFIXES)
        for node in root.iterfind(f"{said}/cac:Status", _PREFIXES)
    ]
    about = "cac:DocumentResponse/cac:DocumentReference"
    return InvoiceResponse(
        _required(root, "cbc:ID"), _required(root, f"{about}/cbc:ID"), status,
        "; ".join(reason.strip() for reason in reasons if reason)[:500],
        root.findtext(f"{about}/cbc:DocumentTypeCode", "380", _PREFIXES),
    )  # fmt: skip


def _required(root: etree._Element, path: str) -> str:
    found = (root.findtext(path, "", _PREFIXES) or "").strip()
    if not found:
        raise InvalidInput("The document does not say {element}.", code="element_missing", element=path)
    return found
