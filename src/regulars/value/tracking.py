"""A forecast week by week beside what happened: when reality left its band, where it is still outside.

The band is the total's own: the errors of earlier totals of this shop that were known on the cut-off, widened early on by
chance alone, as a handful of orders scatters more than a year of them. Chance is that of a compound Poisson sum: N expected
orders whose amounts have a coefficient of variation c leave a relative variance of (1 + c²) / N.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.compute as pc

from regulars.kit.i18n import Phrase, mark
from regulars.kit.unknown import Unknown
from regulars.kit.words import Money
from regulars.value import frames, total
from regulars.value.assumptions import Assumptions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from regulars.value.backtest import Backtest
    from regulars.value.estimate import Value
    from regulars.value.model import Model, Prediction
    from regulars.value.summary import Summary

WEEK = 7


@dataclass(frozen=True)
class Path:
    """What a forecast expected of all customers by the end of each week (the last may be shorter), from its first day on."""

    days: NDArray[np.int64]
    """Days after the cut-off."""
    orders: NDArray[np.float64]
    spend: NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """Cumulative totals by the end of each week: expected with its band, and what happened."""

    expected: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    actual: NDArray[np.float64]

    @property
    def left_in_week(self) -> int | None:
        """The week (from 1) since whose end reality has been outside the band without a break; None if it is inside."""
        inside = (self.low <= self.actual) & (self.actual <= self.high)
        if inside[-1]:
            return None
        return int(np.flatnonzero(inside)[-1]) + 2 if inside.any() else 1

    def to_json(self) -> dict[str, Any]:
        """All four, as lists, and the week."""
        told: dict[str, Any] = {
            name: [round(float(value), 4) for value in getattr(self, name)]
            for name in ("expected", "low", "high", "actual")
        }
        return {**told, "left_in_week": self.left_in_week}


@dataclass(frozen=True)
class Track:
    """A forecast made on ``cutoff``, followed week by week; ``days`` are counted from there."""

    cutoff: date
    days: NDArray[np.int64]
    interval: float
    orders: Series
    spend: Series

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON: weeks end on ``ends``."""
        return {
            "cutoff": self.cutoff.isoformat(),
            "interval": self.interval,
            "ends": [(self.cutoff + timedelta(days=day)).isoformat() for day in self.days.tolist()],
            "orders": self.orders.to_json(),
            "spend": self.spend.to_json(),
            "alerts": [str(alert) for alert in self.alerts],
        }

    @property
    def alerts(self) -> tuple[Phrase, ...]:
        """Say of orders and of spend since when reality is outside the band; nothing while it is inside."""
        found = []
        for series, words, kind in (
            (self.spend, SPEND, partial(Money, cents=False)),
            (self.orders, ORDERS, round),
        ):
            week = series.left_in_week
            if week is not None:
                above = bool(series.actual[-1] > series.high[-1])
                found.append(
                    Phrase.of(
                        words[above],
                        week=week,
                        day=self.cutoff + timedelta(days=int(self.days[week - 1])),
                        until=self.cutoff + timedelta(days=int(self.days[-1])),
                        actual=kind(float(series.actual[-1])),
                        expected=kind(float(series.expected[-1])),
                        low=kind(float(series.low[-1])),
                        high=kind(float(series.high[-1])),
                    )
                )
        return tuple(found)


SPEND = {
    True: mark(
        "Since week {week} ({day}) customers have spent more than the forecast allows for: {actual} by {until}, instead of "
        "{expected} ({low} – {high})."
    ),
    False: mark(
        "Since week {week} ({day}) customers have spent less than the forecast allows for: {actual} by {until}, instead of "
        "{expected} ({low} – {high})."
    ),
}
ORDERS = {
    True: mark(
        "Since week {week} ({day}) there have been more orders than the forecast allows for: {actual} by {until}, instead of "
        "{expected} ({low} – {high})."
    ),
    False: mark(
        "Since week {week} ({day}) there have been fewer orders than the forecast allows for: {actual} by {until}, instead of "
        "{expected} ({low} – {high})."
    ),
}


def path(model: Model, summary: Summary, assumptions: Assumptions, told: Prediction) -> Path:
    """Return how a prediction of spend (``assumptions`` without margin and discounting) builds up week by week."""
    horizon = assumptions.horizon_days
    days = [*range(WEEK, horizon, WEEK), horizon]
    orders, spend = model.built_up(summary, assumptions, (told.expected_orders, told.spend), days)
    return Path(np.array(days), np.array(orders), np.array(spend))


def follow(value: Value, test: Backtest) -> Track | Unknown:
    """Hold a backtest's forecast against what its customers did, week by week."""
    expected = test.path
    if expected is None:
        return Unknown.because("no_path", mark("The forecast was not kept week by week."))
    engine = value.orders.workspace.engine
    last = test.cutoff + timedelta(days=test.horizon_days)
    happened = engine.arrow(frames.known_by_day(value.past.days, test.cutoff, last))
    spread, times = total.reach(_errors_known(value, test.cutoff), value.assumptions.interval)
    chance = scatter(value, test.cutoff)
    after = np.array([(on - test.cutoff).days for on in happened["ordered_on"].to_pylist()], np.int64)

    def series(built: NDArray[np.float64], name: str, variance: float) -> Series:
        by_day = np.bincount(after, np.asarray(pc.cast(happened[name], "double")), test.horizon_days + 1)
        own = np.log1p(variance / np.maximum(expected.orders, 1e-9))
        away = np.exp(times * np.sqrt(spread**2 + own))
        return Series(built, built / away, built * away, np.cumsum(by_day)[expected.days].astype(float))

    return Track(
        test.cutoff,
        expected.days,
        value.assumptions.interval,
        orders=series(expected.orders, "purchase_days", 1.0),
        spend=series(expected.spend, "spend", chance),
    )


def _errors_known(value: Value, on: date) -> tuple[float, ...]:
    """Log errors of the totals whose outcome was known on a day: a band may not know what came after."""
    if isinstance(value.rolling, Unknown):
        return ()
    return tuple(
        log(test.actual_total / test.predicted_total)
        for test in value.rolling.origins
        if test.cutoff + timedelta(days=test.horizon_days) <= on
        and test.predicted_total > 0
        and test.actual_total > 0
    )


def scatter(value: Value, on: date) -> float:
    """Return 1 + c², c being the coefficient of variation of what customers spent a purchase day until a day.

    A sum over a chance number of purchases, n of them expected, has the squared coefficient of variation (1 + c²) / n.
    """
    row = value.orders.workspace.engine.arrow(frames.spend_moments(value.past.days, on)).to_pylist()[0]
    if not row["purchases"] or not row["spend"]:
        return 1.0
    mean = row["spend"] / row["purchases"]
    return max(1.0, float(row["squared"] / row["purchases"] / mean**2))
