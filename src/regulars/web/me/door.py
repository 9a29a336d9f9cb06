"""Every address of the shopper's page; each failure is a page too, and says no more than it must."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest, DisallowedHost, SuspiciousOperation
from django.http import HttpRequest, HttpResponse
from django.urls import path

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import LANGUAGES, mark, translator
from regulars.web.me import account
from regulars.web.me.pages import page
from regulars.web.me.throttle import BURST, RATE, THROTTLE

View = Callable[..., HttpResponse]
log = logging.getLogger(__name__)


class Page(NamedTuple):
    """An address and what answers."""

    route: str
    get: View | None = None
    post: View | None = None


PAGES = (
    Page("", get=account.enter),
    Page("assets/<str:name>", get=account.asset),
    Page("<str:token>", get=account.show),
    Page("<str:token>/consents", post=account.agree),
    Page("<str:token>/look.css", get=account.look_of),
)
ASKED = {
    400: (mark("That request cannot be read"), mark("Open your account in the shop again.")),
    403: (mark("This form is no longer valid"), mark("Open your account in the shop again.")),
    405: (mark("That cannot be done like this"), mark("Use the buttons of the page.")),
    429: (mark("That was a lot at once"), mark("Wait a minute, then try again.")),
    500: (mark("Something went wrong"), mark("It was our mistake. Try again a little later.")),
}


def answering(listed: Page) -> View:
    """Return what answers at an address."""

    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        try:
            return _answered(request, listed, parts)
        except RegularsError as error:
            title, hint = error.said(language(request))
            return page(
                "trouble.html.j2",
                language(request),
                status=403,
                title=title,
                text=hint or "",
                code=error.code,
            )
        except (DisallowedHost, BadRequest, SuspiciousOperation):
            return trouble(request, 400)
        except Exception:
            log.exception("the account page failed")
            return trouble(request, 500)

    return answer


def _answered(request: HttpRequest, listed: Page, parts: dict[str, Any]) -> HttpResponse:
    request.get_host()
    if not THROTTLE.take(_address(request), RATE, BURST).allowed:
        return trouble(request, 429)
    method = request.method or ""
    view = listed.post if method == "POST" else listed.get if method in ("GET", "HEAD") else None
    if view is None:
        return trouble(request, 405)
    if method == "POST" and not _own(request):
        return trouble(request, 403)
    return view(request, **parts)


def trouble(request: HttpRequest, status: int) -> HttpResponse:
    """Answer with what went wrong."""
    title, text = ASKED[status]
    told = language(request)
    return page(
        "trouble.html.j2",
        told,
        status=status,
        title=translator(told)(title),
        text=translator(told)(text),
        code="",
    )


def language(request: HttpRequest) -> str:
    """Return the language of a page that knows nobody."""
    told = request.GET.get("language", "")
    return told if told in LANGUAGES else account.language_of(request)


def _own(request: HttpRequest) -> bool:
    """Tell whether a form comes from a page of ours. The pass in its address is what protects it; this refuses what browsers say of themselves."""
    origin = request.headers.get("Origin")
    if origin not in (None, "null") and urlsplit(origin).netloc != request.get_host():
        return False
    # A page that sends no referrer names no origin either, wherever it stands.
    return request.headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")


def _address(request: HttpRequest) -> str:
    told = request.headers.get("X-Forwarded-For", "") if settings.REGULARS.behind_proxy else ""
    return told.rpartition(",")[2].strip() or str(request.META.get("REMOTE_ADDR") or "")


entrance = answering(PAGES[0])
urlpatterns = [path(listed.route, answering(listed)) for listed in PAGES]
