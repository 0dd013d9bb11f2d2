"""Pages: one Jinja environment over the shell's templates and those of every domain."""

import hashlib
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from app.core import i18n

APP_DIR = Path(__file__).parent.parent
STATIC_DIR = Path(__file__).parent / "static"


@cache
def environment() -> Environment:
    """The template environment: strict, escaping, speaking the current language."""
    folders = [Path(__file__).parent / "templates", *sorted(APP_DIR.glob("*/templates"))]
    made = Environment(
        loader=FileSystemLoader(folders),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_callables(i18n.gettext, i18n.ngettext, newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "decimal": Decimal,
        "money": i18n.format_money,
        "unit_price": i18n.format_unit_price,
        "number": i18n.format_number,
        "rate": i18n.format_rate,
        "country": i18n.country_name,
        "day": i18n.format_day,
        "instant": i18n.format_instant,
    }
    made.globals["static"] = static_url
    made.globals["locale"] = i18n.current_locale
    return made


@cache
def static_url(name: str) -> str:
    """The address of a static file, with its fingerprint, so that it may be kept forever."""
    digest = hashlib.sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


def render(request: Request, template: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Render a page. Templates know `request`, the `actor` (None for a stranger) and what is passed."""
    context.setdefault("actor", getattr(request.state, "actor", None))
    page = environment().get_template(template)
    return HTMLResponse(page.render(request=request, **context), status_code)
