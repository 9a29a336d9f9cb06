"""One customer: what they did, what they are worth and why, what to show them, what they allowed, and what was noted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions as access
from regulars.customers import listing, notes
from regulars.customers import queries as customers
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import fill, mark
from regulars.kit.unknown import Unknown
from regulars.orders import amounts
from regulars.orders import queries as orders
from regulars.privacy import actions as privacy_actions
from regulars.privacy import queries as privacy
from regulars.privacy.rules import PROFILING, UNSAID
from regulars.recommend.answers import OF_THEM, sentence
from regulars.report.speech import Speech
from regulars.runtime import happened, happening, history, serving
from regulars.runtime.projection import lake_of
from regulars.store import database
from regulars.store.models import Customer, Product
from regulars.value import reasons
from regulars.web.console import money, trouble
from regulars.web.console.desk import currency, latest, own_titles, title_of, titles
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

if TYPE_CHECKING:
    from regulars.recommend.answers import Answer
    from regulars.store.models import Order, Score

ORDERS, EVENTS, NOTES, PICKS = 20, 300, 50, 6
TYPES = {
    "page": mark("Opened a page"),
    "view": mark("Viewed"),
    "list_view": mark("Looked through a list"),
    "cart": mark("Put into the cart"),
    "cart_remove": mark("Took out of the cart"),
    "cart_view": mark("Looked at the cart"),
    "checkout": mark("Began to check out"),
    "purchase": mark("Ordered"),
    "refund": mark("Got a refund"),
    "coupon": mark("Applied a coupon"),
    "search": mark("Searched"),
    "email_opened": mark("Opened an e-mail"),
    "email_clicked": mark("Clicked in an e-mail"),
    "review": mark("Reviewed a product"),
    "identify": mark("Signed in"),
}
PURPOSES = {
    "analytics": mark("Measuring"),
    "profiling": mark("Profiling"),
    "email": mark("E-mail"),
    "sms": mark("SMS"),
    "push": mark("Web push"),
    "whatsapp": mark("WhatsApp"),
    "messenger": mark("Messenger"),
}
STATUSES = {"unpaid": mark("unpaid"), "cancelled": mark("cancelled"), "test": mark("test")}


@dataclass(frozen=True)
class Entry:
    """One thing of the timeline."""

    kind: str
    at: datetime
    thing: Any


def show(request: HttpRequest, customer: int, error: RegularsError | None = None) -> HttpResponse:
    """Show a customer; one who was merged into another is shown as the other."""
    found = (
        Customer.objects.filter(id=customer).prefetch_related("identifiers").first()
        if customer < 1 << 63
        else None
    )
    if found is None:
        return trouble.page(request, 404)
    if found.merged_into_id is not None:
        return HttpResponseRedirect(f"/customers/{found.merged_into_id}")
    visit = visit_of(request)
    run, told = latest()
    unit, forecast = currency(), None if told is None or isinstance(told.forecast, Unknown) else told.forecast
    speech = Speech(visit.language, unit or None)
    score = customers.scores(run and run.id, [found.id]).get(found.id)
    entries, older = _timeline(found, _moment(request.GET.get("before", "")))
    answer = _answer(found)
    with_money = visit.may("figures.read")
    return page(
        request, "customer.html.j2", error=error, s=speech, person=found, run=run, score=score, listed=listing.of(run and run.id, [found.id])[0],
        known=_known(found), segments=_segments(found, run, visit.t), titles=titles(run, visit.t),
        reason=_reason(score, visit.language), entries=entries, older=older, types=TYPES, statuses=STATUSES, order_amounts=amounts,
        amount=lambda minor, cents=None: money.told(minor, speech, cents=cents), money_shown=with_money, level=forecast and forecast.level, days=forecast and forecast.horizon_days,
        major=lambda minor: float(money.major(minor, unit) or 0),
        picks=[] if answer is None else _picks(answer, visit.t), fallback=_fallback(answer, visit.language),
        consents=_consents(found), purposes=PURPOSES, profiled=privacy.allows(found.id, PROFILING),
        past=history.of(lake_of(settings.REGULARS), found.id)[:12] if with_money and score is not None else [],
        may_write=visit.may("customers.write"),
    )  # fmt: skip


def add_note(request: HttpRequest, customer: int) -> HttpResponse:
    """Write a note down, or take one away."""
    visit = visit_of(request)
    if customer >= 1 << 63 or not Customer.objects.filter(id=customer, merged_into=None).exists():
        return trouble.page(request, 404)
    gone = request.POST.get("remove", "")
    who = f"user:{visit.me.id}"
    try:
        with database.writing():
            if gone:
                number = int(gone) if gone.isascii() and gone.isdigit() and len(gone) < 19 else 0
                notes.remove(customer, number, visit.me)
                access.note(who, "note.remove", f"customer:{customer}", {"note": number}, visit.now)
            else:
                made = notes.add(customer, request.POST.get("text", ""), visit.me, visit.now)
                access.note(who, "note.add", f"customer:{customer}", {"note": made.id}, visit.now)
    except RegularsError as error:
        return show(request, customer, error)
    return HttpResponseRedirect(f"/customers/{customer}")


def add_word(request: HttpRequest, customer: int) -> HttpResponse:
    """Write down what a customer told the service team that they agree to or refuse, and where they said so."""
    visit = visit_of(request)
    if customer >= 1 << 63 or not Customer.objects.filter(id=customer, merged_into=None).exists():
        return trouble.page(request, 404)
    told = request.POST
    purpose, granted = told.get("purpose", "")[:40], told.get("granted", "")
    source = " ".join(told.get("source", "").split())[:80]
    if granted not in ("yes", "no"):
        return trouble.page(request, 400)
    try:
        if not source or not source.isprintable():
            raise RegularsError(
                "privacy.source",
                mark("It has to be said where they said so."),
                hint=mark("For example: on the phone, by e-mail, in the shop."),
            )
        with database.writing():
            privacy_actions.say(
                customer, purpose, granted=granted == "yes", at=visit.now, source=f"{source} ({visit.me.name})"[:100], wording="", now=visit.now
            )  # fmt: skip
            details = {"purpose": purpose, "granted": granted == "yes", "source": source}
            access.note(f"user:{visit.me.id}", "consent.put", f"customer:{customer}", details, visit.now)
    except RegularsError as error:
        return show(request, customer, error)
    return HttpResponseRedirect(f"/customers/{customer}#h-allowed")


def _timeline(found: Customer, before: datetime | None) -> tuple[list[Entry], str]:
    """Orders a page at a time, with the events, notes and words that fall between them; and where the next page begins."""
    some = orders.of_customer(found.id, None if before is None else (before, 0), ORDERS + 1)
    shown, more = some[:ORDERS], len(some) > ORDERS
    since = shown[-1].ordered_at if more else None

    def between(at: datetime) -> bool:
        return (since is None or at >= since) and (before is None or at < before)

    entries = [Entry(_kind(order), order.ordered_at, order) for order in shown]
    entries += [
        Entry("note", note.at, note) for note in notes.of_customer(found.id, NOTES) if between(note.at)
    ]
    entries += [Entry("word", said.at, said) for said in privacy.history(found.id) if between(said.at)]
    lake = lake_of(settings.REGULARS)
    known = happened.of(lake, found.id, since, before, EVENTS)
    entries += _days(_waiting(found, known, between) + known)
    entries.sort(key=lambda entry: entry.at, reverse=True)
    return entries, since.isoformat() if since is not None else ""


def _waiting(
    found: Customer, known: list[dict[str, Any]], between: Callable[[datetime], bool]
) -> list[dict[str, Any]]:
    """Events that are not in the lake yet, as the lake would tell them; none where the inbox does not answer."""
    try:
        some = happening.waiting(settings.REGULARS, customer=found.id)
    except RegularsError:
        return []
    there = {(each["type"], each["occurred_at"], each["product_id"]) for each in known}
    return [
        {"type": each.type, "occurred_at": each.at, "product_id": each.product_id or None}
        for each in sorted(some, key=lambda each: each.at, reverse=True)
        if between(each.at) and (each.type, each.at, each.product_id or None) not in there
    ]


def _kind(order: Order) -> str:
    return "refund" if order.kind == "refund" else "order"


def _days(events: list[dict[str, Any]]) -> list[Entry]:
    """Events of one sort on one day as one entry, with how many and of what: nobody reads forty views one by one."""
    groups: dict[tuple[Any, str], list[dict[str, Any]]] = {}
    for event in events:
        groups.setdefault((event["occurred_at"].date(), event["type"]), []).append(event)
    titles = dict(
        Product.objects.filter(
            product_id__in={event["product_id"] for event in events if event["product_id"]}
        ).values_list("product_id", "title")
    )
    told = []
    for (_, sort), some in groups.items():
        names = list(
            dict.fromkeys(
                titles.get(each["product_id"]) or each["product_id"] for each in some if each["product_id"]
            )
        )
        told.append(
            Entry("event", some[0]["occurred_at"], {"type": sort, "count": len(some), "products": names})
        )
    return told


def _answer(found: Customer) -> Answer | None:
    try:
        return serving.for_customer(settings.REGULARS, found, "for_you", PICKS)
    except RegularsError:
        return None


def _picks(answer: Answer, t: Any) -> list[tuple[str, str]]:
    seeds = {seed for pick in answer.picks for seed in pick.seeds}
    titles = dict(Product.objects.filter(product_id__in=seeds).values_list("product_id", "title"))
    return [(pick.title or pick.product_id, sentence(pick, titles, t, OF_THEM)) for pick in answer.picks]


def _fallback(answer: Answer | None, language: str) -> str:
    why = None if answer is None else answer.fallback
    return "" if why is None else fill(why.reason, dict(why.values), language)


def _reason(score: Score | None, language: str) -> str:
    if score is None or not score.reason:
        return ""
    phrase = reasons.read(score.reason)
    return score.reason if phrase is None else fill(phrase.message, dict(phrase.values), language)


def _known(found: Customer) -> dict[str, list[str]]:
    known: dict[str, list[str]] = {"store_id": [], "email": [], "phone": []}
    for one in found.identifiers.all():
        known.setdefault(one.kind, []).append(one.value)
    return known


def _segments(found: Customer, run: Any, t: Any) -> list[tuple[str, str]]:
    shipped, own = (run.sizes if run else {}).get("behaviour", {}), own_titles(run)
    names = customers.segments(run and run.id, [found.id])[found.id]
    return [(name, title_of(shipped[name], t) if name in shipped else own.get(name, name)) for name in names]


def _consents(found: Customer) -> list[tuple[str, bool, Any]]:
    said = privacy.current(found.id)
    return [
        (purpose, said[purpose].granted if purpose in said else unsaid, said.get(purpose))
        for purpose, unsaid in UNSAID.items()
    ]


def _moment(told: str) -> datetime | None:
    """Read where a page of the timeline begins; anything that is no moment is the beginning."""
    try:
        found = datetime.fromisoformat(told[:40])
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
