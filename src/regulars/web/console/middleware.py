"""Before and after every page of the console: the host is checked, and browsers are told what pages may do."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from regulars.web.console import trouble
from regulars.web.console.visit import visit_of

API = "/v1/"
ACCOUNT = "/me"
"""The shopper's page stands inside the shop's pages, and says itself what browsers may do."""
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # Also keeps the tokens of links to ourselves; own forms must still say where they come from.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}


class Console:
    """Stands before every page but the API's, whose requests pass untouched."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request."""
        if request.path_info.startswith(API):
            return self._get_response(request)
        answer = self._answered(request)
        own = f"{request.path_info}/".startswith(f"{ACCOUNT}/")
        for name, value in () if own else HEADERS.items():
            answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "no-store")
        visit = visit_of(request)
        if visit.secure:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        if isinstance(answer, HttpResponse):
            visit.finish(answer)
        return answer

    def _answered(self, request: HttpRequest) -> HttpResponseBase:
        try:
            request.get_host()
        except DisallowedHost:
            return trouble.page(request, 400)
        if "\0" in request.path_info or "%00" in str(request.META.get("QUERY_STRING", "")):
            return trouble.page(request, 400)
        return self._get_response(request)
