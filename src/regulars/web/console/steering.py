"""Rules of recommendations: read, tried beside what is shown now, and changed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict

from regulars.access.people import queries as people
from regulars.catalog import searching as catalogue
from regulars.kit.errors import RegularsError
from regulars.recommend.ask import SLOTS
from regulars.recommend.rulebook import EVERYWHERE, Rulebook, Said
from regulars.report.speech import Speech
from regulars.runtime import steering
from regulars.runtime.steering import Kept
from regulars.web.console import recommendations, rules_form, trouble, trying
from regulars.web.console.desk import currency
from regulars.web.console.pages import page
from regulars.web.console.rules_form import Form
from regulars.web.console.visit import visit_of

LONGEST_NUMBER = 12


def show(
    request: HttpRequest,
    error: RegularsError | None = None,
    form: Form | None = None,
    tried: Rulebook | None = None,
) -> HttpResponse:
    """Show the rules of one slot, or of all of them, as a form; with rules that are tried, both lists side by side."""
    visit = visit_of(request)
    told = request.POST if request.method == "POST" else request.GET
    kept, slot = steering.read(), _slot(told)
    speech = Speech(visit.language, currency() or None)
    asked = trying.wanted(_question(told, slot))
    now = recommendations.shelf(asked, kept.book.of(asked.slot), visit, speech)
    then = None if tried is None else recommendations.shelf(asked, tried.of(asked.slot), visit, speech)
    return page(
        request,
        "recommendation_rules.html.j2",
        error=error,
        s=speech,
        said=request.GET.get("done", "") == "1" and error is None,
        slot=slot,
        slots=(EVERYWHERE, *SLOTS),
        slot_titles=trying.TITLES,
        about=trying.ABOUT,
        kept=kept,
        version=_version(told) if form is not None else kept.version,
        who=people.names().get(kept.who, kept.who),
        form=form or rules_form.of(kept.book.own(slot)),
        holding=kept.book.of(slot).to_json(),
        titles=rules_form.TITLES,
        kinds=rules_form.KINDS,
        flags=rules_form.FLAGS,
        categories=catalogue.labels("category"),
        brands=catalogue.labels("brand"),
        asked=asked,
        chosen=catalogue.known(asked.products),
        name_of=recommendations.name_of,
        now_shown=now,
        then_shown=then,
        may_change=visit.may("offers.write"),
    )


def change(request: HttpRequest) -> HttpResponse:
    """Try rules, or keep them."""
    visit = visit_of(request)
    act = request.POST.get("act", "")
    slot, form = _slot(request.POST), rules_form.typed(request.POST)
    if act not in ("try", "keep"):
        return trouble.page(request, 400)
    kept = steering.read()
    try:
        book = kept.book.with_slot(slot, _read(form, kept, slot))
        if act == "try":
            return show(request, form=form, tried=book)
        steering.change(book, _version(request.POST), who=f"user:{visit.me.id}", now=visit.now)
    except RegularsError as error:
        # Who comes second sees what the first one said, not their own words over it.
        return show(request, error, None if error.code == "recommend.rules_changed" else form)
    return HttpResponseRedirect(f"/recommendations/rules?slot={slot}&done=1")


def _read(form: Form, kept: Kept, slot: str) -> Said:
    return rules_form.read(form, kept.book.own(slot))


def _slot(told: QueryDict) -> str:
    slot = told.get("slot", "")
    return slot if slot in SLOTS else EVERYWHERE


def _version(told: QueryDict) -> int:
    text = told.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < LONGEST_NUMBER else -1


def _question(told: QueryDict, slot: str) -> QueryDict:
    """Return what rules are tried on: rules of all slots are tried on the first one."""
    found = QueryDict(mutable=True)
    found["slot"] = slot
    for name in ("who", "find", "customer"):
        found[name] = told.get(name, "")
    found.setlist("product", told.getlist("product"))
    return found
