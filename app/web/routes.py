"""Routes that are built when they are first asked.

FastAPI reads the parameters and answers of a route when it is defined, and a second time where its router is
included. For hundreds of routes that is most of the time to start, and a process is never asked for most of them.
"""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import compile_path, get_name
from starlette.types import Receive, Scope, Send


class DeferredRoute(APIRoute):
    """Knows from the start what it takes to be found: path, methods, name. The rest waits for `build`."""

    in_schema = False

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.path = path
        self.endpoint = endpoint
        self.name = get_name(endpoint)
        self.methods = set(options["methods"])
        self.path_regex, self.path_format, self.param_convertors = compile_path(path)
        self.include_in_schema = self.in_schema
        self._options: dict[str, Any] | None = options | {"include_in_schema": self.in_schema}

    def build(self) -> None:
        """Read the endpoint's parameters and answers, unless that was done. Raises `FastAPIError` for what is wrong."""
        options = self._options
        if options is not None:
            super().__init__(self.path, self.endpoint, **options)
            self._options = None

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        self.build()
        await super().handle(scope, receive, send)


def add_routes(app: FastAPI, router: APIRouter) -> None:
    """Put the routes of a router among the application's, as they are: `include_router` would build each again."""
    app.router.routes.extend(router.routes)


def build_routes(app: FastAPI) -> None:
    """Build every route that is not yet."""
    for route in app.routes:
        if isinstance(route, DeferredRoute):
            route.build()
