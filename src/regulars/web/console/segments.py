"""Segments: what each means, how many are in it and what they bring, how that changed, and the way to its people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse

from regulars.kit.unknown import Unknown
from regulars.report import groups
from regulars.report.speech import Speech
from regulars.report.view import Chart, Column, Table, linked, texts
from regulars.web.console import over_time, overview, own_segment, start
from regulars.web.console.builder import begin
from regulars.web.console.desk import laid_out, latest, tiers_of, title_of
from regulars.web.console.visit import visit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.store.models import Run

DRAWN = 5
TONES = ("accent", "warm", "soft", "bad", "mute")


def show(request: HttpRequest) -> HttpResponse:
    """Show the catalogue."""
    run, found = latest()
    if run is None or found is None:
        return start.show(request)
    speech = Speech(visit_of(request).language, found.shop.currency)
    told = () if found.segments is None or isinstance(found.segments, Unknown) else found.segments
    catalogue = linked(
        groups.segments(told, speech),
        [f"/customers?segment={each.name}" if each.customers else "" for each in told],
    )
    return laid_out(
        request,
        "segments.html.j2",
        run,
        found,
        catalogue=catalogue if told else None,
        tiers=tiers_of(found, speech),
        over_time=sizes(over_time.past("behaviour"), speech),
        own=own_segment.rows(run, speech.t),
        starts=begin.STARTS,
        may_write=visit_of(request).may("segments.write"),
        gone=request.GET.get("done") == "deleted",
        step=overview.step(found),
    )


def sizes(runs: Sequence[Run], speech: Speech) -> Chart | None:
    """Draw the largest segments by how many were in them at each refresh; the table has all. None for a single refresh."""
    if len(runs) < 2:
        return None
    t = speech.t
    last = runs[-1].sizes["behaviour"]
    names = sorted(
        (name for name in last if last[name].get("customers") is not None),
        key=lambda name: -last[name]["customers"],
    )
    labels = [speech.day(each.as_of) for each in runs]

    def of(each: Run, name: str) -> int:
        return (each.sizes["behaviour"].get(name) or {}).get("customers") or 0

    spec = {
        "kind": "trend",
        "unit": "count",
        "labels": labels,
        "series": [
            {"name": title_of(last[name], t), "tone": tone, "values": [of(each, name) for each in runs]}
            for name, tone in zip(names[:DRAWN], TONES, strict=False)
        ],
    }
    columns = (Column(t("As of"), False), *(Column(title_of(last[name], t)) for name in names))
    rows = tuple(
        texts(label, *(speech.count(of(each, name)) for name in names))
        for label, each in zip(labels, runs, strict=True)
    )
    label = t("Lines: how many customers were in the largest segments at each refresh.")
    return Chart("sizes", label, spec, Table(t("Segments at each refresh"), columns, rows), 260)
