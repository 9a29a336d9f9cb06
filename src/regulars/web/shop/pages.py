"""Templates become pages of the shop: escaped, in the shopper's language."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date
from babel.numbers import format_currency
from django.conf import settings
from django.http import HttpResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from regulars.kit import currencies
from regulars.web.shop import goods
from regulars.web.shop.ordering import cart
from regulars.web.shop.visit import Visit

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "form-action 'self'; frame-ancestors 'self'; base-uri 'none'; require-trusted-types-for 'script'"
    ),
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@cache
def styles() -> bytes:
    """Return the style sheet; empty where the front end was not built: pages can be read without it."""
    try:
        return (resources.files("regulars.web.shop") / "assets" / "shop.css").read_bytes()
    except FileNotFoundError:
        return b""


@cache
def _styles_at() -> str:
    return f"/shop/assets/shop.{hashlib.sha256(styles()).hexdigest()[:16]}.css"


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("regulars.web.shop"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def page(visit: Visit, template: str, *, status: int = 200, **values: Any) -> HttpResponse:
    """Answer with a page of the shop."""
    demo, language = visit.demo, visit.language

    def money(minor: int) -> str:
        return str(format_currency(major(minor, demo.currency), demo.currency, locale=language))

    html = (
        _environment()
        .get_template(template)
        .render(
            t=visit.t,
            plural=visit.t.plural,
            language=language,
            styles=_styles_at(),
            demo=demo,
            visit=visit,
            basket=cart(visit.cart, demo),
            here=visit.request.get_full_path(),
            categories=goods.CATEGORIES,
            slug=goods.slug,
            money=money,
            major=lambda minor: major(minor, demo.currency),
            date=lambda at: _date(at, language),
            json=lambda told: json.dumps(told, ensure_ascii=False),
            **values,
        )
    )
    return HttpResponse(html, status=status, headers=HEADERS)


def major(minor: int, currency: str) -> float:
    """Return an amount in the unit that people name."""
    return minor / 10 ** currencies.digits(currency)


def _date(at: datetime, language: str) -> str:
    zone = ZoneInfo(settings.REGULARS.time_zone)
    return str(format_date(at.astimezone(zone).date(), "long", locale=language))
