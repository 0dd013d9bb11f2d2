"""The API's description of itself: what FastAPI reads off the routes, with errors as they are really sent."""

from typing import Any

from fastapi import FastAPI

from app.web.openapi_examples import example_of, problem_example
from app.web.routes import build_routes

_PROBLEM = {"$ref": "#/components/schemas/Problem"}


class DescribedApplication(FastAPI):
    """An application whose OpenAPI description says that errors are `application/problem+json` (RFC 9457)."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            build_routes(self)
            document = super().openapi()
            for operations in document["paths"].values():
                for operation in operations.values():
                    _mark_problems(operation["responses"])
                    _mark_quota(operation["responses"])
                    _mark_forms(document, operation)
                    _show_examples(document, operation)
        return super().openapi()


def _mark_problems(responses: dict[str, Any]) -> None:
    for response in responses.values():
        content = response.get("content", {})
        if content.get("application/json", {}).get("schema") == _PROBLEM:
            content["application/problem+json"] = content.pop("application/json")


def _show_examples(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """An example of each body and of each answer."""
    schemas = document["components"]["schemas"]
    for content in operation.get("requestBody", {}).get("content", {}).values():
        content["example"] = example_of(content["schema"], schemas)
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if kind == "application/problem+json":
                content["example"] = problem_example(int(status))
            elif "schema" in content:
                content["example"] = example_of(content["schema"], schemas)


_QUOTA = {
    "RateLimit-Policy": {
        "description": 'Requests answered in a window of seconds, as `"minute";q=3000;w=60`',
        "schema": {"type": "string", "examples": ['"minute";q=3000;w=60']},
    },
    "RateLimit": {
        "description": 'Requests left, and seconds until the window ends, as `"minute";r=2998;t=41`',
        "schema": {"type": "string", "examples": ['"minute";r=2998;t=41']},
    },
}
_RETRY_AFTER = {"description": "Seconds to wait", "schema": {"type": "integer", "minimum": 1}}


def _mark_quota(responses: dict[str, Any]) -> None:
    """Every answer tells where its caller stands (draft-ietf-httpapi-ratelimit-headers-10)."""
    for status, response in responses.items():
        response["headers"] = _QUOTA | ({"Retry-After": _RETRY_AFTER} if status == "429" else {})


def _mark_forms(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """A field of a form is there or is not: none is null."""
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        if kind == "application/json":
            continue
        form = document["components"]["schemas"][content["schema"]["$ref"].rsplit("/", 1)[1]]
        for field in form["properties"].values():
            kinds = [part for part in field.pop("anyOf", []) if part != {"type": "null"}]
            field.update(*kinds)
