"""How suppliers' answers are called on screen."""

from app.core.i18n import gettext as _
from app.orders.consolidation.models.supplier_orders import LineAnswer


def answer_words() -> dict[str, str]:
    """What a supplier answers to a line, in the current language."""
    return {
        LineAnswer.ACCEPTED: _("as ordered"),
        LineAnswer.CHANGED: _("changed"),
        LineAnswer.BACK_ORDERED: _("comes later"),
        LineAnswer.REFUSED: _("refused"),
    }
