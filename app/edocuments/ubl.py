"""Pieces of UBL 2.1 that the orders' and invoices' documents share."""

from decimal import Decimal

from lxml import etree

from app.core.i18n import gettext as _
from app.edocuments.cii import ROUNDING
from app.edocuments.parties import SIRET_SCHEME, Party
from app.edocuments.totals import Charge
from app.edocuments.xml import add_node, add_text

PROFILE = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
CURRENCY = "EUR"
EACH = "EA"  # UN/ECE Recommendation 20
_OTHER_DISCOUNT, _OTHER_CHARGE = "95", "ADR"  # UNTDID 5189 and 7161


def add_amount(parent: etree._Element, name: str, value: Decimal) -> None:
    """An amount in euros."""
    add_text(parent, name, f"{value:f}", currencyID=CURRENCY)


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
