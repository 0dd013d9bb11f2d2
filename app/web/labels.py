"""What the states of rounds, orders and imports are called on screen and in files."""

from app.core.i18n import gettext as _


def status_words() -> dict[str, str]:
    """Every state by its value, in the current language."""
    return {
        "cart": _("cart"),
        "awaiting_approval": _("waits for approval"),
        "approved": _("approved"),
        "locked": _("locked in"),
        "fulfilled": _("fulfilled"),
        "rejected": _("rejected"),
        "cancelled": _("cancelled"),
        "rolled_over": _("rolled over"),
        "planned": _("planned"),
        "open": _("open"),
        "closed": _("closed"),
        "consolidated": _("consolidated"),
        "sent": _("sent"),
        "delivered": _("delivered"),
        "settled": _("settled"),
        "draft": _("draft"),
        "acknowledged": _("acknowledged"),
        "partially_acknowledged": _("partially acknowledged"),
        "refused": _("refused"),
        "shipped": _("shipped"),
        "partially_received": _("partially received"),
        "received": _("received"),
        "waiting": _("waits for the goods"),
        "matched": _("agrees"),
        "to_check": _("to be looked at"),
        "accepted": _("accepted"),
        "disputed": _("disputed"),
        "pending": _("on its way"),
        "failed": _("given up"),
        "queued": _("waits for its turn"),
        "running": _("under way"),
        "done": _("done"),
        "published": _("sealed bids are taken"),
        "opened": _("opened"),
        "awarded": _("awarded"),
    }
