"""One segment of the shop's own: its rule in words, who is in it, how far it is the same as another, and what needs it."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from regulars.access import actions as access
from regulars.customers import listing
from regulars.customers.listing import Wanted
from regulars.kit.errors import RegularsError
from regulars.kit.i18n import Translator, mark
from regulars.report.page import Charts
from regulars.report.speech import Speech
from regulars.runtime.publication import published
from regulars.runtime.segmenting import FAMILY
from regulars.segments import actions, queries
from regulars.segments.rules import named, read, said
from regulars.store import database
from regulars.store.models import Run, Segment
from regulars.web.console import money, over_time, trouble
from regulars.web.console.desk import currency, title_of
from regulars.web.console.pages import page
from regulars.web.console.visit import visit_of

SHOWN = 8
SAID = {
    "made": mark("The segment is kept. Its members are being found, which takes a minute or so."),
    "changed": mark("The changes are kept. Its members are being found again, which takes a minute or so."),
}


class Row(NamedTuple):
    """A segment of the shop's own in a list, with what the last refresh found."""

    name: str
    title: str
    words: str
    """Its rule; empty where this release cannot read it."""
    found: dict[str, Any]
    """Of the last refresh: ``customers``, ``share``, ``net`` and ``clv``; empty before the first one that knew it."""
    current: bool
    """Whether its members were found by the rule as it is now."""


class Overlap(NamedTuple):
    """Two segments side by side."""

    title: str
    """Of the other one."""
    only: int
    both: int
    other: int
    """In the other one alone."""


def rows(run: Run | None, t: Translator) -> list[Row]:
    """Return every segment of the shop's own in the order of their titles."""
    kept, told = queries.segments(), _told(run)
    titles = {each.name: each.title for each in kept}
    some = [_row(each, told.get(each.name, {}), titles, t) for each in kept]
    return sorted(some, key=lambda row: row.title.casefold())


def show(request: HttpRequest, name: str, error: RegularsError | None = None) -> HttpResponse:
    """Show a segment."""
    visit, run = visit_of(request), published()
    everything = {row.name: row for row in rows(run, visit.t)}
    if name not in everything:
        return trouble.page(request, 404)
    row = everything[name]
    size = row.found.get("customers")
    others = _others(run, everything, name, visit.t)
    beside, members = request.GET.get("with", ""), _members(run, name, size)
    unit = currency()
    speech = Speech(visit.language, unit or None)
    return page(
        request,
        "own_segment.html.j2",
        error=error,
        row=row,
        run=run,
        size=size,
        said=SAID.get(request.GET.get("done", ""), ""),
        members=members,
        forecast=any(each.score is not None and each.score.clv_minor is not None for each in members),
        money_of=lambda minor: money.told(minor, speech, cents=False),
        others=others,
        beside=beside if beside in others else "",
        overlap=_overlap(run, name, beside, others),
        sizes=over_time.own(over_time.past(FAMILY), name, row.title, speech),
        charts=Charts(),
        currency=unit,
        needing=[everything[each] for each in actions.needing(name) if each in everything],
        naming=[everything[each] for each in _named(name) if each in everything],
        may_write=visit.may("segments.write"),
        may_export=visit.may("customers.export"),
        s=speech,
    )


def delete(request: HttpRequest, name: str) -> HttpResponse:
    """Take a segment away; those that name it are told where that cannot be."""
    visit = visit_of(request)
    try:
        with database.writing("segments"):
            gone = actions.delete(name)
            access.note(f"user:{visit.me.id}", "segment.delete", gone.name, {"title": gone.title}, visit.now)
    except RegularsError as error:
        return show(request, name, error)
    return HttpResponseRedirect("/segments?done=deleted")


def _told(run: Run | None) -> dict[str, dict[str, Any]]:
    families = run.summary.get("segments", {}).get("families", {}) if run else {}
    return {row["name"]: row for row in families.get(FAMILY, {}).get("segments", [])}


def _row(each: Segment, found: dict[str, Any], titles: dict[str, str], t: Translator) -> Row:
    try:
        words = said(read(each.rule), t.language, titles=titles)
    except RegularsError:
        words = ""
    return Row(each.name, each.title, words, found, found.get("version") == each.version)


def _members(run: Run | None, name: str, size: int | None) -> list[listing.Listed]:
    """The most valuable members; the latest where nothing is forecast."""
    if run is None or not size:
        return []
    for sort in ("value", "last"):
        some, _ = listing.page(run.id, Wanted(segment=name, sort=sort), "", size=size, limit=SHOWN)
        if some:
            return some
    return listing.page(run.id, Wanted(segment=name), "", size=size, limit=SHOWN)[0]


def _others(run: Run | None, own: dict[str, Row], name: str, t: Translator) -> dict[str, str]:
    """Titles of the segments that the last refresh can be asked for beside this one."""
    if run is None or own[name].found.get("customers") is None:
        return {}
    shipped = {key: title_of(each, t) for key, each in run.sizes.get("behaviour", {}).items()}
    mine = {
        key: row.title for key, row in own.items() if key != name and row.found.get("customers") is not None
    }
    return mine | shipped


def _overlap(run: Run | None, name: str, beside: str, others: dict[str, str]) -> Overlap | None:
    if run is None or beside not in others:
        return None
    one, other, both = queries.overlap(run.id, name, beside)
    return Overlap(others[beside], one - both, both, other - both)


def _named(name: str) -> tuple[str, ...]:
    kept = queries.segment(name)
    try:
        return named(read(kept.rule)) if kept else ()
    except RegularsError:
        return ()
