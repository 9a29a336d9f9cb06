"""Totals by group as a section of the page."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.report import groupings as m
from regulars.report.compose.worth import failure, measure
from regulars.report.model import Sentence
from regulars.value import groupings

if TYPE_CHECKING:
    from regulars.report.words import Words
    from regulars.segments import Segments
    from regulars.value import Backtest, Value

REFERRAL = {
    groupings.REFERRED: mark("Brought by another customer"),
    groupings.BY_THEMSELVES: mark("Came by themselves"),
}
SHOWN = 8
"""Groups of a grouping that have a row of their own; one more makes the rest."""
LATEST_FIRST = 14
"""Cohorts are told one by one as long as they are no more than so many."""

TITLES = {
    "cohort": (mark("By first order"), mark("When customers bought for the first time.")),
    "channel": (mark("By channel"), mark("The channel of the first order.")),
    "first_product": (mark("By first product"), mark("What cost most in the first order.")),
    "referral": (mark("By referral"), mark("Whether another customer brought them.")),
    "country": (mark("By country"), mark("The country of the first order.")),
    "lifecycle": (mark("By stage of life"), mark("Where customers stand today.")),
    "segments": (mark("By behaviour"), mark("A customer can be in several of these.")),
}


def totals(value: Value, segments: Segments, backtest: Backtest | Unknown) -> m.Groupings | Unknown | None:
    """What each group of customers will bring; left out where no forecast may be shown."""
    if value.unknown is not None or failure(backtest) is not None:
        return None
    labels = value.groupings.available | {
        name: segments.customers[name] for name in ("lifecycle", "segments")
    }
    found = []
    for name, (title, note) in TITLES.items():
        sums = (
            groupings.totals(value, labels[name], LATEST_FIRST if name == "cohort" else SHOWN)
            if name in labels
            else None
        )
        if isinstance(sums, Unknown):
            return sums
        # One group alone says nothing that the total does not.
        if sums is not None and len(sums) > 1:
            rows = sums.to_pylist()
            if name == "cohort":
                rows.sort(key=lambda row: (row["groups"] > 1, _reversed(row["group"])))
            told = tuple(_row(row, name, value, segments) for row in rows)
            found.append(m.Grouping(name, title, note, told))
    if not found:
        return None
    return m.Groupings(
        measure(value), value.assumptions.interval, value.assumptions.horizon_days, tuple(found)
    )


def referrals(value: Value, backtest: Backtest | Unknown) -> m.Referrals | None:
    """Who was brought by other customers; left out where the shop does not say, or nobody was."""
    found = value.referrals
    if found is None or not len(found.referred):
        return None
    told = found.to_json()
    known = value.unknown is None and failure(backtest) is None
    return m.Referrals(
        told["referred_customers"],
        told["referrers"],
        int(np.bincount(found.referrer).max()),
        told["expected"] if known else None,
    )


def _reversed(label: str | None) -> tuple[int, ...]:
    return tuple(-ord(letter) for letter in label or "")


def _row(row: dict[str, object], grouping: str, value: Value, segments: Segments) -> m.GroupTotal:
    told: Words | date | None = None
    name = row.pop("group")
    if isinstance(name, str) and grouping == "cohort":
        told, name = _period(name), None
    elif isinstance(name, str) and grouping == "referral":
        told, name = Sentence(REFERRAL[name]), None
    elif isinstance(name, str) and grouping in segments.families:
        told, name = Sentence(segments.row(grouping, name).title), None
    elif isinstance(name, str) and grouping == "segments":
        told, name = Sentence(segments.row("behaviour", name).title), None
    elif isinstance(name, str) and grouping == "first_product":
        name = value.groupings.titles.get(name, name)
    return m.GroupTotal(**row, title=told, name=name)  # type: ignore[arg-type]  # columns of groupings.totals


def _period(label: str) -> Words | date:
    year, _, part = label.partition("-")
    if part.startswith("Q"):
        return Sentence.of(mark("Q{quarter} {year}"), quarter=part[1:], year=year)
    if part:
        return date(int(year), int(part), 1)
    return Sentence.of("{year}", year=year)
