"""What goes back: JSON, and errors as problem+json (RFC 9457) with our stable codes."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from regulars.kit.errors import Kind, RegularsError

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Headers = ((b"content-type", b"application/json"), (b"cache-control", b"no-store"))
_PROBLEM: Headers = ((b"content-type", b"application/problem+json"), (b"cache-control", b"no-store"))
_STATUS = {
    Kind.INVALID: 400,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.FORBIDDEN: 403,
    Kind.UNAVAILABLE: 503,
}
_STATUS_OF_CODE = {
    "edge.key": 401,
    "edge.method": 405,
    "edge.too_large": 413,
    "edge.event_too_large": 413,
    "edge.busy": 429,
    "internal": 500,
    # A slot is a value in the request, not an address.
    "recommend.slot_unknown": 400,
}
_RETRY_SECONDS = {429: b"1", 503: b"5"}
encode = msgspec.json.Encoder().encode


class Reply(NamedTuple):
    """One answer."""

    status: int
    body: bytes
    headers: Headers = JSON


def reply(content: Any) -> Reply:
    """Return an answer that says what was asked."""
    return Reply(200, encode(content))


def told(error: RegularsError) -> dict[str, Any]:
    """Return what is said of an error inside a list of several."""
    where = {"field": error.values["field"]} if "field" in error.values else {}
    return {"code": error.code, "detail": error.message, "hint": error.hint, **where}


def problem(error: RegularsError, request_id: str, *more: tuple[bytes, bytes], **values: Any) -> Reply:
    """Return an answer that says what is wrong."""
    status = _STATUS_OF_CODE.get(error.code) or _STATUS[error.kind]
    content = {
        "type": f"urn:regulars:error:{error.code}",
        "title": error.kind.value,
        "status": status,
        **told(error),
        "request_id": request_id,
        **values,
    }
    headers = [*_PROBLEM, *more]
    if status in _RETRY_SECONDS:
        headers.append((b"retry-after", _RETRY_SECONDS[status]))
    if status == 401:
        # Not Basic: a browser would ask the visitor for a password.
        headers.append((b"www-authenticate", b'WriteKey realm="regulars"'))
    return Reply(status, encode(content), tuple(headers))
