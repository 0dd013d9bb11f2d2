"""The API's description of itself: what FastAPI reads off the routes, with errors as they are really sent."""

from typing import Any

from fastapi import FastAPI

_PROBLEM = {"$ref": "#/components/schemas/Problem"}


class DescribedApplication(FastAPI):
    """An application whose OpenAPI description says that errors are `application/problem+json` (RFC 9457)."""

    def openapi(self) -> dict[str, Any]:
        """The description, made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            _mark_decimals(document)
            for operations in document["paths"].values():
                for operation in operations.values():
                    _mark_problems(operation["responses"])
        return super().openapi()


def _mark_problems(responses: dict[str, Any]) -> None:
    for response in responses.values():
        content = response.get("content", {})
        if content.get("application/json", {}).get("schema") == _PROBLEM:
            content["application/problem+json"] = content.pop("application/json")


def _mark_decimals(node: Any) -> None:
    """Say how a decimal is written as text, wherever a number may be sent as one: plain digits, within its bounds."""
    if isinstance(node, list):
        for part in node:
            _mark_decimals(part)
    if not isinstance(node, dict):
        return
    kinds = {part.get("type"): part for part in node.get("anyOf", []) if isinstance(part, dict)}
    number, written = kinds.get("number"), kinds.get("string")
    if number is not None and written is not None and "pattern" not in written and "format" not in written:
        digits = len(str(int(number.get("maximum", 10**9)))) - 1
        sign = "" if "minimum" in number or "exclusiveMinimum" in number else "-?"
        written["pattern"] = rf"^{sign}\d{{1,{digits}}}(\.\d{{1,2}})?$"
    for part in node.values():
        _mark_decimals(part)
