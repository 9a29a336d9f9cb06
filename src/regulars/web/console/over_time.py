"""How many customers were in segments at each refresh: what runs kept of it, and the picture of one of the shop's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from regulars.report.view import Chart, Column, Table, texts
from regulars.runtime.segmenting import FAMILY
from regulars.store.models import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from regulars.report.speech import Speech

RUNS = 60
"""Refreshes that a picture goes back."""


def past(family: str) -> list[Run]:
    """Return the published runs of the last days on which there was one, the first one first: one a day, the last of it.

    Runs that kept no sizes of the family are left out.
    """
    some = Run.objects.filter(state=Run.PUBLISHED, as_of__isnull=False).only("id", "as_of", "sizes")
    by_day: dict[Any, Run] = {}
    for each in some.order_by("-id")[:RUNS]:
        if each.sizes.get(family):
            by_day.setdefault(each.as_of, each)
    return sorted(by_day.values(), key=lambda each: each.as_of)


def own(runs: Sequence[Run], name: str, title: str, speech: Speech) -> Chart | None:
    """Draw how large a segment of the shop's own was at each refresh that knew it; None until there are two such days."""
    told = [(each.as_of, (each.sizes[FAMILY].get(name) or {}).get("customers")) for each in runs]
    known = [(speech.day(day), size) for day, size in told if day is not None and size is not None]
    if len(known) < 2:
        return None
    t = speech.t
    spec = {
        "kind": "trend",
        "unit": "count",
        "labels": [label for label, _ in known],
        "series": [{"name": title, "tone": "accent", "values": [size for _, size in known]}],
    }
    rows = tuple(texts(label, speech.count(size)) for label, size in known)
    columns = (Column(t("As of"), False), Column(t("Customers")))
    label = t("A line: how many customers were in the segment at each refresh.")
    return Chart("own-sizes", label, spec, Table(t("The segment at each refresh"), columns, rows), 220)
