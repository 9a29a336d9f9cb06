"""Turn a page's data into one self-contained file: texts by locale, charts as data, everything inlined."""

from __future__ import annotations

import base64
import hashlib
import json
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from regulars.kit.errors import Kind, RegularsError
from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.report import goods, groups, habits, reading, recommendations, sales, totals, watch, worth
from regulars.report.findings import findings
from regulars.report.findings_money import track_record
from regulars.report.model import Backtest, Card, Page
from regulars.report.speech import Speech
from regulars.report.view import Chart

ASSETS = ("report.css", "report.js")


def ensure_built() -> None:
    """Raise :class:`RegularsError` (``report.no_assets``) now rather than after minutes of figures."""
    for name in ASSETS:
        _asset(name)


def render(page: Page, *, language: str = "en") -> str:
    """Return the whole report as one HTML document that asks no address for anything.

    Raises :class:`RegularsError` (``report.no_assets``) when the front-end has not been built.
    """
    values = shown(page, language)
    styles, script = (_asset(name) for name in ASSETS)
    charts = values["charts"]
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            **values,
            findings=[each.said(language) for each in findings(page)],
            styles=Markup(styles),  # noqa: S704 - our own build, holds no data
            script=Markup(script),  # noqa: S704
            policy=_policy(script),
            chart_data=lambda: charts.embedded(language, page.shop.currency),
        )
    )


def shown(page: Page, language: str, *, inside: bool = False) -> dict[str, Any]:
    """Return what the templates of sections know a page by: its data, how to say it, and the makers of tables and charts.

    ``inside`` the console other pages name the customers, so that no file has to be pointed at.
    """
    speech = Speech(language, page.shop.currency)
    return {
        "page": page,
        "inside": inside,
        "tiers": None,
        "s": speech,
        "t": speech.t,
        "plural": speech.plural,
        "say": speech.say,
        "charts": Charts(),
        "change": lambda card: change(card, speech),
        "is_unknown": lambda thing: isinstance(thing, Unknown),
        "trusted": trusted(page),
        "track_record": track_record,
        "sales": sales,
        "habits": habits,
        "worth": worth,
        "totals": totals,
        "watch": watch,
        "groups": groups,
        "goods": goods,
        "recommendations": recommendations,
        "reading": reading,
    }


class Charts:
    """Collects the charts a template shows, so that their data stands once, at the end of the page."""

    def __init__(self) -> None:
        self.specs: dict[str, dict[str, Any]] = {}

    def add(self, chart: Chart) -> Chart:
        """Remember a chart's data; return the chart."""
        self.specs[chart.name] = chart.spec
        return chart

    def embedded(self, language: str, currency: str | None) -> Markup:
        """Return the data of all charts as JSON that may stand inside a script element."""
        return _embedded({"language": language, "currency": currency, "charts": self.specs})


def change(card: Card, speech: Speech) -> tuple[str, str, str] | None:
    """Return a card's change: direction (up, down, flat), how good it is (good, bad, neutral), and its text."""
    if not isinstance(card.value, float | int) or not isinstance(card.previous, float | int):
        return None
    if card.unit == "share":
        gap = card.value - card.previous
        text = speech.t("{points} pp", points=speech.number(abs(gap) * 100, 1))
        still = abs(gap) < 0.0005
    elif card.previous > 0:
        gap = card.value / card.previous - 1
        text = speech.share(abs(gap))
        still = abs(gap) < 0.0005
    else:
        return None
    if still:
        return "flat", "neutral", text
    direction = "up" if gap > 0 else "down"
    tone = "neutral" if card.better is None else "good" if card.better == direction else "bad"
    return direction, tone, text


def trusted(page: Page) -> bool:
    """Tell whether the forecast may be shown: its backtest, if there is one, must not have failed."""
    return not (isinstance(page.backtest, Backtest) and page.backtest.failure is not None)


def _policy(script: str) -> str:
    """Forbid every request and every script but our own, so that not even a hostile title could do harm."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def _embedded(data: dict[str, Any]) -> Markup:
    """Write JSON that may stand inside a script element: no ``<``, ``>`` or ``&`` survives literally."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - escaped for its place just above


@cache
def _asset(name: str) -> str:
    found = resources.files("regulars.report") / "assets" / name
    if not found.is_file():
        raise RegularsError(
            "report.no_assets",
            mark("The report's front-end ({name}) has not been built."),
            hint=mark("Run `make setup` in the checkout, or install the released wheel, which carries it."),
            kind=Kind.UNAVAILABLE,
            name=name,
        )
    return found.read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("regulars.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
