"""One place that turns errors into answers: problem details for the API, a page for people."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from app.core.errors import Conflict, DomainError, InvalidInput, NotSignedIn, TooManyRequests
from app.core.i18n import gettext as _
from app.core.i18n import say
from app.web.problems import FieldProblem, Problem, problem_body, title_of
from app.web.rendering import render

MACHINES = "machines"  # the tag of routes outside the API that programs alone call
_log = logging.getLogger("engrenages")
_PASSING_SQLSTATES = frozenset({"40001", "40P01", "55P03"})  # serialization failure, deadlock, lock not available


def install(app: FastAPI) -> None:
    """Handle every error of the application here."""
    app.add_exception_handler(DomainError, _domain_error)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _unreadable_request)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _http_error)  # type: ignore[arg-type]
    app.add_exception_handler(DataError, _bad_value)  # type: ignore[arg-type]
    app.add_exception_handler(IntegrityError, _constraint)  # type: ignore[arg-type]
    app.add_exception_handler(OperationalError, _database_refused)  # type: ignore[arg-type]
    app.add_exception_handler(Exception, _unexpected)


def _is_api(request: Request) -> bool:
    """Whether a program asks: at the API, or at an address that is marked as one of `MACHINES`."""
    return request.url.path.startswith("/api/") or MACHINES in getattr(request.scope.get("route"), "tags", ())


def _problem(status: int, body: dict[str, Any]) -> JSONResponse:
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else None
    return JSONResponse(body, status, headers, media_type="application/problem+json")


def _domain_error(request: Request, error: DomainError) -> Response:
    if _is_api(request):
        answer = _problem(error.status, problem_body(error))
        if isinstance(error, TooManyRequests) and error.retry_after_seconds:
            answer.headers["Retry-After"] = str(error.retry_after_seconds)
        return answer
    if isinstance(error, NotSignedIn):
        return RedirectResponse(f"/sign-in?next={request.url.path}", 303)
    return render(request, "error.html", status_code=error.status, title=_(title_of(error.status)), detail=say(error))


def _unreadable_request(request: Request, error: RequestValidationError) -> Response:
    fields = [
        FieldProblem(
            field=".".join(str(part) for part in fault["loc"][1:]) or str(fault["loc"][0]),
            message=fault["msg"].removeprefix("Value error, "),
        )
        for fault in error.errors()
    ]
    detail = _("The request cannot be taken: {fields}").format(fields=", ".join(sorted({f.field for f in fields})))
    if not _is_api(request):
        return render(request, "error.html", status_code=422, title=_(title_of(422)), detail=detail)
    problem = Problem(title=title_of(422), status=422, detail=detail, code="invalid_request", errors=fields)
    return _problem(422, problem.model_dump())


def _http_error(request: Request, error: HTTPException) -> Response:
    title = title_of(error.status_code)
    if not _is_api(request):
        detail = _("There is no such page.") if error.status_code == 404 else _(title)
        return render(request, "error.html", status_code=error.status_code, title=_(title), detail=detail)
    code = title.lower().replace(" ", "_")
    problem = Problem(title=title, status=error.status_code, detail=str(error.detail), code=code)
    answer = _problem(error.status_code, problem.model_dump())
    answer.headers.update(error.headers or {})
    if error.status_code == 405:
        answer.headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    return answer


def _methods_at(request: Request) -> set[str]:
    """What can be done at an address: routes of one path differ by method (RFC 9110, 15.5.6)."""
    return {
        method
        for method in ("DELETE", "GET", "PATCH", "POST", "PUT")
        if any(r.matches({**request.scope, "method": method})[0] is Match.FULL for r in request.app.routes)
    }


def _bad_value(request: Request, error: DataError) -> Response:
    _log.warning("value refused by the database: %s", error.orig)
    return _domain_error(request, InvalidInput("A value is out of range or holds characters that cannot be stored."))


def _constraint(request: Request, error: IntegrityError) -> Response:
    """The database's constraints are the last word where two act at once."""
    _log.warning("constraint refused a change: %s", error.orig)
    return _domain_error(request, Conflict("Somebody else did this at the same moment. Load again and look."))


def _database_refused(request: Request, error: OperationalError) -> Response:
    """Deadlocks and lock time-outs pass: whoever was chosen to give way may try again."""
    if getattr(error.orig, "sqlstate", "") in _PASSING_SQLSTATES:
        _log.warning("gave way to another transaction: %s", error.orig)
        return _domain_error(request, Conflict("Somebody else did this at the same moment. Load again and look."))
    return _unexpected(request, error)


def _unexpected(request: Request, error: Exception) -> Response:
    _log.exception("unexpected error on %s %s", request.method, request.url.path, exc_info=error)
    return _domain_error(
        request, _Unexpected("Something went wrong on our side; nothing was changed. Try again in a moment.")
    )


class _Unexpected(DomainError):
    status = 500
    default_code = "unexpected"
