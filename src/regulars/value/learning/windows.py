"""Earlier days to learn from: a forecast made on each of them, and what its customers then did.

A window's features come from orders up to its day and its outcome lies in the full horizon after it, which is over by
the real cut-off. So nothing a learner is shown was unknown then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from regulars.kit.i18n import mark
from regulars.numeric import accuracy
from regulars.value import frames, model
from regulars.value.assumptions import Assumptions
from regulars.value.learning import features, matrix
from regulars.value.past import aligned

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.kit.unknown import Unknown
    from regulars.lake import Engine, Orders
    from regulars.value.learning.engagement import Engagement
    from regulars.value.learning.matrix import Matrix
    from regulars.value.past import Past
    from regulars.value.processes import Process
    from regulars.value.summary import Summary

MOST = 4
"""Windows to learn from."""
CLOSEST_DAYS = 28
"""Windows begin at least so far apart, and half a horizon."""
MOST_ROWS = 200_000
"""Rows to learn from, over all windows; beyond it customers are drawn by their key."""


def drawn(rows: int) -> int:
    """Return how many slots of customers hold about ``MOST_ROWS`` of so many rows; all of them where there are fewer."""
    return features.SLOTS if rows <= MOST_ROWS else max(1, features.SLOTS * MOST_ROWS // rows)


def cutoffs(begin: date, cutoff: date, horizon_days: int, history_days: int) -> tuple[date, ...]:
    """Return days to learn from, the latest first: the last whose horizon is over by ``cutoff``, and earlier ones.

    Each has ``history_days`` of orders before it, as much as a forecast is made from.
    """
    step = timedelta(days=max(CLOSEST_DAYS, horizon_days // 2))
    last = cutoff - timedelta(days=horizon_days)
    days = (last - step * number for number in range(MOST))
    return tuple(day for day in days if (day - begin).days >= history_days)


@dataclass(frozen=True)
class Window:
    """What was known and said about customers on ``cutoff``, and what they spent in the horizon after it."""

    cutoff: date
    key: NDArray[np.int64]
    features: Matrix
    forecast: NDArray[np.float64]
    """Spend that the purchase model expected."""
    actual: NDArray[np.float64]


@dataclass(frozen=True)
class Windows:
    """The orders of a shop, to be learnt from as they stood on any day."""

    orders: Orders
    past: Past
    process: Process
    """The model of buying whose forecast is to be corrected."""
    begin: date
    """The day of the shop's first order."""
    horizon_days: int
    slots: int
    """Customers in the first so many slots of :mod:`features` are learnt from."""
    peers: int
    """Those in the first so many tell how products do."""
    engagement: Engagement | None
    """What customers looked at, where that was recorded."""
    remembered: dict[tuple[object, ...], Window | Unknown]
    """The last windows that were looked at, by what they depend on."""

    @property
    def engine(self) -> Engine:
        """What executes the expressions."""
        return self.past.engine

    def window(self, cutoff: date) -> Window | Unknown:
        """Return what was known on a day and what happened after it; unknown where no forecast could have been made."""
        asked = (self.scope(cutoff), self.process)
        if asked not in self.remembered:
            while len(self.remembered) >= 2 * MOST:
                del self.remembered[next(iter(self.remembered))]
            self.remembered[asked] = self._window(cutoff)
        return self.remembered[asked]

    def _window(self, cutoff: date) -> Window | Unknown:
        whole = self.past.summary(cutoff)
        missing = self.past.minimum.missing(whole, cutoff)
        if missing is not None:
            return missing
        fitted = model.usual(self.past, cutoff, whole, self.process)
        scope = self.scope(cutoff)
        rows = np.flatnonzero(features.slot_of(whole.key) < scope.slots)
        summary = whole.part(rows)
        told = fitted.predict(
            summary, Assumptions(self.horizon_days, discount_rate_yearly=0.0), intervals=False
        )
        known = matrix.Known(summary, told, age_ranks(whole)[rows])
        table = self.engine.arrow(self.looked_at(scope), title=LEARNING)
        return Window(cutoff, summary.key, matrix.of(table, known), told.spend, self._spent(summary, cutoff))

    def looked_at(self, scope: features.Scope) -> ir.Table:
        """Return what is looked at of customers, a row each."""
        return features.of_customers(self.orders, self.past.days, scope, self.engagement)

    def scope(self, cutoff: date) -> features.Scope:
        """Return what may be looked at on a day to learn from it."""
        return features.Scope(self.begin, cutoff, self.horizon_days, self.slots, self.peers)

    def _spent(self, summary: Summary, cutoff: date) -> NDArray[np.float64]:
        after = frames.spend_between(self.past.days, cutoff, cutoff + timedelta(days=self.horizon_days))
        table = self.engine.arrow(
            after.filter(features.slot(after.customer_key) < self.slots), title=LEARNING
        )
        return np.maximum(aligned(summary, table)["spend"], 0.0)


LEARNING = mark("Learning from earlier days")


def age_ranks(summary: Summary) -> NDArray[np.float64]:
    """Return each customer's rank by age among all, 0 to 1: ages themselves grow with the file, ranks compare."""
    return accuracy.mean_ranks(summary.T) / max(len(summary), 1)
