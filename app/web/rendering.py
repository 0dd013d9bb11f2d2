"""Pages: templates with what every page knows; static files with fingerprints."""

import hashlib
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from lucide.jinja import lucide
from sqlmodel import Session
from starlette.datastructures import URL

from app.core.templating import environment
from app.web.labels import status_words

STATIC_DIR = Path(__file__).parent / "static"


@cache
def package_files() -> dict[str, Path]:
    """Static files that come out of installed packages, by the name we serve them under."""
    spec = find_spec("django_htmx")
    assert spec is not None
    assert spec.origin is not None
    folder = Path(spec.origin).parent / "static" / "django_htmx"
    return {"htmx.js": folder / "htmx-2.min.js", "htmx-sse.js": folder / "ext" / "hx-sse-2.min.js"}


@cache
def _icon(name: str, size: int = 20) -> str:
    """An icon of Lucide; decoration beside a word, so readers pass over it."""
    return lucide(name, size=size, aria_hidden="true")


def static_path(name: str) -> Path:
    """Where a static file lies: ours, or a package's."""
    return package_files().get(name) or STATIC_DIR / name


@cache
def static_url(name: str) -> str:
    """The address of a static file, with its fingerprint, so that it may be kept forever."""
    digest = hashlib.sha256(static_path(name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


environment().globals |= {"static": static_url, "icon": _icon, "status_words": status_words}

# Counts that every page's shell shows beside its own content: domains above tell them here.
shell_facts: dict[str, Callable[[Session, Any], int]] = {}


def render(request: Request, template: str, *, status_code: int = 200, **context: Any) -> HTMLResponse:
    """Render a page. Templates know `request`, the `actor` (None for a stranger), the shell's facts, what is passed."""
    context.setdefault("actor", getattr(request.state, "actor", None))
    session = getattr(request.state, "session", None)  # none on the page of an error, whose transaction is over
    facts = {
        name: (lambda fact=fact: fact(session, context["actor"]) if session else 0)
        for name, fact in shell_facts.items()
    }
    page = environment().get_template(template)
    return HTMLResponse(page.render(request=request, facts=facts, local=_local, **context), status_code)


def _local(url: URL) -> str:
    """An address without its host: links stay right behind any proxy."""
    return url.path + (f"?{url.query}" if url.query else "")
