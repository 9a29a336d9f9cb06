"""The forecast at several earlier days, one after the other, so that no lucky or unlucky season decides.

Outcome windows do not overlap: each happened once, and counts once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.value import backtest as backtests
from regulars.value.backtest import Backtest, Score
from regulars.value.past import longest_window

if TYPE_CHECKING:
    from regulars.value.estimate import Value

ORIGINS = 3
SHORTEST_WINDOW_DAYS = 28
MOST_CUSTOMERS = 500_000
"""Of twice as many or more an even share is tested: a total of half a million is off by less than any forecast."""


@dataclass(frozen=True)
class Rolling:
    """Backtests at earlier days, the latest first, each over the same number of days."""

    window_days: int
    origins: tuple[Backtest, ...]

    @property
    def scores(self) -> tuple[Score, ...]:
        """Means over the origins for the model and each plain forecast; ``bias`` is the mean of its absolute values."""
        found = []
        for same in zip(*(origin.scores for origin in self.origins), strict=True):
            first = same[0]
            means = {
                name: float(np.mean([getattr(score, name) for score in same]))
                for name in ("gini", "spearman", "top_decile", "mae", "rmse")
            }
            off = float(np.mean([abs(score.bias) for score in same]))
            found.append(Score(name=first.name, title=first.title, bias=off, **means))
        return tuple(found)

    def to_json(self) -> dict[str, Any]:
        """Everything but the customers, ready for JSON."""
        return {
            "window_days": self.window_days,
            "mean_absolute_bias": {score.name: score.bias for score in self.scores},
            "origins": [origin.to_json() for origin in self.origins],
        }


def run(value: Value) -> Rolling | Unknown:
    """Backtest at up to three earlier days, as far as the data reach back."""
    window, cutoffs = origins(value)
    settings = replace(value.assumptions, horizon_days=max(1, window))
    past = value.past.thinned(MOST_CUSTOMERS)
    found = [
        backtests.run(past, cutoff, settings, intervals=False, learner=value.learner) for cutoff in cutoffs
    ]
    share = past.customers / max(value.past.customers, 1)
    known = tuple(_of_all(test, share) for test in found if not isinstance(test, Unknown))
    if known:
        return Rolling(window, known)
    return next(
        (test for test in found if isinstance(test, Unknown)),
        Unknown.because(
            "backtest_too_short",
            mark("The orders cover {found} days: too few to test a forecast at several earlier days."),
            found=value.summary.span_days(value.as_of),
        ),
    )


def _of_all(test: Backtest, share: float) -> Backtest:
    """Scale the totals of a share of the customers up to those of all."""
    if share == 1:
        return test
    return replace(
        test,
        predicted_total=test.predicted_total / share,
        actual_total=test.actual_total / share,
        predicted_orders=test.predicted_orders / share,
        actual_orders=round(test.actual_orders / share),
    )


def origins(value: Value) -> tuple[int, tuple[date, ...]]:
    """Return the length of an outcome window, and the days before each of them; none where the data are too short."""
    room = value.summary.span_days(value.as_of) // (ORIGINS + 1)
    window = longest_window(value.assumptions.horizon_days, room)
    if window < SHORTEST_WINDOW_DAYS:
        return window, ()
    return window, tuple(value.as_of - timedelta(days=window * step) for step in range(1, ORIGINS + 1))
