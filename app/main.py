"""Builds the ASGI application: settings, middleware, routers. No logic."""

import os
from collections.abc import Callable

from anyio import CapacityLimiter
from fastapi import FastAPI
from sqlmodel import Session
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from app.accounts import api as accounts_api
from app.accounts.pages import routers as accounts_pages
from app.billing import routers as billing
from app.catalog import api as catalog_api
from app.catalog import pages as catalog_pages
from app.commission import api as commission_api
from app.commission import pages as commission_pages
from app.core.database import get_engine
from app.core.settings import get_settings
from app.deliveries import pages as deliveries_pages
from app.deliveries import receipts as receipt_pages
from app.impact import pages as impact_pages
from app.orders import routers as orders
from app.sourcing import routers as sourcing
from app.supplying.api import routers as supplying_routers
from app.supplying.pages import routers as supplying_pages
from app.web import api_docs, errors, health
from app.web.middleware import RequestShell
from app.web.openapi import DescribedApplication
from app.web.rendering import STATIC_DIR, package_files
from app.web.routes import add_routes

_DESCRIPTION = """
Group purchasing for business parks. Sign in with an API key (`Authorization: Bearer eng_…`).

* Amounts are decimal strings in euros before VAT, both ways; quantities are whole sales units; instants are UTC.
* Fields that a body does not know are refused, so that a misspelt one is not passed over.
* Lists are paged: ask again with `cursor=next_cursor` until it is null.
* Errors are problem details (RFC 9457) with a stable `code`.
* A POST may carry an `Idempotency-Key`: the same key and request give the first answer again, for three days.
* `RateLimit` and `RateLimit-Policy` tell how many requests are left; beyond, 429 says when to ask again.
* Where two may edit, answers carry an `ETag`; send it back as `If-Match`.
"""


class _FingerprintedFiles(StaticFiles):
    """Static files, ours and packages', kept forever by browsers: their address changes with their content."""

    def lookup_path(self, path: str) -> tuple[str, os.stat_result | None]:
        found = package_files().get(path)
        return (str(found), found.stat()) if found else super().lookup_path(path)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response


def create_app(open_session: Callable[[], Session] | None = None, connections: int | None = None) -> FastAPI:
    """The application. Tests give their own way to open a session."""
    app = DescribedApplication(
        title="Engrenages",
        version="1",
        description=_DESCRIPTION,
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        license_info={"name": "AGPL-3.0-or-later", "identifier": "AGPL-3.0-or-later"},
    )
    app.state.open_session = open_session or (lambda: Session(get_engine(), expire_on_commit=False))
    app.state.limiter = CapacityLimiter(connections or get_settings().database_pool_size + 20)
    app.add_middleware(GZipMiddleware, minimum_size=500, compresslevel=6)
    app.add_middleware(RequestShell, body_limit_bytes=get_settings().upload_limit_mb * 1_000_000)
    errors.install(app)
    apis = (accounts_api.router, catalog_api.router, *sourcing.apis, commission_api.router)
    for api in (*apis, *orders.apis, *supplying_routers, *billing.apis):
        add_routes(app, api)
    for pages in (
        *accounts_pages,
        catalog_pages.router,
        commission_pages.router,
        *orders.pages,
        *supplying_pages,
        deliveries_pages.router,
        receipt_pages.router,
        *sourcing.pages,
        *billing.pages,
        impact_pages.router,
        health.router,
        api_docs.router,
    ):
        add_routes(app, pages)
    app.mount("/static", _FingerprintedFiles(directory=STATIC_DIR), name="static")
    return app
