"""A shopper's own page: orders, what fits them, what they agreed to; and the doors into it."""

from __future__ import annotations

from datetime import UTC, datetime

from django.conf import settings
from django.http import HttpResponse, HttpResponseRedirect

from regulars.access.people import queries as people
from regulars.access.sessions import actions as sessions
from regulars.access.sessions.actions import Browser
from regulars.access.sessions.rules import ABSOLUTE
from regulars.customers import queries as customers
from regulars.kit.i18n import LANGUAGES, mark
from regulars.orders import queries as orders
from regulars.runtime import demonstration, oneself
from regulars.store.models import Customer
from regulars.web.shop.pages import page
from regulars.web.shop.visit import CONSENT, GRANTED, LANGUAGE, REFUSED, Visit

PURPOSES = {
    "analytics": (mark("Measure my visits"), mark("What you look at helps us show what fits you.")),
    "profiling": (mark("Show me what fits me"), mark("Recommendations from what you bought and looked at.")),
    "email": (mark("Write to me by e-mail"), mark("New harvests and offers, at most twice a month.")),
    "sms": (mark("Write to me by text message"), mark("Only about deliveries and offers you asked for.")),
}
SHOWN_ORDERS = 8
_CONSOLE_SESSION = "regulars-session"


def show(visit: Visit) -> HttpResponse:
    """Show orders, recommendations, consents and what is known of who is signed in."""
    if visit.account is None:
        return HttpResponseRedirect("/shop/sign-in")
    known = _customer(visit)
    some = orders.of_customer(known.id, None, SHOWN_ORDERS)
    totals = {each.id: sum(line.gross_minor - line.discount_minor for line in each.lines.all()) + each.shipping_minor for each in some}  # fmt: skip
    return page(
        visit,
        "account.html.j2",
        customer=known,
        orders=some,
        totals=totals,
        purposes=PURPOSES,
        allowed=oneself.allowed(known.id, PURPOSES),
        saved="saved" in visit.request.GET,
    )


def say(visit: Visit) -> HttpResponse:
    """Write down what the shopper agrees to, each purpose that changed."""
    if visit.account is None:
        return HttpResponseRedirect("/shop/sign-in")
    known, now = _customer(visit), datetime.now(UTC)
    wordings = {purpose: visit.t(wording) for purpose, (wording, _) in PURPOSES.items()}
    oneself.agree(known.id, visit.request.POST.keys() & PURPOSES.keys(), wordings, "demo shop", now)
    # The browser obeys at once, whoever uses it.
    visit.keep(CONSENT, GRANTED if "analytics" in visit.request.POST else REFUSED, 180 * 86_400)
    return HttpResponseRedirect("/shop/account?saved=1")


def choose(visit: Visit) -> HttpResponse:
    """Show as whom one may look around."""
    counted = {each.customer: len(orders.of_customer(found.id, None, 200)) for each in visit.demo.accounts if (found := customers.by_name(each.customer))}  # fmt: skip
    return page(visit, "sign_in.html.j2", counted=counted)


def sign_in(visit: Visit) -> HttpResponse:
    """Be one of the simulated customers."""
    told = visit.request.POST.get("customer", "")
    found = next((each for each in visit.demo.accounts if each.customer == told), None)
    if found is None:
        raise LookupError(told)
    visit.enter(found)
    return HttpResponseRedirect("/shop/")


def sign_out(visit: Visit) -> HttpResponse:
    """Be nobody again; the script forgets who it was by the mark in the address."""
    visit.leave()
    return HttpResponseRedirect("/shop/?out=1")


def settle(visit: Visit) -> HttpResponse:
    """Remember the language, or what was said of measuring."""
    told = visit.request.POST
    if told.get("language") in LANGUAGES:
        visit.keep(LANGUAGE, told["language"], 180 * 86_400)
    if told.get("consent") in (GRANTED, REFUSED):
        visit.keep(CONSENT, told["consent"], 180 * 86_400)
    back = told.get("next", "")
    fine = back.startswith("/shop/") and back.isprintable() and "\\" not in back and len(back) < 500
    return HttpResponseRedirect(back if fine else "/shop/")


def owner(visit: Visit, token: str) -> HttpResponse:
    """Let the demo's owner into the console, once."""
    if not demonstration.take_link(settings.REGULARS.home, token):
        raise LookupError("the link was used")
    user = people.by_email(demonstration.OWNER)
    browser = Browser("127.0.0.1", visit.request.headers.get("User-Agent", ""), "")
    session, _ = sessions.start(user, browser, now=datetime.now(UTC))
    answer = HttpResponseRedirect("/")
    answer.set_cookie(_CONSOLE_SESSION, session, max_age=int(ABSOLUTE.total_seconds()), path="/", httponly=True, samesite="Lax")  # fmt: skip
    return answer


def _customer(visit: Visit) -> Customer:
    found = customers.by_name(visit.account.customer) if visit.account else None
    if found is None:
        raise LookupError("nobody")
    return found
