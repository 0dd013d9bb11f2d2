"""What enumerations are called on screen."""

from app.core.i18n import gettext as _
from app.orders.consolidation.rules import UnfilledReason


def reason_words() -> dict[str, str]:
    """Why a line got less than it wanted, in the current language."""
    return {
        UnfilledReason.SHORT: _("not enough for one more full pack"),
        UnfilledReason.BELOW_MINIMUM: _("under the supplier's minimum quantity"),
        UnfilledReason.ABOVE_CEILING: _("the price reached is above the line's ceiling"),
        UnfilledReason.EXCLUDED: _("taken out by the manager"),
        UnfilledReason.SUPPLIER_POSTPONED: _("the supplier stays open until a later day"),
        UnfilledReason.SUPPLIER_ROLLED_OVER: _("the supplier rolls over to the next round"),
        UnfilledReason.SUPPLIER_DROPPED: _("nothing is ordered from this supplier in this round"),
    }


def supplier_fails() -> str:
    """Why a line gets less than was ordered for it."""
    return _("the supplier delivers less than was ordered")
