"""Settings: what the owner chooses for the whole shop, what the environment decided, and how the server is."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, NamedTuple
from zoneinfo import available_timezones

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

import regulars
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import fill, mark
from regulars.runtime import preferences
from regulars.runtime.checkup import checkup
from regulars.runtime.preferences import Kept
from regulars.runtime.settings import PREFIX, Settings
from regulars.segments.thresholds import Thresholds
from regulars.store.models import Order
from regulars.store.state import recall
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

LONGEST = 200
TITLES = {
    "shop_name": mark("Name of the shop"),
    "currency": mark("Currency"),
    "time_zone": mark("Time zone"),
    "margin": mark("Margin"),
    "horizon_days": mark("Days that the forecast looks ahead"),
    "refresh_at": mark("Time of the nightly refresh"),
}
HINTS = {
    "shop_name": mark("Stands above the pages and in reports."),
    "currency": mark("Three letters such as PLN. Fixed once there are orders or costs: nothing is converted."),
    "time_zone": mark("Whose calendar days are counted by. Fixed once there are orders."),
    "margin": mark("Share of net revenue left after the cost of goods, such as 35%. Without it values are net revenue."),
    "horizon_days": mark("From 1 to 3650; 365 as a rule."),
    "refresh_at": mark("By the shop's clock, such as 03:00."),
}  # fmt: skip
THRESHOLDS = {
    "first_time_days": mark("New customer: days since the first order"),
    "repeat_orders": mark("Repeat customer: orders"),
    "loyal_orders": mark("Loyal: orders"),
    "big_spender_days": mark("Big spender: days looked back"),
    "big_spender_percentile": mark("Big spender: percentile of spending"),
    "high_aov_percentile": mark("Large baskets: percentile of the average order"),
    "high_aov_single_percentile": mark("Large baskets: the same with a single order"),
    "vip_percentile": mark("VIP: percentile of value"),
    "vip_orders": mark("VIP: orders"),
    "vip_p_alive": mark("VIP: chance of still being a customer"),
    "full_price_share": mark("Full price: at most this share of orders with a discount"),
    "discount_share": mark("Discount buyer: at least this share of orders with a discount"),
    "discount_orders": mark("Discount buyer: orders"),
    "at_risk_p_alive": mark("At risk: chance of still being a customer below"),
    "lapsed_p_alive": mark("Lapsed: chance of still being a customer below"),
    "won_back_days": mark("Won back: ordered again within so many days"),
    "returner_orders": mark("Serial returner: orders"),
    "returner_share": mark("Serial returner: share of what they paid that was refunded"),
    "churn_gap_days": mark("Days of silence that count as leaving"),
    "lapsed_days": mark("Days of silence that count as lapsed where the shop's gap is unknown"),
    "tier_shares": mark("Value tiers: per cent of customers in top, high, middle, low"),
    "rfm_frequency": mark("RFM: fewest orders for a frequency of 2, 3, 4, 5"),
    "abandoned_days": mark("Carts and views left behind: days looked back"),
    "abandoned_hours": mark("Cart abandoner: hours that may pass before a cart counts as left"),
    "browsed_views": mark("Browse abandoner: views of one product"),
    "migration_days": mark("Moves between RFM groups: days looked back"),
}
_LISTS = ("tier_shares", "rfm_frequency")


class Field(NamedTuple):
    """A setting as the page shows it."""

    name: str
    title: str
    hint: str
    value: str
    usual: str
    locked: str
    """Where it comes from instead; empty where it can be changed here."""


def show(
    request: HttpRequest, error: RegularsError | None = None, told: QueryDict | None = None
) -> HttpResponse:
    """Show every setting, and how the server is."""
    visit = visit_of(request)
    known, kept = settings.REGULARS, preferences.kept()
    return page(
        request,
        "settings.html.j2",
        error=error,
        said=request.GET.get("done", "") == "1" and error is None,
        version=kept.version if told is None else told.get("version", "")[:12],
        fields=[_field(name, known, told) for name in TITLES],
        thresholds=_thresholds(known, kept, told),
        thresholds_locked=_origin(known, "thresholds"),
        zones=sorted(available_timezones()),
        orders=Order.objects.exists(),
        server=_server(known),
        findings=[
            (each.name, each.state, fill(each.found.message, dict(each.found.values), visit.language), each.advice and fill(each.advice.message, dict(each.advice.values), visit.language))
            for each in checkup(known)
            if each.name not in ("Settings", "Chosen in the console")
        ],
        release=regulars.__version__,
    )  # fmt: skip


def change(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen."""
    visit = visit_of(request)
    known = settings.REGULARS
    told = {name: _plain(name, request.POST[name]) for name in TITLES if name in request.POST}
    if not preferences.locked(known, "thresholds"):
        told["thresholds"] = _joined(request.POST)
    text = request.POST.get("version", "")
    seen = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else -1
    try:
        preferences.change(known, told, seen, who=f"user:{visit.me.id}", now=visit.now)
    except RegularsError as error:
        # Who comes second sees what the first one chose, not their own words over it.
        return show(request, error, None if error.code == "settings.changed" else request.POST)
    preferences.apply(known)
    return HttpResponseRedirect("/settings?done=1")


