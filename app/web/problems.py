"""Errors as RFC 9457 problem details, for the API."""

from typing import Any

from pydantic import BaseModel, Field

from app.core.errors import DomainError
from app.core.i18n import marked, say
from app.core.tabular import BadFile


class FieldProblem(BaseModel):
    """What is wrong with one field of the request."""

    field: str = Field(examples=["quantity"])
    message: str = Field(examples=["Input should be greater than or equal to 1"])


class Problem(BaseModel):
    """Problem details (RFC 9457). `code` is stable; `detail` is said in the language of Accept-Language."""

    type: str = Field(default="about:blank", examples=["about:blank"])
    title: str = Field(examples=["Conflict"])
    status: int = Field(examples=[409])
    detail: str = Field(examples=["Round 2026-10 takes no orders now."])
    code: str = Field(examples=["round_not_open"])
    errors: list[FieldProblem] = []


_TITLES = {
    400: marked("Bad Request"),
    401: marked("Unauthorized"),
    403: marked("Forbidden"),
    404: marked("Not Found"),
    405: marked("Method Not Allowed"),
    409: marked("Conflict"),
    412: marked("Precondition Failed"),
    413: marked("Content Too Large"),
    422: marked("Unprocessable Content"),
    429: marked("Too Many Requests"),
    500: marked("Internal Server Error"),
}


def title_of(status: int) -> str:
    """The reason phrase of a status (RFC 9110)."""
    return _TITLES.get(status, "Error")


def problem_body(error: DomainError) -> dict[str, Any]:
    """A domain error as a problem object; a bad file carries its cells."""
    problem = Problem(title=title_of(error.status), status=error.status, detail=say(error), code=error.code)
    if error.field:
        problem.errors.append(FieldProblem(field=error.field, message=problem.detail))
    body = problem.model_dump()
    if isinstance(error, BadFile):
        body["bad_cells"] = [bad._asdict() for bad in error.bad_cells]
    return body
