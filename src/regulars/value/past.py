"""What was known on earlier days, and what came after them: the shop's own past, which every choice is tested on.

Nothing of a later day reaches an earlier one. Choices look at some ten thousand customers at most, evenly taken, so that they
cost a large shop no more than a small one; what was seen once is kept, because choices on several days look back at the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from regulars.kit.i18n import mark
from regulars.numeric import price_level
from regulars.value import frames, level
from regulars.value.summary import EPOCH, Summary, locate

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.lake import Engine
    from regulars.numeric.price_level import Level
    from regulars.numeric.seasonal_time import Effect
    from regulars.value.assumptions import Minimum
    from regulars.value.level import Purchasing

SAMPLE = 40_000
"""Choices are made on about so many customers."""
WINDOWS = tuple(7 * weeks for weeks in (52, 39, 26, 18, 13, 9, 6, 4))
"""Lengths of outcome windows in days: whole weeks, and few different ones, so that days to look back at are shared."""
LOOKS = 3


@dataclass(frozen=True)
class Look:
    """A sample of customers on an earlier day, how they were thought to buy, and what they did in the window after it."""

    day: date
    window_days: int
    summary: Summary
    purchasing: Purchasing
    bought: NDArray[np.float64]
    """Purchase days in the window."""
    spent: NDArray[np.float64]
    """Spend in the window, before refunds."""


class Past:
    """Purchase days (of :func:`frames.purchase_days`) looked at from earlier days."""

    def __init__(
        self,
        days: ir.Table,
        engine: Engine,
        minimum: Minimum,
        customers: int,
        promotions: tuple[Effect, ...] = (),
    ) -> None:
        """Take the purchase days of so many customers, the least that a forecast is made from, and the shop's promotions."""
        self.days, self.engine, self.minimum = days, engine, minimum
        self.promotions, self.customers = promotions, customers
        self.every = max(1, customers // SAMPLE)
        self._fits: dict[date, tuple[Summary, Purchasing] | None] = {}
        self._looks: dict[tuple[date, int], Look | None] = {}
        self._levels: dict[date, Level | None] = {}

    def summary(self, day: date) -> Summary:
        """Return everybody's summary until ``day``."""
        title = mark("Summing up customers until an earlier day")
        return Summary.from_arrow(self.engine.arrow(frames.customer_summary(self.days, day), title=title))

    def purchasing(self, day: date, summary: Summary) -> Purchasing:
        """Fit how customers buy to everybody's summary until ``day``."""
        if self.every == 1 and day in self._fits and (known := self._fits[day]) is not None:
            return known[1]
        found = level.fit(summary, repeats(summary, self._by_day(self.days, day)), self.promotions)
        if self.every == 1:
            self._fits[day] = (summary, found)
        return found

    def thinned(self, most: int) -> Past:
        """Return the past of an even share of the customers, about ``most`` or up to twice as many; this one where there are no more."""
        every = max(1, self.customers // most)
        if every == 1:
            return self
        some = self.days.filter(self.days.customer_key % every == 0)
        return Past(some, self.engine, self.minimum, self.customers // every, self.promotions)

    def sampled(self, summary: Summary, purchasing: Purchasing) -> tuple[Summary, Purchasing]:
        """Return an even sample of everybody's summary and fit."""
        if self.every == 1:
            return summary, purchasing
        some = summary.part(summary.key % self.every == 0)
        return some, purchasing.refitted(some)

    def price_level(self, day: date) -> Level | None:
        """Return the price level by month that a sample of customers shows until ``day``; None where there is too little."""
        if day not in self._levels:
            rows = self.engine.arrow(frames.spend_by_month(self._sampled, day))
            names = ("customer_key", "month", "purchases", "mean_log", "first_share")
            order = np.lexsort([np.asarray(rows[name]) for name in ("month", "customer_key")])
            # An engine may add numbers up in any order; what comes of it must not depend on that.
            seen = price_level.compare(*(np.asarray(rows[name])[order].round(9) for name in names))
            self._levels[day] = None if seen is None else price_level.level(seen)
        return self._levels[day]

    def restated(self, summary: Summary, factors: tuple[tuple[int, float], ...]) -> NDArray[np.float64]:
        """Return what each customer of a summary spent until its end, each month's spend by its factor."""
        day = EPOCH + timedelta(days=summary.as_of_day)
        table = self.engine.arrow(frames.restated_spend(self.days, day, factors))
        return aligned(summary, table, ("spend",))["spend"].round(6)

    def spend_after(self, summary: Summary, day: date, days: int) -> dict[str, NDArray[np.float64]]:
        """Return spend, orders, purchase_days and refunded of each customer in the ``days`` after ``day``."""
        return aligned(
            summary, self.engine.arrow(frames.spend_between(self.days, day, day + timedelta(days=days)))
        )

    def looks(self, day: date, horizon_days: int) -> tuple[Look, ...]:
        """Return up to three earlier days, the latest first, with outcomes over by ``day`` that do not overlap.

        The windows are as near to the horizon as the data allow; none where the past is too short to have learned from.
        """
        first = self._first()
        if first is None:
            return ()
        window = longest_window(horizon_days, (day - first).days // LOOKS)
        found = []
        for step in range(1, LOOKS + 1):
            origin = day - timedelta(days=window * step)
            if window == 0 or (origin - first).days < self.minimum.span_days:
                break
            look = self._look(origin, window)
            if look is None:
                break
            found.append(look)
        return tuple(found)

    def _look(self, day: date, window: int) -> Look | None:
        if (day, window) not in self._looks:
            known = self._fitted(day)
            if known is None:
                self._looks[day, window] = None
            else:
                after = frames.spend_between(self._sampled, day, day + timedelta(days=window))
                did = aligned(known[0], self.engine.arrow(after))
                self._looks[day, window] = Look(day, window, *known, did["purchase_days"], did["spend"])
        return self._looks[day, window]

    def _fitted(self, day: date) -> tuple[Summary, Purchasing] | None:
        """Return a sample's summary and fit on ``day``; None where there is too little for a forecast."""
        if day not in self._fits:
            summary = Summary.from_arrow(self.engine.arrow(frames.customer_summary(self._sampled, day)))
            least = replace(self.minimum, customers=max(1, self.minimum.customers // self.every))
            enough = least.missing(summary, day) is None
            by_day = repeats(summary, self._by_day(self._sampled, day)) if enough else None
            found = None if by_day is None else level.fit(summary, by_day, self.promotions)
            self._fits[day] = None if found is None else (summary, found)
        return self._fits[day]

    @property
    def _sampled(self) -> ir.Table:
        return self.days if self.every == 1 else self.days.filter(self.days.customer_key % self.every == 0)

    def _by_day(self, days: ir.Table, until: date) -> pa.Table:
        return self.engine.arrow(frames.purchases_by_day(days, until))

    def _first(self) -> date | None:
        found: date | None = self.engine.arrow(frames.first_purchase(self.days))["first_on"][0].as_py()
        return found


def longest_window(horizon_days: int, room_days: int) -> int:
    """Return the longest of :data:`WINDOWS` within the horizon and the room; a shorter horizon is its own; 0 without room."""
    most = min(horizon_days, room_days)
    if most >= horizon_days and horizon_days < WINDOWS[0]:
        return horizon_days
    return next((window for window in WINDOWS if window <= most), 0)


def repeats(summary: Summary, by_day: pa.Table) -> NDArray[np.float64]:
    """Count repeat purchases by day from the first on: all purchases (of :func:`frames.purchases_by_day`) less first ones."""
    days = np.asarray(pc.cast(pc.cast(by_day["ordered_on"], pa.date32()), pa.int32())).astype(np.int64)
    counts = np.asarray(by_day["customers"]).astype(float)
    begin = int(summary.first_day.min())
    length = summary.as_of_day - begin + 1
    total = np.bincount(days - begin, counts, minlength=length).astype(float)
    return total - np.bincount(summary.first_day - begin, minlength=length)


BETWEEN = ("spend", "orders", "purchase_days", "refunded")


def aligned(
    summary: Summary, table: pa.Table, names: tuple[str, ...] = BETWEEN
) -> dict[str, NDArray[np.float64]]:
    """Columns (by default of :func:`frames.spend_between`) in the summary's order; zero where a customer has no row."""
    keys = np.asarray(table["customer_key"]).astype(np.int64)
    place, known = locate(summary.key, keys)
    columns = {}
    for name in names:
        values = np.zeros(len(summary))
        values[place[known]] = np.asarray(pc.cast(table[name], pa.float64()))[known]
        columns[name] = values
    return columns
