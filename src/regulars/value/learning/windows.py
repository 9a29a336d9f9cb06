"""Earlier days to learn from: a forecast made on each of them, and what its customers then did.

A window's features come from orders up to its day and its outcome lies in the full horizon after it, which is over by
the real cut-off. So nothing a learner is shown was unknown then.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from scipy.stats import rankdata

from regulars.kit.i18n import mark
from regulars.value import frames
from regulars.value.assumptions import Assumptions
from regulars.value.learning import features, matrix
from regulars.value.summary import EPOCH, Summary

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.kit.unknown import Unknown
    from regulars.lake import Engine, Orders
    from regulars.value.assumptions import Minimum
    from regulars.value.learning.matrix import Matrix
    from regulars.value.model import Model

MOST = 6
"""Windows to learn from."""
CLOSEST_DAYS = 28
"""Windows begin at least so far apart, and half a horizon."""
MOST_ROWS = 200_000
"""Rows to learn from, over all windows; beyond it customers are drawn by their key."""


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
class Past:
    """The orders of a shop, to be looked at as they stood on any day."""

    orders: Orders
    days: ir.Table
    """Purchase days, as :func:`frames.purchase_days` gives them."""
    begin: date
    """The day of the shop's first order."""
    horizon_days: int
    minimum: Minimum
    fit: Callable[[Summary, pa.Table], Model]
    """How a purchase model is fitted, as :func:`regulars.value.model.fit` does."""
    customers: int
    """How many there are at the end; a larger shop is learnt from a part of them."""

    @property
    def engine(self) -> Engine:
        """What executes the expressions."""
        return self.orders.workspace.engine

    def cutoffs(self, cutoff: date) -> tuple[date, ...]:
        """Return days to learn from, the latest first: the last whose horizon is over by ``cutoff``, and earlier ones."""
        step = timedelta(days=max(CLOSEST_DAYS, self.horizon_days // 2))
        last = cutoff - timedelta(days=self.horizon_days)
        days = (last - step * number for number in range(MOST))
        return tuple(day for day in days if (day - self.begin).days >= self.minimum.span_days)

    def window(self, cutoff: date) -> Window | Unknown:
        """Return what was known on a day and what happened after it; unknown where no forecast could have been made."""
        whole = Summary.from_arrow(
            self.engine.arrow(frames.customer_summary(self.days, cutoff), title=LEARNING)
        )
        missing = self.minimum.missing(whole, cutoff)
        if missing is not None:
            return missing
        model = self.fit(whole, self.engine.arrow(frames.purchases_by_day(self.days, cutoff)))
        scope = self.scope(cutoff)
        rows = np.flatnonzero(features.slot_of(whole.key) < scope.slots)
        summary = taken(whole, rows)
        told = model.predict(
            summary, Assumptions(self.horizon_days, discount_rate_yearly=0.0), intervals=False
        )
        known = matrix.Known(summary, told, age_ranks(whole)[rows])
        table = self.engine.arrow(features.of_customers(self.orders, self.days, scope), title=LEARNING)
        return Window(cutoff, summary.key, matrix.of(table, known), told.spend, self._spent(summary, cutoff))

    def scope(self, cutoff: date, *, everybody: bool = False) -> features.Scope:
        """Return what may be looked at on a day: a part of the customers, or everybody."""
        few = min(1.0, MOST_ROWS / max(self.customers, 1))
        fewer = min(1.0, MOST_ROWS / max(self.customers * MOST, 1))
        return features.Scope(
            self.begin,
            cutoff,
            self.horizon_days,
            slots=features.SLOTS if everybody else int(features.SLOTS * fewer),
            peers=int(features.SLOTS * few),
        )

    def _spent(self, summary: Summary, cutoff: date) -> NDArray[np.float64]:
        after = frames.spend_between(self.days, cutoff, cutoff + timedelta(days=self.horizon_days))
        table = self.engine.arrow(after, title=LEARNING)
        spent = dict(
            zip(
                table["customer_key"].to_pylist(),
                pc.cast(table["spend"], pa.float64()).to_pylist(),
                strict=True,
            )
        )
        return np.array([max(spent.get(key, 0.0), 0.0) for key in summary.key.tolist()])


LEARNING = mark("Learning from earlier days")


def taken(summary: Summary, rows: NDArray[np.intp]) -> Summary:
    """Return some customers of a summary, in the order of ``rows``."""
    return replace(summary, **{field.name: getattr(summary, field.name)[rows] for field in fields(summary)})


def age_ranks(summary: Summary) -> NDArray[np.float64]:
    """Return each customer's rank by age among all, 0 to 1: ages themselves grow with the file, ranks compare."""
    return rankdata(summary.T) / max(len(summary), 1)


def first_day(summary: Summary) -> date:
    """Return the day of the first order."""
    return EPOCH + timedelta(days=int(summary.first_day.min()))
