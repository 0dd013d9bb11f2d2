"""Pieces of UN/CEFACT CII that Order-X and Factur-X write alike: days, VAT, charges, roundings of lines."""

from datetime import date
from decimal import Decimal

from lxml import etree

from app.core.i18n import gettext as _
from app.core.i18n import marked
from app.edocuments.totals import Charge
from app.edocuments.xml import add_node, add_text

CURRENCY, EACH = "EUR", "C62"  # ISO 4217, UN/ECE Rec. 20
DAY_FORMAT = "102"  # UNTDID 2379
ROUNDING = marked("Rounding of the members' shares")
_OTHER_DISCOUNT, _OTHER_CHARGE = "95", "ADR"  # UNTDID 5189 and 7161


def add_day(parent: etree._Element, day: date) -> None:
    """A day."""
    add_text(parent, "udt:DateTimeString", f"{day:%Y%m%d}", format=DAY_FORMAT)


def vat_category(rate: Decimal) -> str:
    """UNTDID 5305: standard rate, or zero rated."""
    return "S" if rate else "Z"


def add_tax(parent: etree._Element, name: str, rate: Decimal) -> None:
    """The VAT of a line or charge; `rate` in percent."""
    tax = add_node(parent, name)
    add_text(tax, "ram:TypeCode", "VAT")
    add_text(tax, "ram:CategoryCode", vat_category(rate))
    add_text(tax, "ram:RateApplicablePercent", f"{rate:.2f}")


def add_charge(settlement: etree._Element, charge: Charge) -> None:
    """A charge on the whole document."""
    node = add_node(settlement, "ram:SpecifiedTradeAllowanceCharge")
    add_text(add_node(node, "ram:ChargeIndicator"), "udt:Indicator", "true")
    add_text(node, "ram:ActualAmount", f"{charge.amount:f}")
    add_text(node, "ram:ReasonCode", charge.code)
    add_text(node, "ram:Reason", _(charge.words))
    add_tax(node, "ram:CategoryTradeTax", charge.vat_rate)


def add_rounding(settlement: etree._Element, rounding: Decimal) -> None:
    """What the members' roundings add to a line, as its charge, or take off, as its allowance; nothing where none."""
    if not rounding:
        return
    charged = rounding > 0
    node = add_node(settlement, "ram:SpecifiedTradeAllowanceCharge")
    add_text(add_node(node, "ram:ChargeIndicator"), "udt:Indicator", "true" if charged else "false")
    add_text(node, "ram:ActualAmount", f"{abs(rounding):f}")
    add_text(node, "ram:ReasonCode", _OTHER_CHARGE if charged else _OTHER_DISCOUNT)
    add_text(node, "ram:Reason", _(ROUNDING))