def _field(name: str, known: Settings, told: QueryDict | None) -> Field:
    usual = getattr(Settings, name, "")
    value = getattr(known, name)
    text = "" if value is None or (value == usual and not _origin(known, name)) else _written(name, value)
    if told is not None and name in told:
        text = told[name][:LONGEST]
    placeholder = recall("currency", "") if name == "currency" else _written(name, usual)
    return Field(name, TITLES[name], HINTS[name], text, placeholder, _origin(known, name))


def _written(name: str, value: Any) -> str:
    if value is None:
        return ""
    return f"{value * 100:g}%" if name == "margin" else str(value)


def _origin(known: Settings, name: str) -> str:
    return known.origins.get(name, "") if preferences.locked(known, name) else ""


def _plain(name: str, text: str) -> str:
    """Return a value as settings are written: a percentage as a share."""
    found = text.strip()[:LONGEST]
    if name != "margin":
        return found
    found = found.replace(",", ".").replace("\u00a0", "").replace(" ", "")
    if not found.endswith("%"):
        return found
    try:
        return f"{float(found[:-1]) / 100:.10g}"
    except ValueError:
        return found


def _thresholds(known: Settings, kept: Kept, told: QueryDict | None) -> list[tuple[str, str, str, str]]:  # noqa: ARG001
    chosen = dict(each.partition("=")[::2] for each in known.thresholds)
    usual = Thresholds().to_json()
    return [
        (name, title, chosen.get(name, "") if told is None else told.get(f"at.{name}", "")[:LONGEST], _usual(usual[name]))
        for name, title in THRESHOLDS.items()
    ]  # fmt: skip


def _usual(value: Any) -> str:
    if value is None:
        return ""
    return "/".join(f"{part:g}" for part in value) if isinstance(value, list) else f"{value:g}"


def _joined(told: QueryDict) -> str:
    found = []
    for name in THRESHOLDS:
        text = told.get(f"at.{name}", "").strip()[:LONGEST]
        if text:
            found.append(f"{name}={text.replace(',', '/' if name in _LISTS else '.')}")
    return ",".join(found)


def _server(known: Settings) -> list[tuple[str, str, str]]:
    """Return what only the environment and the file can say: variable, value and origin; no secrets."""
    found = []
    for each in fields(Settings):
        if each.name in (*preferences.CHANGEABLE, "origins"):
            continue
        value = getattr(known, each.name)
        text = (
            ", ".join(value)
            if isinstance(value, tuple)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        shown = "…" if each.metadata.get("secret") and value else text or "–"
        found.append((PREFIX + each.name.upper(), shown, known.origins.get(each.name, "default")))
    return found
