"""The API's reference as a page of ours, read from its OpenAPI description: no script, nothing from elsewhere."""

import json
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response

from app.web.rendering import render

router = APIRouter(include_in_schema=False)
_METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One operation as the page shows it."""

    name: str
    method: str
    path: str
    summary: str
    parameters: list[dict[str, Any]]
    body: str
    answers: list[tuple[str, str]]
    errors: list[tuple[str, str]]


@dataclass
class Section:
    """The operations of one tag."""

    tag: str
    operations: list[Operation] = field(default_factory=list)


@router.get("/api-docs")
def api_docs(request: Request) -> Response:
    """The reference of the JSON API."""
    return render(request, "api_docs.html", actor=None, sections=sections_of(request.app))


@cache
def sections_of(app: FastAPI) -> list[Section]:
    """The operations of the application's OpenAPI description, by tag, in the order of their paths."""
    document = app.openapi()
    sections: dict[str, Section] = {}
    for path, methods in document["paths"].items():
        for method in _METHODS:
            if method in methods:
                described = methods[method]
                tag = described.get("tags", ["other"])[0]
                sections.setdefault(tag, Section(tag)).operations.append(_operation(document, path, method, described))
    return list(sections.values())


def _operation(document: dict[str, Any], path: str, method: str, described: dict[str, Any]) -> Operation:
    answers = [(status, answer["description"]) for status, answer in described["responses"].items()]
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=path,
        summary=described.get("description", described.get("summary", "")),
        parameters=described.get("parameters", []),
        body=_example(document, described.get("requestBody")),
        answers=[answer for answer in answers if answer[0] < "400"],
        errors=[answer for answer in answers if answer[0] >= "400"],
    )


def _example(document: dict[str, Any], body: dict[str, Any] | None) -> str:
    """A request body by the examples of its fields; for a form, the names of its fields."""
    if body is None:
        return ""
    media, content = next(iter(body["content"].items()))
    schema = _resolved(document, content["schema"])
    if media != "application/json":
        return f"{media}: {', '.join(schema.get('properties', {}))}"
    return json.dumps(_value(document, schema), ensure_ascii=False, indent=2)


def _resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").rpartition("/")[2]
    found: dict[str, Any] = document["components"]["schemas"][name] if name else schema
    return found


def _value(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    schema = _resolved(document, schema)
    if "properties" in schema:
        return {name: _value(document, part) for name, part in schema["properties"].items()}
    if "examples" in schema:
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [_value(document, schema["items"])]
    if "enum" in schema:
        return schema["enum"][0]
    return schema.get("default")
