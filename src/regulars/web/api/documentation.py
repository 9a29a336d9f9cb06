"""The API described: as OpenAPI for programs, and as a page for people that asks nothing of any other host."""

from __future__ import annotations

import html
import json
import re
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI

from regulars.web.errors import CONTENT_TYPE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'"
_PROBLEM = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable: docs/errors.md lists all."},
        "hint": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"location": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
    "example": {
        "type": "urn:regulars:error:orders.currency",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": "The order is in USD, the shop in EUR.",
        "code": "orders.currency",
        "hint": "Convert it before: the shop has one currency.",
    },
}
_ONCE = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200},
    "description": "The same key and the same request get the same answer, and change nothing more.",
    "example": "order-1001-paid",
}
_found: dict[str, NinjaAPI] = {}


def add(api: NinjaAPI) -> None:
    """Add the two pages to an API; both need no key."""
    _found["api"] = api

    @api.get("/openapi.json", auth=None, include_in_schema=False)
    def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return HttpResponse(json.dumps(schema(), ensure_ascii=False), content_type="application/json")

    @api.get("/docs", auth=None, include_in_schema=False)
    def docs(request: HttpRequest) -> HttpResponse:  # noqa: ARG001
        return HttpResponse(page(schema()), headers={"Content-Security-Policy": POLICY})


@cache
def schema() -> dict[str, Any]:
    """Return the OpenAPI description: what ninja knows, and what every operation has."""
    told: dict[str, Any] = json.loads(
        json.dumps(_found["api"].get_openapi_schema(path_prefix="/v1/"), default=str)
    )
    told["components"]["schemas"]["Problem"] = _PROBLEM
    told["components"]["securitySchemes"] = {"key": {"type": "http", "scheme": "bearer"}}
    told["paths"] = {path.replace("{path:", "{"): operations for path, operations in told["paths"].items()}
    for operations in told["paths"].values():
        for method, operation in operations.items():
            _completed(method, operation)
    return told


def _completed(method: str, operation: dict[str, Any]) -> None:
    if "security" in operation:
        operation["security"] = [{"key": []}]
    # What is asked with a body and changes nothing says so itself.
    if not operation.pop("x-changes-nothing", method == "get"):
        operation.setdefault("parameters", []).append(_ONCE)
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    operation["responses"]["default"] = {
        "description": "What went wrong, and what to try next.",
        "content": content,
    }
    for status, response in operation["responses"].items():
        if not response.get("description"):
            response["description"] = str(status)
    if kind := operation.pop("x-media-type", None):
        operation["responses"]["200" if "200" in operation["responses"] else 200]["content"] = {
            kind: {"schema": {"type": "string"}}
        }


def page(told: dict[str, Any]) -> str:
    """Return the description as a page: one section an operation, with its parameters and an example."""
    parts = []
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            parts.append(_operation(told, method, path, operation))
    body = "\n".join(parts)
    return f"""<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Regulars API</title><style>{_STYLE}</style></head><body><main><h1>Regulars API</h1>
<p>{html.escape(told["info"]["description"])} <a href="openapi.json">openapi.json</a></p>
<p>Send <code>Authorization: Bearer rk_…</code> with every request, and an <code>Idempotency-Key</code> with every change.</p>
{body}</main></body></html>"""


def _operation(told: dict[str, Any], method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(_parameter(each) for each in operation.get("parameters", []))
    table = (
        f"<div class=wide><table><tr><th>Parameter<th>In<th>Meaning</tr>{rows}</table></div>" if rows else ""
    )
    about = html.escape(operation.get("description", ""))
    sample = _example(told, operation)
    shown = f"<h3>Example</h3><pre>{html.escape(sample)}</pre>" if sample else ""
    name = html.escape(operation.get("operationId", ""))
    return (
        f'<section id="{name}"><h2><b class={method}>{method.upper()}</b> <code>{html.escape(path)}</code></h2>'
        f"<p>{about}</p>{table}{shown}</section>"
    )


def _parameter(told: dict[str, Any]) -> str:
    about = told.get("description") or told.get("schema", {}).get("description", "")
    cells = (f"<code>{html.escape(told['name'])}</code>", html.escape(told["in"]), html.escape(about))
    return "<tr>" + "".join(f"<td>{cell}" for cell in cells) + "</tr>"


def _example(told: dict[str, Any], operation: dict[str, Any]) -> str:
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = re.sub(".*/", "", content.get("schema", {}).get("$ref", ""))
    found = told["components"]["schemas"].get(name, {}).get("example")
    return json.dumps(found, indent=2, ensure_ascii=False) if found else ""


_STYLE = """:root{color-scheme:light dark}body{font:16px/1.5 system-ui,sans-serif;margin:0}main{max-width:60rem;margin:auto;padding:1rem}
section{border-top:1px solid #8884;padding:.5rem 0}h2{font-size:1.05rem;overflow-wrap:anywhere}h3{font-size:.9rem}.wide,pre{overflow-x:auto}
table{border-collapse:collapse;font-size:.9rem}td,th{text-align:left;padding:.2rem .8rem .2rem 0;vertical-align:top}
pre{background:#8881;padding:.6rem;border-radius:.4rem;font-size:.85rem}b{font-size:.8rem;padding:.1rem .4rem;border-radius:.3rem;background:#8882}"""
