"""Recommendations: what a shop's page would show whom and why, what rules leave out, how often they were right, and how much they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from regulars.catalog import searching as catalogue
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import fill
from regulars.kit.unknown import Unknown
from regulars.recommend.absent import WHY, Absent, absent
from regulars.recommend.answers import OF_THEM, Answer, Pick, sentence
from regulars.recommend.ask import SLOTS
from regulars.recommend.coverage import Coverage
from regulars.recommend.index import Served
from regulars.recommend.rules import Rules
from regulars.report.recommended import Recommended
from regulars.report.speech import Speech
from regulars.runtime import serving, steering
from regulars.runtime.refresh import COVERAGE
from regulars.store.models import Product
from regulars.store.state import recall
from regulars.web.console import money, start, trying
from regulars.web.console.desk import currency, laid_out, latest
from regulars.web.console.trying import ABOUT, SHOWN, TITLES, Wanted
from regulars.web.console.visit import Visit, visit_of


@dataclass(frozen=True)
class Row:
    """A product of a list as the console shows it."""

    pick: Pick
    why: str
    product: Product | None
    price: str


@dataclass(frozen=True)
class Shelf:
    """An answer laid out, and what is not in it because of the rules."""

    rows: Sequence[Row]
    absent: Sequence[Absent]
    said: Sequence[str]
    """What stands in for what was asked, in words."""


def show(request: HttpRequest) -> HttpResponse:
    """Show one answer with all that is known of how good answers are; what to do first where nothing is published."""
    run, found = latest()
    if run is None or found is None:
        return start.show(request)
    visit = visit_of(request)
    asked, kept = trying.wanted(request.GET), steering.read()
    speech = Speech(visit.language, currency() or None)
    served = serving.served(settings.REGULARS)
    return laid_out(
        request,
        "recommendations.html.j2",
        run,
        found,
        asked=asked,
        shelf=shelf(asked, kept.book.of(asked.slot), visit, speech),
        chosen=catalogue.known(asked.products),
        name_of=name_of,
        slots=SLOTS,
        slot_titles=TITLES,
        about=ABOUT,
        why_absent=WHY,
        rules=kept,
        verdict=_verdict(found.recommended, speech),
        covered=Coverage.from_json(recall(COVERAGE, None)),
        index=_index(served),
        may_change=visit.may("offers.write"),
    )


def shelf(asked: Wanted, rules: Rules, visit: Visit, speech: Speech) -> Shelf | None:
    """Return what a question is answered with by some rules; None where nothing says what it starts from."""
    if (asked.needs == "customer" and asked.customer is None) or (
        asked.needs.startswith("product") and not asked.products
    ):
        return None
    answer = serving.answered(settings.REGULARS, asked.slot, SHOWN, rules, asked.customer, asked.products)
    known, _ = serving.known_as(asked.customer)
    told = serving.question(asked.slot, rules, known, asked.products)
    slots = serving.served(settings.REGULARS).slots
    missing = absent(slots, answer, SHOWN, products=asked.products, **told)
    return Shelf(_rows(answer, visit, speech), missing, _said(answer, visit.language))


def name_of(customer: Any) -> str:
    """Return what to call a customer whose identifiers are there."""
    told = " ".join(part for part in (customer.first_name, customer.last_name) if part)
    ids = sorted((one.kind != "store_id", one.value) for one in customer.identifiers.all())
    return told or (ids[0][1] if ids else f"#{customer.id}")


def _rows(answer: Answer, visit: Visit, speech: Speech) -> list[Row]:
    known = catalogue.known({*answer.product_ids, *(seed for pick in answer.picks for seed in pick.seeds)})
    titles = {name: product.title for name, product in known.items()}
    usual = _usual(answer.product_ids)
    found = []
    for pick in answer.picks:
        product = known.get(pick.product_id)
        minor, paid = product and product.price_minor, usual.get(pick.product_id)
        price = money.told(minor, speech, cents=True) if minor is not None or paid is None else speech.money(paid, cents=True)  # fmt: skip
        found.append(Row(pick, sentence(pick, titles, visit.t, OF_THEM), product, price))
    return found


def _usual(product_ids: Sequence[str]) -> dict[str, float]:
    """Return what is usually paid, where the index knows it."""
    found = serving.served(settings.REGULARS).slots.catalogue
    told = ((name, float(found.prices[found.codes[name]])) for name in product_ids)
    return {name: price for name, price in told if np.isfinite(price)}


def _said(answer: Answer, language: str) -> list[str]:
    reasons: list[Unknown] = [why for why in (answer.fallback, *answer.notes) if why is not None]
    return [fill(why.reason, dict(why.values), language) for why in reasons]


def _verdict(found: Recommended | Unknown | None, speech: Speech) -> str:
    """Say in a sentence whether the lists beat what anybody could have shown; nothing where that is not known."""
    if found is None or isinstance(found, Unknown):
        return ""
    t = speech.t
    ours = max((way.hit for way in found.ways if way.ours), default=None)
    others = [way for way in found.ways if not way.ours]
    if ours is None or not others:
        return ""
    best = max(others, key=lambda way: way.hit)
    told = {"ours": speech.percent(ours), "theirs": speech.percent(best.hit), "way": speech.say(best.title)}
    if ours > best.hit:
        return t(
            "Recommended lists were right for {ours} of who came back; the best simple list, “{way}”, for {theirs}.",
            **told,
        )
    return t(
        "Recommended lists were right for {ours} of who came back, which is no better than a simple list: “{way}” was for {theirs}.",
        **told,
    )


def _index(served: Served) -> dict[str, Any]:
    """Return what is known of the index: its version, when it was built and how large it is; and what is wrong with a newer one."""
    # Where orders name no products no index was ever built: that is no fault of anything, and "What answers" says so.
    missing = served.error is not None and served.error.code == "recommend.index_missing"
    wrong: RegularsError | None = None if missing else served.error
    if served.index is None:
        return {"wrong": wrong, "version": "", "nothing": missing and not served.slots.catalogue.product_ids}
    told = served.index.manifest
    built = datetime.fromisoformat(told.created_at)
    return {
        "wrong": wrong,
        "nothing": False,
        "version": told.version,
        "built": built if built.tzinfo else built.replace(tzinfo=UTC),
        "items": told.items,
        "people": told.people,
        "megabytes": told.size / 2**20,
    }
