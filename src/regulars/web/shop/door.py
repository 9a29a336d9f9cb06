"""Every address of the demo shop; where the server does not show one, none of them exists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path

from regulars.kit.i18n import mark
from regulars.runtime import demonstration
from regulars.web.shop import account, buying, looking
from regulars.web.shop.pages import page
from regulars.web.shop.visit import Visit

View = Callable[..., HttpResponse]
LOOPBACK = ("127.0.0.1", "::1")


class Page(NamedTuple):
    """An address and what answers."""

    route: str
    get: View | None = None
    post: View | None = None


PAGES = (
    Page("", get=looking.home),
    Page("category/<slug:slug>", get=looking.category),
    Page("product/<str:product>", get=looking.product),
    Page("search", get=looking.search),
    Page("picture/<str:name>.svg", get=looking.picture),
    Page("products.json", get=looking.details),
    Page("assets/<str:name>", get=looking.style_sheet),
    Page("cart", get=buying.show, post=buying.change),
    Page("order", post=buying.place),
    Page("order/<str:order>", get=buying.thanks),
    Page("account", get=account.show),
    Page("account/consent", post=account.say),
    Page("sign-in", get=account.choose, post=account.sign_in),
    Page("sign-out", post=account.sign_out),
    Page("settings", post=account.settle),
    Page("owner/<str:token>", get=account.owner),
    Page("<path:anything>", get=looking.nothing),
)


def answering(listed: Page) -> View:
    """Return what answers at an address: only for a demonstration, only on this machine, and forms only from our own pages."""

    def answer(request: HttpRequest, **parts: Any) -> HttpResponse:
        demo = demonstration.shown(settings.REGULARS)
        if demo is None or str(request.META.get("REMOTE_ADDR") or LOOPBACK[0]) not in LOOPBACK:
            raise Http404
        visit = Visit(request, demo)
        found = _answered(visit, listed, parts)
        visit.finish(found)
        return found

    return answer


def _answered(visit: Visit, listed: Page, parts: dict[str, Any]) -> HttpResponse:
    method = visit.request.method or ""
    view = listed.post if method == "POST" else listed.get if method in ("GET", "HEAD") else None
    try:
        visit.request.get_host()
        if view is None:
            return trouble(
                visit, 405, mark("That cannot be done like this"), mark("Use the buttons of the page.")
            )
        if method == "POST" and not visit.own_form():
            return trouble(visit, 403, mark("This form is no longer valid"), mark("Nothing was changed. Open the page again and send it once more."))  # fmt: skip
        return view(visit, **parts)
    except DisallowedHost:
        return trouble(visit, 400, mark("That request cannot be read"), mark("Go back and try again."))
    except LookupError:
        return trouble(visit, 404, mark("There is nothing at this address"), mark("It may have moved, or never been."))  # fmt: skip


def trouble(visit: Visit, status: int, title: str, text: str) -> HttpResponse:
    """Answer with what went wrong, in the shop's own look."""
    return page(visit, "trouble.html.j2", status=status, title=title, text=text)


urlpatterns = [path(listed.route, answering(listed)) for listed in PAGES]
