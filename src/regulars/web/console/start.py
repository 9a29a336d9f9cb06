"""The first page: who is signed in, what there is, and how it is."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.runtime.publication import published
from regulars.store.models import Customer, Order, Run
from regulars.web.console import assets, trouble
from regulars.web.console.pages import page


def show(request: HttpRequest) -> HttpResponse:
    """Show counts, the last refresh and what to do next."""
    last = Run.objects.order_by("-id").first()
    return page(
        request,
        "start.html.j2",
        customers=Customer.objects.count(),
        orders=Order.objects.count(),
        published=published(),
        failed=last is not None and last.state == Run.FAILED,
        running=last is not None and last.state == Run.RUNNING,
    )


def style_sheet(request: HttpRequest, name: str) -> HttpResponse:
    """Answer with the style sheet, for good: another one has another address."""
    if f"/assets/{name}" != assets.address():
        return trouble.page(request, 404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(assets.styles(), content_type="text/css; charset=utf-8", headers=headers)
