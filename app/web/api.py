"""Shared pieces of the JSON API: pages of items, versions as ETags, the router every domain uses."""

import re
from typing import Annotated, Any, Generic, TypeVar

from fastapi import APIRouter, Depends, Header, Path, Query, Response
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field

from app.core.errors import InvalidInput
from app.core.pagination import MAX_PAGE_SIZE, PAGE_SIZE, Page
from app.web.bodies import MAX_ID
from app.web.edge import ApiRoute
from app.web.problems import Problem

Item = TypeVar("Item")
Out = TypeVar("Out", bound=BaseModel)

_ETAG = re.compile(r'"v[0-9]{1,9}"')
_PROBLEMS: dict[int | str, dict[str, Any]] = {
    400: {"model": Problem, "description": "The body cannot be read"},
    401: {"model": Problem, "description": "No sign-in, or an unknown key"},
    403: {"model": Problem, "description": "Not allowed for this account"},
    404: {"model": Problem, "description": "There is no such thing for this caller"},
    409: {"model": Problem, "description": "Not possible in the present state"},
    412: {"model": Problem, "description": "Somebody changed it in the meantime"},
    413: {"model": Problem, "description": "Too much in one request"},
    422: {"model": Problem, "description": "The request cannot be taken as it is"},
    429: {"model": Problem, "description": "Too many tries"},
}


def _operation_id(route: APIRoute) -> str:
    """Readable names for generated clients: the function's own."""
    return route.name


def api_router(tag: str) -> APIRouter:
    """A router of the JSON API under `/api/v1`."""
    return APIRouter(
        prefix="/api/v1",
        tags=[tag],
        route_class=ApiRoute,
        responses=_PROBLEMS,
        generate_unique_id_function=_operation_id,
    )


class PageOut(BaseModel, Generic[Item]):
    """Items in order; ask again with `cursor=next_cursor` until it is null."""

    items: list[Item]
    next_cursor: str | None = Field(default=None, description="Opaque; null on the last page.")


def page_out(page: Page[Any], model: type[Out]) -> PageOut[Out]:
    """A page of rows as a page of models."""
    return PageOut(
        items=[model.model_validate(row, from_attributes=True) for row in page.items], next_cursor=page.next_cursor
    )


Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before", max_length=2000)]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="Items a page")]
Id = Annotated[int, Path(ge=1, le=MAX_ID)]
DEFAULT_LIMIT = PAGE_SIZE


def expected_version(
    if_match: Annotated[
        str,
        Header(description='The ETag last read, as `"v3"`', json_schema_extra={"pattern": rf"^(|\*|{_ETAG.pattern})$"}),
    ] = "",
) -> int | None:
    """The version that the caller last read; None where they do not say."""
    if if_match in {"", "*"}:
        return None
    if not _ETAG.fullmatch(if_match):
        raise InvalidInput('If-Match takes the ETag of this resource, such as "v3".', field="If-Match")
    return int(if_match[2:-1])


ExpectedVersion = Annotated[int | None, Depends(expected_version)]


def set_etag(response: Response, version: int) -> None:
    """Say which version the answer shows."""
    response.headers["ETag"] = f'"v{version}"'
