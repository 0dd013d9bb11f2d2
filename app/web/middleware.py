"""What every request passes: size limit, cross-site guard, language, security headers. Plain ASGI."""

from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.core.errors import DomainError, NotAllowed, TooLarge
from app.core.i18n import begin_request, preferred_locale
from app.web.problems import problem_body

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class RequestShell:
    """Guards a request on its way in and dresses its answer on the way out."""

    def __init__(self, app: ASGIApp, *, body_limit_bytes: int, relaxed_csp_paths: frozenset[str] = frozenset()) -> None:
        self.app = app
        self.body_limit_bytes = body_limit_bytes
        self.relaxed_csp_paths = relaxed_csp_paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI connection."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope.setdefault("state", {})
        begin_request(preferred_locale(headers.get("accept-language", "")))
        relaxed = scope["path"] in self.relaxed_csp_paths
        received = 0

        async def counting_receive() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > self.body_limit_bytes:
                raise self._too_large()
            return message

        async def dressed_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                answered = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    if not (relaxed and name == "Content-Security-Policy"):
                        answered.setdefault(name, value)
                for name, value in scope["state"].get("answer_headers", {}).items():
                    answered[name] = value
                if "cache-control" not in answered:
                    answered["Cache-Control"] = "no-store"
            await send(message)

        try:
            self._guard(scope["method"], scope["path"], headers)
        except DomainError as error:
            refusal = JSONResponse(problem_body(error), error.status, media_type="application/problem+json")
            await refusal(scope, receive, dressed_send)
            return
        await self.app(scope, counting_receive, dressed_send)

    def _guard(self, method: str, path: str, headers: Headers) -> None:
        length = headers.get("content-length") or "0"
        if not length.isascii() or not length.isdigit() or int(length[:20]) > self.body_limit_bytes:
            raise self._too_large()
        # Signing in has no cookie yet: another site's form must not do it either. Programs ask the API from anywhere.
        by_browser = "cookie" in headers or not path.startswith("/api/")
        if method not in _SAFE_METHODS and by_browser and not _same_origin(headers):
            raise NotAllowed("This request came from another site and was not carried out.", code="cross_site")

    def _too_large(self) -> TooLarge:
        return TooLarge(
            "At most {limit} MB are taken over the web. Use the command line for larger files: engrenages import.",
            limit=self.body_limit_bytes // 1_000_000,
        )


def _same_origin(headers: Headers) -> bool:
    """Whether a browser says that the request comes from our own pages.

    Sec-Fetch-Site where the browser sends it, else the Origin; programs send neither (Fetch Metadata, W3C).
    """
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc == headers.get("host")
