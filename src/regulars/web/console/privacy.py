"""Privacy: what customers agreed to and refused, what is kept of whom, why and for how long."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from django.http import HttpRequest, HttpResponse

from regulars.kit.i18n import mark
from regulars.privacy import queries
from regulars.privacy.rules import PROFILING, UNSAID
from regulars.report.speech import Speech
from regulars.runtime import register
from regulars.store.models import Customer
from regulars.web.console.customer import PURPOSES
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

DAYS = 30
MEANS = {
    "analytics": mark("What they look at is recorded, by customer or device."),
    "profiling": mark("Forecasts, segments and recommendations of their own."),
    "email": mark("Messages by e-mail."),
    "sms": mark("Messages to their phone."),
    "push": mark("Messages in their browser."),
    "whatsapp": mark("Messages by WhatsApp."),
    "messenger": mark("Messages by Messenger."),
}
PLACES = {
    register.STORE: mark("store"),
    register.LAKE: mark("lake"),
    register.FILES: mark("files"),
}
TITLES = (
    (register.CUSTOMERS, mark("Of customers and visitors")),
    (register.STAFF, mark("Of people who work here")),
    (register.NOBODY, mark("Of nobody in particular")),
)


class Purpose(NamedTuple):
    """What customers said about one purpose."""

    title: str
    means: str
    unsaid: bool
    """What holds for who has said nothing."""
    yes: int
    no: int
    nothing: int
    lately: tuple[int, int]
    """Yes and no of the last :data:`DAYS`."""


def show(request: HttpRequest) -> HttpResponse:
    """Show the page."""
    visit = visit_of(request)
    everybody = Customer.objects.filter(merged_into=None).count()
    words, lately = queries.words(), queries.words_since(visit.now - timedelta(days=DAYS))
    purposes = [
        Purpose(PURPOSES[name], MEANS[name], unsaid, *words[name], everybody - sum(words[name]), lately[name])
        for name, unsaid in UNSAID.items()
    ]
    return page(
        request,
        "privacy.html.j2",
        s=Speech(visit.language, currency() or None),
        everybody=everybody,
        purposes=purposes,
        days=DAYS,
        objecting=words[PROFILING][1],
        kept=[(whom, title, register.of(whom)) for whom, title in TITLES],
        places=PLACES,
    )
