"""Templates become the shopper's page: escaped, in their language, in the look of the shop, inside the shop's own pages alone."""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.http import HttpResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from regulars.kit import currencies
from regulars.kit.i18n import translator


@cache
def styles() -> bytes:
    """Return the style sheet that all shops share."""
    return (resources.files("regulars.web.me") / "me.css").read_bytes()


@cache
def styles_at() -> str:
    """Return the style sheet's name, another one for another content."""
    return f"me.{hashlib.sha256(styles()).hexdigest()[:16]}.css"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("regulars.web.me"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def headers() -> dict[str, str]:
    """Return what browsers are told: who may show the page inside of theirs, and that nobody learns its address."""
    told = settings.REGULARS.storefronts
    framed = " ".join(["'self'", *(each for each in told if each != "*")])
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors {framed}"
        ),
        # The address holds the pass: it goes nowhere, not even to our own other pages.
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
        "Cache-Control": "no-store",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    }


def page(template: str, language: str, *, status: int = 200, **values: Any) -> HttpResponse:
    """Answer with a page."""
    t = translator(language)
    html = (
        _environment()
        .get_template(template)
        .render(
            t=t,
            plural=t.plural,
            language=language,
            styles=f"/me/assets/{styles_at()}",
            money=lambda minor, currency: _money(minor, currency, language),
            date=lambda at: _date(at, language),
            country=lambda code: _country(code, language),
            day=lambda on: format_date(on, "long", locale=language),
            **{"look": "", **values},
        )
    )
    return HttpResponse(html, status=status, headers=headers())


def _country(code: str, language: str) -> str:
    """Return what a country is called; as it was told where that is no code."""
    return str(Locale.parse(language).territories.get(code.upper(), code))


def _money(minor: int, currency: str, language: str) -> str:
    amount = minor / 10 ** currencies.digits(currency)
    return str(format_currency(amount, currency, locale=language))


def _date(at: datetime, language: str) -> str:
    zone = ZoneInfo(settings.REGULARS.time_zone)
    return str(format_date(at.astimezone(zone).date(), "long", locale=language))
