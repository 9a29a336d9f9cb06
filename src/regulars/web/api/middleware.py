"""Before and after every request to the API: what is refused unread, and the headers that all answers have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark
from regulars.web import errors

ROOT = "/v1/"
_REFUSED = {400: errors.malformed, 404: errors.nothing}


class Api:
    """Stands before everything under :data:`ROOT`, and lets the rest pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if not request.path_info.startswith(ROOT):
            return self._get_response(request)
        refused = _refusal(request)
        answer = self._get_response(request) if refused is None else errors.answer(request, refused)
        return _finished(request, _as_problem(request, answer))


def _refusal(request: HttpRequest) -> RegularsError | None:
    try:
        request.get_host()
    except DisallowedHost:
        return RegularsError(
            "api.host",
            mark("This server does not answer under that name."),
            hint=mark("Add it to REGULARS_ALLOWED_HOSTS."),
        )
    length = str(request.META.get("CONTENT_LENGTH") or "0")
    if length.isdigit() and int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        return RegularsError(
            "api.too_large",
            mark("The body is larger than {limit} bytes."),
            hint=mark("Send less at once."),
            limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE,
        )
    # No text of a store may hold this sign.
    if "\0" in request.path_info or "%00" in str(request.META.get("QUERY_STRING", "")):
        return errors.malformed()
    return None


def _as_problem(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    """Turn what others say in their own words into a problem."""
    if answer.headers.get("Content-Type", "").startswith(errors.CONTENT_TYPE):
        return answer
    if answer.status_code in _REFUSED:
        return errors.answer(request, _REFUSED[answer.status_code]())
    if answer.status_code == 405:
        allowed = answer.headers.get("Allow", "")
        error = RegularsError(
            "api.method",
            mark("This address knows other methods only: {allowed}."),
            allowed=allowed,
        )
        told = errors.answer(request, error)
        told.headers["Allow"] = allowed
        return told
    return answer


def _finished(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    answer.headers.setdefault("Cache-Control", "private, no-cache" if request.method == "GET" else "no-store")
    answer.headers["X-Content-Type-Options"] = "nosniff"
    for name, value in getattr(request, "rate_headers", {}).items():
        answer.headers[name] = value
    if request.method == "GET" and answer.status_code == 200 and isinstance(answer, HttpResponse):
        etag = f'"{hashlib.sha256(answer.content).hexdigest()[:32]}"'
        answer.headers["ETag"] = etag
        return _measured(get_conditional_response(request, etag=etag, response=answer) or answer)
    return _measured(answer)


def _measured(answer: HttpResponseBase) -> HttpResponseBase:
    """Say how long an answer is, so that it goes out in one piece."""
    if (
        isinstance(answer, HttpResponse)
        and answer.status_code >= 200
        and answer.status_code not in (204, 304)
    ):
        answer.headers["Content-Length"] = str(len(answer.content))
    return answer
