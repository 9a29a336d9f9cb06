"""What the last refresh published, laid out by the report's own sections: whoever shows figures takes them from here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from regulars.kit.unknown import Unknown
from regulars.report import worth
from regulars.report.page import shown
from regulars.report.view import linked
from regulars.runtime.publication import published
from regulars.runtime.segmenting import FAMILY
from regulars.runtime.shown import page_of
from regulars.segments import queries
from regulars.store.state import recall
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

if TYPE_CHECKING:
    from regulars.kit.i18n import Translator
    from regulars.report.model import Page
    from regulars.report.speech import Speech
    from regulars.report.view import Table
    from regulars.store.models import Run

PLACES = {
    "figures": "/",
    "sales": "/",
    "findings": "/",
    "retention": "/value#retention",
    "repeat": "/value#repeat",
    "value": "/value#value",
    "forecast": "/value#forecast",
    "watch": "/value#watch",
    "groups": "/value#groups",
    "segments": "/segments",
    "channels": "/value#channels",
    "discounts": "/value#discounts",
    "products": "/value#products",
    "recommendations": "/recommendations#recommendations",
    "quality": "/data",
}
"""Where the console shows each section of the report."""


def laid_out(request: HttpRequest, template: str, run: Run, found: Page, **values: Any) -> HttpResponse:
    """Answer with a page over what a run published: sections, charts and the run itself are in its reach."""
    told = shown(found, visit_of(request).language, inside=True)
    return page(
        request, template, **told | {"run": run, "currency": found.shop.currency, "places": PLACES} | values
    )


def latest() -> tuple[Run | None, Page | None]:
    """Return the published run and what it found; no page where there is none, or an earlier version published it."""
    run = published()
    return run, page_of(run)


def currency() -> str:
    """Return the shop's currency; empty until a setting, a load or an order has named it."""
    told: str = settings.REGULARS.currency or recall("currency", "")
    return told


def titles(run: Run | None, t: Translator) -> dict[str, dict[str, str]]:
    """Return the titles of segments by family and name; empty families for a run that an earlier version published."""
    known = run.sizes if run is not None else {}
    shipped = {
        family: {name: title_of(each, t) for name, each in known.get(family, {}).items()}
        for family in ("behaviour", "tier", "rfm", "lifecycle")
    }
    return shipped | {FAMILY: own_titles(run)}


def own_titles(run: Run | None) -> dict[str, str]:
    """Return what the shop calls its own segments now, of those that a run knows and that are there still."""
    known = run.sizes.get(FAMILY, {}) if run is not None else {}
    return {each.name: each.title for each in queries.segments() if each.name in known} if known else {}


def title_of(segment: Mapping[str, Any], t: Translator) -> str:
    """Return what a segment is called, from what a run keeps of it."""
    title: str = segment["title"]
    return t(title)


def tiers_of(found: Page, speech: Speech) -> Table | None:
    """Return the value tiers, each leading to its customers; None where there are none."""
    spread = found.spread
    if spread is None or isinstance(spread, Unknown) or not spread.tiers:
        return None
    return linked(worth.tiers(spread, speech), [f"/customers?tier={tier.name}" for tier in spread.tiers])
