"""Examples for the API's description: of every body and every answer, built from their schemas; of every error."""

from typing import Any

from app.web.problems import FieldProblem, Problem, title_of

# Of each status an error that callers really meet: its detail and its code.
_ERRORS = {
    400: ("There was an error parsing the body", "bad_request"),
    401: ("This API key is not known, or was revoked.", "bad_api_key"),
    403: ("This key has not the scope orders:write.", "insufficient_scope"),
    404: ("There is no such supplier order.", "not_found"),
    409: ("Order 2026-S10-VOSGES is received: it takes no answer now.", "wrong_order_status"),
    412: ("Somebody changed this since you opened it. Load it again, then repeat your change.", "stale_version"),
    413: ("At most 64 MB are taken over the web.", "too_large"),
    422: ("The request cannot be taken: quantity", "invalid_request"),
    429: ("3000 requests a minute are answered. Ask again in 41 s.", "quota_exceeded"),
}
_BY_FORMAT = {"date": "2026-03-10", "date-time": "2026-03-05T11:00:00Z", "time-local": "12:00"}


def problem_example(status: int) -> dict[str, Any]:
    """A problem object with a status."""
    detail, code = _ERRORS[status]
    errors = [FieldProblem(field="quantity", message="Input should be a valid integer")] if status == 422 else []
    return Problem(title=title_of(status), status=status, detail=detail, code=code, errors=errors).model_dump()


def example_of(schema: dict[str, Any], components: dict[str, Any]) -> Any:
    """A value that a schema takes: its own example, else one made of its parts."""
    if "$ref" in schema:
        return example_of(components[schema["$ref"].rsplit("/", 1)[1]], components)
    given = _given(schema)
    if given is not None:
        return given
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components)
    if schema.get("type") == "object":
        return {name: example_of(part, components) for name, part in schema.get("properties", {}).items()}
    if schema.get("type") == "array":
        return [example_of(schema["items"], components)]
    return _plain(schema)


def _given(schema: dict[str, Any]) -> Any:
    """What the schema itself says: an example, its constant, its default, the first of its choices."""
    said = [*schema.get("examples", [])[:1], schema.get("const"), schema.get("default"), *schema.get("enum", [])[:1]]
    return next((value for value in said if value is not None), None)


def _plain(schema: dict[str, Any]) -> Any:
    kind, pattern = schema.get("type"), schema.get("pattern", "")
    if kind == "string" and "format" in schema:
        return _BY_FORMAT.get(schema["format"], "")
    if kind == "string":
        return "12.50" if "d*" in pattern or "[0-9]{1," in pattern else schema.get("title", "Text")
    return {"integer": schema.get("minimum", 12), "boolean": True}.get(str(kind))
