"""What a program is told when something goes wrong: a problem (RFC 9457) with a stable code, whoever noticed it."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark

CONTENT_TYPE = "application/problem+json"
STATUS = {
    Kind.INVALID: 422,
    Kind.MISSING: 404,
    Kind.CONFLICT: 409,
    Kind.FORBIDDEN: 403,
    Kind.UNAVAILABLE: 503,
}
OWN_STATUS = {
    "api.unauthenticated": 401,
    "api.malformed": 400,
    "api.host": 400,
    "api.method": 405,
    "api.too_large": 413,
    "api.too_many": 429,
}
"""Codes that mean more than their kind says."""
log = logging.getLogger("regulars.web")


def status_of(error: RegularsError) -> int:
    """Return the status code of an error."""
    return OWN_STATUS.get(error.code, STATUS[error.kind])


def answer(request: HttpRequest, error: RegularsError, errors: Sequence[dict[str, Any]] = ()) -> HttpResponse:
    """Return an error as a problem, in the language that is asked for; ``errors`` says where in the input it lies."""
    status = status_of(error)
    detail, hint = error.said(_language(request))
    where = error.values.get("location")
    found = list(errors) or ([{"location": where, "detail": detail}] if where else [])
    headers = {"Retry-After": str(error.values["retry_seconds"])} if "retry_seconds" in error.values else {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="regulars"'
    told = {
        "type": f"urn:regulars:error:{error.code}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": error.code,
        **({"hint": hint} if hint else {}),
        **({"errors": found} if found else {}),
    }
    body = json.dumps(told, ensure_ascii=False)
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers)


def _language(request: HttpRequest) -> str:
    return "pl" if request.headers.get("Accept-Language", "").lower().startswith("pl") else "en"


def where(request: HttpRequest) -> str:
    """Return which address was asked, as the log may have it: without ids, which may be a person's e-mail."""
    found = request.resolver_match
    return "-" if found is None else str(found.route)


def malformed() -> RegularsError:
    """Return the error for a request that cannot be read."""
    return RegularsError(
        "api.malformed",
        mark(
            "The request cannot be read: its body must be JSON in UTF-8, without NaN and control characters."
        ),
    )


def nothing() -> RegularsError:
    """Return the error for an address that leads nowhere."""
    return RegularsError(
        "api.missing",
        mark("There is nothing at this address."),
        hint=mark("/v1/docs lists all there is."),
        kind=Kind.MISSING,
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer a request that Django refuses."""
    return answer(request, malformed())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001
    """Answer where no page is."""
    return answer(request, nothing())


def internal(request: HttpRequest, error: Exception | None = None) -> HttpResponse:
    """Answer where we made a mistake: what it was stands in the log, and is nobody else's business."""
    if error is not None:
        log.error("%s %s", request.method, where(request), exc_info=error)
    told = {
        "type": "urn:regulars:error:internal",
        "title": HTTPStatus.INTERNAL_SERVER_ERROR.phrase,
        "status": 500,
        "code": "internal",
    }
    return HttpResponse(json.dumps(told), status=500, content_type=CONTENT_TYPE)
