"""Where a shop begins: the first steps, which are done, and which is next."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.runtime.publication import published
from regulars.runtime.shown import page_of
from regulars.store.models import Order, Run
from regulars.web.console import assets, trouble
from regulars.web.console.pages import page


def show(request: HttpRequest) -> HttpResponse:
    """Show what has been done of the first steps, and what to do next."""
    last = Run.objects.defer("summary", "page").order_by("-id").first()
    run = published()
    return page(
        request,
        "start.html.j2",
        orders=Order.objects.exists(),
        published=run,
        # A page that an earlier version published cannot be shown; the next refresh writes a new one.
        outdated=run is not None and page_of(run) is None,
        failed=last is not None and last.state == Run.FAILED,
        running=last is not None and last.state == Run.RUNNING,
    )


def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the style sheet or the script, for good: another one has another address."""
    kind = assets.named(name)
    if not kind:
        return trouble.page(request, 404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    body = assets.content(kind)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"], body = "gzip", assets.packed(kind)
    return HttpResponse(body, content_type=assets.KINDS[name.rpartition(".")[2]], headers=headers)
