"""One Jinja environment over the templates of every package: strict, escaping, speaking the current language."""

from decimal import Decimal
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core import i18n

_APP_DIR = Path(__file__).parent.parent


@cache
def environment() -> Environment:
    """The template environment; pages add what only they know (`web.rendering`)."""
    made = Environment(
        loader=FileSystemLoader(sorted(_APP_DIR.rglob("templates"))),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n", "jinja2.ext.do"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "decimal": Decimal,
        "money": i18n.format_money,
        "unit_price": i18n.format_unit_price,
        "number": i18n.format_number,
        "typed_amount": i18n.format_typed_amount,
        "rate": i18n.format_rate,
        "country": i18n.country_name,
        "day": i18n.format_day,
        "short_day": i18n.format_short_day,
        "month": i18n.format_month,
        "instant": i18n.format_instant,
    }
    made.globals["locale"] = i18n.current_locale
    return made
