"""What somebody should know of at once: the forecast left its band, or refreshes fail one after another."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from regulars.kit.unknown import Unknown
from regulars.store import outbox
from regulars.store.models import Run
from regulars.value import drift

if TYPE_CHECKING:
    from regulars.value import Track, Value
    from regulars.value.tracking import Series

log = logging.getLogger(__name__)

FAILURES = 3
"""Refreshes that fail in a row before somebody is told: one may have been the disk, or a restart."""


def watch(value: Value) -> dict[str, Any]:
    """Return how the forecast fares, JSON-ready: what has left its band and since when, and what has changed, in sentences."""
    if value.unknown is not None or isinstance(value.tracking, Unknown):
        return {"left": [], "alerts": []}
    track = value.tracking
    said = [*track.alerts, *drift.alerts(value.fits)]
    return {"left": left(track), "alerts": [str(alert) for alert in said]}


def left(track: Track) -> list[dict[str, Any]]:
    """Return what is outside its band: totals of the shop, spend in major units of its currency."""
    return [
        _outside(name, series, track)
        for name, series in (("spend", track.spend), ("orders", track.orders))
        if series.left_in_week is not None
    ]


def _outside(name: str, series: Series, track: Track) -> dict[str, Any]:
    week = series.left_in_week or 1
    return {
        "measure": name,
        "since": (track.cutoff + timedelta(days=int(track.days[week - 1]))).isoformat(),
        "until": (track.cutoff + timedelta(days=int(track.days[-1]))).isoformat(),
        **{
            each: round(float(getattr(series, each)[-1]), 2) for each in ("actual", "expected", "low", "high")
        },
    }


def raised(run: Run, before: Run | None, now: datetime) -> None:
    """Tell of each measure that left its band since the run before; call inside the transaction that publishes the run.

    A measure that stays outside is logged with every run, and told of once.
    """
    known = {each["measure"] for each in _left(before)}
    for each in _left(run):
        log.warning(
            "forecast left its band: %s since %s, actual %s, expected %s (%s to %s)",
            *(each[name] for name in ("measure", "since", "actual", "expected", "low", "high")),
        )
        if each["measure"] not in known:
            outbox.tell(outbox.FORECAST_LEFT_BAND, each["measure"], now, run=run.id, **each)


def _left(run: Run | None) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = run.summary.get("watch", {}).get("left", []) if run is not None else []
    return found


def failed(now: datetime) -> None:
    """Tell when the third refresh in a row has failed; call inside the transaction that says so of it."""
    last = Run.objects.filter(state=Run.PUBLISHED).order_by("-id").values_list("id", flat=True).first() or 0
    since = Run.objects.filter(state=Run.FAILED, id__gt=last).order_by("-id")
    count, run = since.count(), since.first()
    if run is None:
        return
    code = (run.error or {}).get("code", "")
    log.warning("refresh %s failed: %s, %s in a row", run.id, code, count)
    if count == FAILURES:
        outbox.tell(outbox.REFRESH_FAILED, str(run.id), now, run=run.id, code=code, in_a_row=count)
