"""The shopper's page: orders and how they stand, what fits, what they agree to, and what is known of them."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import NamedTuple

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions as access
from regulars.access import queries as keys
from regulars.access import rules
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import LANGUAGES, mark, translator
from regulars.privacy import queries as consents
from regulars.recommend.answers import REASONS
from regulars.runtime import oneself, serving
from regulars.store.models import Customer, Identifier, Product
from regulars.web.me import entry, look
from regulars.web.me.pages import page, styles, styles_at

ORDERS, PICKS = 20, 6
SOURCE = "account page"
ALWAYS = ("analytics", "profiling", "email", "sms")
PURPOSES = {
    "analytics": (mark("Measure my visits"), mark("What I look at in the shop is remembered, so that the shop can become better.")),
    "profiling": (mark("Show me what fits me"), mark("What I bought and looked at decides what I am shown.")),
    "email": (mark("Write to me by e-mail"), mark("News and offers. Messages about my orders come in any case.")),
    "sms": (mark("Write to me by text message"), mark("News and offers. Messages about my orders come in any case.")),
    "push": (mark("Notify me in the browser"), mark("News and offers of the shop.")),
    "whatsapp": (mark("Write to me on WhatsApp"), mark("News and offers of the shop.")),
    "messenger": (mark("Write to me on Messenger"), mark("News and offers of the shop.")),
}  # fmt: skip


class Pick(NamedTuple):
    """Something recommended, with the reason in words."""

    title: str
    why: str
    url: str


def enter(request: HttpRequest) -> HttpResponse:
    """Let somebody in by an entry that the shop signed, once."""
    told = entry.read(request.GET)
    now = datetime.now(UTC)
    written = rules.read(told.key)
    known = keys.write_key(written, settings.REGULARS.home) if written is not None else None
    if known is None or written is None:
        raise entry.forged()
    entry.check(told, known.signing, time.time())
    if not access.first_use(known.id, f"account:{told.signature}", now):
        raise entry.used()
    who = Identifier.objects.filter(kind=Identifier.STORE_ID, value=told.customer).values_list(
        "customer_id", flat=True
    )
    found = entry.Pass(
        who.first() or 0,
        written.prefix,
        int(time.time()) + entry.PASS_SECONDS,
        told.language or language_of(request),
        told.look,
    )
    return HttpResponseRedirect(f"/me/{entry.issued(found, settings.REGULARS.home)}")


def show(request: HttpRequest, token: str) -> HttpResponse:
    """Show whoever the pass is for their own page."""
    found, known = _who(token)
    t = translator(found.language)
    asked = _asked(known)
    return page(
        "account.html.j2", found.language, look=f"/me/{token}/look.css", token=token, customer=known, saved="saved" in request.GET,
        orders=oneself.orders_of(known.id, ORDERS) if known else [], picks=_picks(known, t) if known else [], titles={each: PURPOSES[each] for each in asked},
        allowed=oneself.allowed(known.id, asked) if known else {}, contacts=_contacts(known),
        minutes=max(1, (found.until - int(time.time())) // 60),
    )  # fmt: skip


def agree(request: HttpRequest, token: str) -> HttpResponse:
    """Write down what the shopper agrees to and refuses."""
    found, known = _who(token)
    if known is None:
        raise entry.expired()
    t = translator(found.language)
    asked = [each for each in _asked(known) if f"asked-{each}" in request.POST]
    wordings = {each: f"{t(PURPOSES[each][0])}: {t(PURPOSES[each][1])}" for each in asked}
    oneself.agree(known.id, request.POST.keys() & set(asked), wordings, SOURCE, datetime.now(UTC))
    return HttpResponseRedirect(f"/me/{token}?saved=1")


def look_of(request: HttpRequest, token: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the look that the shop signed."""
    found = entry.shown(token, settings.REGULARS.home, time.time())
    return HttpResponse(
        look.style(found.look),
        content_type="text/css; charset=utf-8",
        headers={"Cache-Control": "private, max-age=600"},
    )


def asset(request: HttpRequest, name: str) -> HttpResponse:  # noqa: ARG001
    """Answer with the style sheet that all shops share."""
    if name != styles_at():
        return HttpResponse(status=404)
    told = {"Cache-Control": "public, max-age=31536000, immutable"}
    return HttpResponse(styles(), content_type="text/css; charset=utf-8", headers=told)


def language_of(request: HttpRequest) -> str:
    """Return the first language that the browser asks for and we speak."""
    told = request.headers.get("Accept-Language", "")[:200].lower().split(",")
    return next((each.strip()[:2] for each in told if each.strip()[:2] in LANGUAGES), "en")


def _who(token: str) -> tuple[entry.Pass, Customer | None]:
    """Return a pass and whose it is; nobody for a customer whom the store does not know yet."""
    found = entry.shown(token, settings.REGULARS.home, time.time())
    if not keys.holds(found.key):
        raise entry.expired()
    some = Customer.objects.prefetch_related("identifiers")
    known = some.filter(id=found.customer).select_related("merged_into").first() if found.customer else None
    if known is not None and known.merged_into_id is not None:
        known = some.filter(id=known.merged_into_id).first()
    return found, known


def _asked(known: Customer | None) -> list[str]:
    """Return the purposes that a shopper is asked about: the usual ones, and those they have said something about."""
    said = consents.current(known.id) if known else {}
    return [each for each in PURPOSES if each in ALWAYS or each in said] if known else []


def _contacts(known: Customer | None) -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for one in known.identifiers.all() if known else ():
        told.setdefault(one.kind, []).append(one.value)
    return {kind: sorted(values) for kind, values in told.items()}


def _picks(known: Customer, t: object) -> list[Pick]:
    try:
        answer = serving.for_customer(settings.REGULARS, known, "for_you", PICKS)
    except RegularsError:
        return []
    ids = {pick.product_id for pick in answer.picks} | {seed for pick in answer.picks for seed in pick.seeds}
    goods = {each.product_id: each for each in Product.objects.filter(product_id__in=ids)}
    told = []
    for pick in answer.picks:
        good = goods.get(pick.product_id)
        seeds = ", ".join((goods[seed].title if seed in goods else "") or seed for seed in pick.seeds)
        url = good.url if good is not None and good.url.startswith(("https://", "http://")) else ""
        told.append(Pick(pick.title or pick.product_id, t(REASONS[pick.reason], seeds=seeds), url))  # type: ignore[operator]
    return told
