"""What the suppliers' side calls its values on screen."""

from app.core.i18n import gettext as _
from app.orders.consolidation.supplier_events import SupplierEvent
from app.supplying.invoice_matching import DifferenceKind


def difference_words() -> dict[str, str]:
    """What on an invoice does not agree, in the current language."""
    return {
        DifferenceKind.MORE_THAN_CAME: _("more units than came"),
        DifferenceKind.DEARER: _("dearer than agreed"),
        DifferenceKind.DELIVERY_FEE: _("more delivery fee than agreed"),
        DifferenceKind.ECO_CONTRIBUTION: _("more eco-contribution than due"),
    }


def event_words() -> dict[str, str]:
    """What systems are told of, in the current language."""
    return {
        SupplierEvent.SENT: _("an order was sent"),
        SupplierEvent.ANSWERED: _("an order was answered"),
        SupplierEvent.PRICE_DECIDED: _("a price asked for was decided"),
        SupplierEvent.SHIPPED: _("goods left"),
        SupplierEvent.RECEIVED: _("goods came"),
        SupplierEvent.CANCELLED: _("an order was cancelled"),
        SupplierEvent.INVOICE_DECIDED: _("an invoice was decided"),
        SupplierEvent.TEST: _("test"),
    }
