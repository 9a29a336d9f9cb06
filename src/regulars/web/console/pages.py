"""Templates become pages: escaped, in the person's language, with the navigation that their roles open."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time
from babel.numbers import format_decimal
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from regulars.kit.errors import RegularsError
from regulars.kit.i18n import mark, translator
from regulars.web.console import assets
from regulars.web.console.visit import visit_of

NAVIGATION = (
    (mark("Shop"), (
        ("/", mark("Overview"), "figures.read"), ("/", mark("Start"), "!figures.read"), ("/customers", mark("Customers"), "customers.read"),
        ("/value", mark("Value"), "figures.read"), ("/segments", mark("Segments"), "figures.read"),
        ("/recommendations", mark("Recommendations"), "figures.read"), ("/data/events", mark("Events"), "events.read"),
    )),
    (mark("Set up"), (
        ("/data", mark("Data"), "sources.manage"), ("/privacy", mark("Privacy"), "privacy.read"), ("/settings", mark("Settings"), "settings.manage"), ("/users", mark("People"), "users.manage"), ("/keys", mark("Keys"), "keys.manage"),
        ("/audit", mark("Audit log"), "audit.read"),
    )),
    (mark("You"), (("/account", mark("Account"), ""),)),
)  # fmt: skip
"""Groups of pages: address, title, and the permission that shows it; with "!" the one that hides it."""
STATUS = {
    "customers.list_lost": 404,
    "people.wait": 429,
    "people.busy": 503,
    "people.wrong": 403,
    "segments.needed": 409,
    "segments.changed": 409,
    "uploads.large": 413,
    "uploads.busy": 503,
    "uploads.disk": 507,
}
"""Statuses of errors that are not just of what was typed."""


@cache
def _environment() -> Environment:
    return Environment(
        # Sections, tables and charts of the report are those of the console.
        loader=ChoiceLoader(
            [PackageLoader("regulars.web.console"), PackageLoader("regulars.report", "templates")]
        ),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def bare(template: str, language: str, **values: Any) -> str:
    """Return a page that knows nobody."""
    t = translator(language)
    told = {
        "theme": "",
        "styles": assets.address("css"),
        "script": assets.address("js"),
        "charts": None,
        "lively": assets.address("pages"),
    }
    return (
        _environment()
        .get_template(template)
        .render(
            told
            | {
                "t": t,
                "plural": t.plural,
                "language": language,
                "count": lambda number: format_decimal(number, "#,##0", locale=language),
            }
            | values
        )
    )


def page(
    request: HttpRequest,
    template: str,
    *,
    error: RegularsError | None = None,
    status: int = 200,
    **values: Any,
) -> HttpResponse:
    """Answer with a page; ``error`` is said above its forms and decides the status where none is given."""
    visit = visit_of(request)
    headers = {}
    if error is not None:
        status = STATUS.get(error.code, 422) if status == 200 else status
        if "retry_seconds" in error.values:
            headers["Retry-After"] = str(error.values["retry_seconds"])
    html = bare(
        template,
        visit.language,
        visit=visit,
        user=visit.user,
        theme=visit.theme,
        here=request.get_full_path() if request.method == "GET" else request.path_info,
        form_token=visit.form_token,
        navigation=_navigation(visit),
        shop_name=settings.REGULARS.shop_name,
        wrong=error.said(visit.language) if error is not None else None,
        moment=lambda at: moment(at, visit.language),
        **values,
    )
    return HttpResponse(html, status=status, headers=headers)


def moment(at: datetime | None, language: str) -> str:
    """Write a moment in the shop's time zone."""
    if at is None:
        return "–"
    zone = ZoneInfo(settings.REGULARS.time_zone)
    here = at.astimezone(zone)
    return f"{format_date(here, locale=language)}, {format_time(here, 'short', locale=language)}"


def _shown(permission: str, visit: Any) -> bool:
    if permission.startswith("!"):
        return not visit.may(permission[1:])
    return not permission or bool(visit.may(permission))


def _navigation(visit: Any) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    path = visit.request.path_info
    under = [each[0] for _, entries in NAVIGATION for each in entries if f"{path}/".startswith(f"{each[0]}/")]
    # Of two that lead here the nearer one: the stream of events lies under the data, and is a page of its own.
    nearest = max(under, key=len, default="")
    groups = []
    for heading, entries in NAVIGATION:
        shown = [
            (address, title, path == address if address == "/" else address == nearest)
            for address, title, permission in entries
            if _shown(permission, visit)
        ]
        if shown:
            groups.append((heading, shown))
    return groups
