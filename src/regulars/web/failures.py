"""Where something goes wrong outside of any page: programs are told a problem, people a page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.web import errors
from regulars.web.console import trouble

ROOT = "/v1/"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer a request that Django refuses."""
    if request.path_info.startswith(ROOT):
        return errors.bad_request(request, exception)
    return trouble.page(request, 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer where no page is."""
    if request.path_info.startswith(ROOT):
        return errors.not_found(request, exception)
    return trouble.page(request, 404)


def internal(request: HttpRequest) -> HttpResponse:
    """Answer where we made a mistake."""
    if request.path_info.startswith(ROOT):
        return errors.internal(request)
    return trouble.page(request, 500)
