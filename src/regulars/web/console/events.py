"""What happens in the shop right now: the newest events as they arrive, who did it, and with what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from babel.dates import format_timedelta
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode

from regulars.customers import listing
from regulars.customers import queries as customers
from regulars.kit.errors import RegularsError
from regulars.report.speech import Speech
from regulars.runtime import happening
from regulars.store.models import Product
from regulars.web.console.customer import TYPES
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import PART, Visit, visit_of

LONGEST = 100


def show(request: HttpRequest) -> HttpResponse:
    """Show the newest events; a page that asks for the list alone gets that."""
    visit = visit_of(request)
    type_ = request.GET.get("type", "")[:LONGEST]
    whose = request.GET.get("customer", "").strip()[:LONGEST] if visit.may("customers.read") else ""
    found, error = _found(type_, whose)
    named = _named(found, visit)
    asked = {name: value for name, value in (("type", type_), ("customer", whose)) if value}
    template = "events_list.html.j2" if PART in request.headers else "events.html.j2"
    return page(
        request, template, error=error, s=Speech(visit.language, currency() or None), events=found, named=named, titles=_titles(found),
        types=TYPES, type=type_, whose=whose, address=f"/data/events?{urlencode(asked)}" if asked else "/data/events",
        ago=lambda at: _ago(visit.now, at, visit.language), most=happening.MOST, days=happening.DAYS, may_name=visit.may("customers.read"),
    )  # fmt: skip


def _found(type_: str, whose: str) -> tuple[Sequence[happening.Happened], RegularsError | None]:
    """Return the newest events; what is wrong where the inbox or the lake does not answer."""
    customer = customers.by_name(whose) if whose else None
    if whose and customer is None:
        return [], None
    try:
        return happening.latest(settings.REGULARS, type_=type_, customer=customer and customer.id), None
    except RegularsError as error:
        return [], error


def _named(found: Sequence[happening.Happened], visit: Visit) -> dict[int, str]:
    """Return what customers are called, where that is for whoever looks."""
    if not visit.may("customers.read"):
        return {}
    keys = sorted({each.customer for each in found if each.customer is not None})
    return {each.customer.id: each.name for each in listing.of(None, keys)}


def _titles(found: Sequence[happening.Happened]) -> dict[str, str]:
    ids = {each.product_id for each in found if each.product_id}
    return dict(Product.objects.filter(product_id__in=ids).values_list("product_id", "title"))


def _ago(now: datetime, at: datetime, language: str) -> str:
    return format_timedelta(min(at - now, now - now), add_direction=True, locale=language, threshold=1.1)
