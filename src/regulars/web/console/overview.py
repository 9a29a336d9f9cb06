"""The first page: how the shop is, what changed and why, and what to do next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from django.http import HttpRequest, HttpResponse

from regulars.kit.unknown import Unknown
from regulars.report import changes
from regulars.report.findings import findings
from regulars.report.findings_people import SLIPPING
from regulars.report.speech import Speech
from regulars.web.console import start
from regulars.web.console.desk import laid_out, latest
from regulars.web.console.visit import visit_of

if TYPE_CHECKING:
    from regulars.report.model import Cohorts, Group, Page

COHORTS = 13
"""The latest cohorts, a year and the one that runs; all of them are on the page of values."""
WORTH_A_LETTER = ("at_risk", "lapsed", "one_time_lapsed")
"""Segments that somebody should write to, in this order."""


class Step(NamedTuple):
    """What to do next: a segment that waits for a letter."""

    name: str
    group: Group


def show(request: HttpRequest) -> HttpResponse:
    """Show the shop; where nothing is published, or figures are not for this role, what there is instead."""
    visit = visit_of(request)
    run, found = latest() if visit.may("figures.read") else (None, None)
    if run is None or found is None:
        return start.show(request)
    speech = Speech(visit.language, found.shop.currency)
    return laid_out(
        request,
        "overview.html.j2",
        run,
        replace(found, cohorts=_late(found.cohorts)),
        findings=[each.said(visit.language) for each in findings(found)],
        people=_people(found) if visit.may("customers.read") else {},
        changes=changes.sentences(found, speech),
        step=step(found),
    )


def step(found: Page) -> Step | None:
    """Return whom to write to: the first of the segments that wait for it and has anybody in it."""
    known = _known(found)
    return next((Step(name, known[name]) for name in WORTH_A_LETTER if name in known), None)


def _people(found: Page) -> dict[str, str]:
    """Return where the customers stand that a finding speaks of, by its name; findings that speak of nobody are not in it."""
    known = _known(found)
    told = {"concentration": "/customers?tier=top"}
    if "one_time_lapsed" in known:
        told["one_time"] = "/customers?segment=one_time_lapsed"
    # The finding may speak of a group by recency and frequency instead, which is no list of its own.
    slipping = next((name for name in SLIPPING if name in known), "")
    return told | ({"slipping": f"/customers?segment={slipping}"} if slipping else {})


def _known(found: Page) -> dict[str, Group]:
    """Return the segments that have anybody in them, by name."""
    groups = () if found.segments is None or isinstance(found.segments, Unknown) else found.segments
    return {group.name: group for group in groups if group.customers}


def _late(cohorts: Cohorts | Unknown | None) -> Cohorts | Unknown | None:
    """The latest cohorts with their own mean, so that what is summed is what is seen."""
    if cohorts is None or isinstance(cohorts, Unknown):
        return cohorts
    rows = tuple(
        replace(row, cells=tuple(cell for cell in row.cells if cell.k < COHORTS))
        for row in cohorts.rows[-COHORTS:]
    )
    people: dict[int, list[int]] = {}
    for row in rows:
        for cell in row.cells:
            if cell.finished:
                back, all_of_them = people.setdefault(cell.k, [0, 0])
                people[cell.k] = [back + cell.customers, all_of_them + row.customers]
    return replace(
        cohorts, rows=rows, mean=tuple((k, back / of) for k, (back, of) in sorted(people.items()) if of)
    )
