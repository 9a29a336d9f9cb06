"""What customers are worth, how sure that is, where they came from and how long they stay."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from regulars.kit.i18n import mark
from regulars.report.page import trusted
from regulars.report.speech import Speech
from regulars.web.console import start
from regulars.web.console.desk import laid_out, latest, tiers_of
from regulars.web.console.visit import visit_of

TABS = (
    ("value", mark("Distribution")),
    ("forecast", mark("Forecast")),
    ("watch", mark("Tracking")),
    ("groups", mark("By group")),
    ("channels", mark("Acquisition")),
    ("retention", mark("Retention")),
    ("repeat", mark("Coming back")),
    ("discounts", mark("Discounts")),
    ("products", mark("Products")),
)


def show(request: HttpRequest) -> HttpResponse:
    """Show everything that the report says of value; what to do first where nothing is published."""
    run, found = latest()
    if run is None or found is None:
        return start.show(request)
    speech = Speech(visit_of(request).language, found.shop.currency)
    shown = {
        "value": found.spread is not None or found.ltv is not None,
        "forecast": found.forecast is not None or found.backtest is not None,
        "watch": found.watch is not None,
        "groups": found.totals is not None and trusted(found),
        "channels": found.channels is not None,
        "retention": found.cohorts is not None,
        "repeat": found.gaps is not None or found.second is not None,
        "discounts": found.discounts is not None,
        "products": found.products is not None or found.pairs is not None,
    }
    tabs = [(name, title) for name, title in TABS if shown[name]]
    return laid_out(request, "value.html.j2", run, found, tabs=tabs, tiers=tiers_of(found, speech))
