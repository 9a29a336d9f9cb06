"""Tracking, drift and the comparison with an earlier run as a section of the page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from regulars.kit.unknown import Unknown
from regulars.report import tracking as m
from regulars.value import drift

if TYPE_CHECKING:
    from regulars.value import Track, Value
    from regulars.value.tracking import Series


def watch(value: Value, since: drift.Since | Unknown | None) -> m.Watch | None:
    """Return all that watches the forecast; nothing where there is none and never was."""
    found = m.Watch(_tracking(value.tracking), _drift(value), _since(since))
    return None if found.empty else found


def _tracking(track: Track | Unknown) -> m.Tracking | None:
    if isinstance(track, Unknown):
        return None
    return m.Tracking(
        track.cutoff, track.interval, _weeks(track, track.spend), _weeks(track, track.orders), track.alerts
    )


def _weeks(track: Track, series: Series) -> tuple[m.TrackedWeek, ...]:
    columns = (series.expected, series.low, series.high, series.actual)
    return tuple(
        m.TrackedWeek(track.cutoff + timedelta(days=day), *row)
        for day, *row in zip(track.days.tolist(), *(column.tolist() for column in columns), strict=True)
    )


def _drift(value: Value) -> m.Drift | None:
    fits = value.fits
    if len(fits) < 2:
        return None
    told = [(on, drift.levels(found)) for on, found in fits]
    levels = tuple(m.Level(on, each.get("purchasing"), each.get("spending")) for on, each in told)
    shared = set.intersection(*(set(found) for _, found in fits))
    moves = {(each.layer, each.name, each.until): each.z for each in drift.shifts(fits)}
    parameters = tuple(
        m.Parameter(
            layer,
            name,
            tuple(found[layer, model, name][0] for _, found in fits),
            tuple(moves[layer, name, on] for on, _ in fits[1:]),
        )
        for layer, model, name in sorted(shared)
    )
    return m.Drift(levels, parameters, drift.alerts(fits))


def _since(found: drift.Since | Unknown | None) -> m.Since | Unknown | None:
    if found is None or isinstance(found, Unknown):
        return found
    changes = tuple(m.Change(each.name, each.before, each.after) for each in found.changes)
    said, held = (None, None) if found.held is None else (found.held.phrase, found.held.inside)
    return m.Since(found.as_of, changes, said, held, drift.alerts(found.fits))
