"""What roles are called on screen and in files."""

from app.accounts.permissions import Role
from app.core.i18n import gettext as _


def role_words() -> dict[str, str]:
    """Every role by its value, in the current language."""
    return {
        Role.EMPLOYEE: _("employee"),
        Role.APPROVER: _("approver"),
        Role.PURCHASING_MANAGER: _("purchasing manager"),
        Role.TREASURER: _("treasurer"),
        Role.WASTE_MANAGER: _("waste manager"),
        Role.CRECHE_MANAGER: _("crèche manager"),
        Role.CONCIERGE_MANAGER: _("concierge"),
        Role.SUPPLIER: _("supplier"),
        Role.ADMINISTRATOR: _("administrator"),
    }
