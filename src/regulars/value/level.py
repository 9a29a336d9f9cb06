"""When customers buy, as a whole: the shop's seasons and special days, and those who were customers before the file begins.

Ranking customers is nearly solved; the level of a forecast is not, because every plain model takes the last months for
the rule. Two things put most of it right (``docs/decisions/0005-the-level.md`` has the measurements):

- operational time (:mod:`regulars.numeric.seasonal_time`): days count by the shop's seasonal pace, feasts that move and
  promotions by their own (``docs/decisions/0009-calendar-and-prices.md``);
- left truncation: a file begins in the middle of a shop's life, so its first weeks are full of customers who are not new.
  They are fitted by themselves where the likelihood says that they differ.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from regulars.numeric import calendar_effects, pareto_nbd, seasonal_time
from regulars.numeric.seasonal_time import Clock
from regulars.value.assumptions import DAYS_A_WEEK
from regulars.value.processes import PARETO, Process

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.numeric.fit import Fit
    from regulars.numeric.seasonal_time import Effect
    from regulars.value.summary import Summary

ESTABLISHED_DAYS = 90
"""Who buys within so many days of the file's first order may have been a customer before."""
FEWEST_IN_GROUP = 200
SEASON_SPAN_DAYS = 365
"""Seasons are looked for once each day of the year has been seen."""
ARRIVAL_SPREAD_DAYS = 60
"""Where (nearly) everybody arrived at once, age and season are one thing in the first two years, and not told apart."""
ROUNDS = 3
SPECIAL_ROUNDS = 2
_ARRIVALS = 64
"""Days of arrival at a time, so that memory stays small over many years."""
SKETCH = 40_000
"""Seasons are found on about so many customers; the last fit sees everybody."""


@dataclass(frozen=True)
class Purchasing:
    """How customers buy: a clock, a process, and its fit for newcomers and, where they differ, one for the established.

    Times are in weeks of the clock. ``established_until`` is the last day (since 1970-01-01) on which a first purchase
    makes a customer established; None where all customers share one fit.
    """

    clock: Clock
    newcomers: Fit[Any]
    established: Fit[Any] | None = None
    established_until: int | None = None
    process: Process = PARETO

    @property
    def log_likelihood(self) -> float:
        """Of all customers' histories."""
        both = (self.newcomers, self.established)
        return sum(fit.log_likelihood for fit in both if fit is not None)

    def told_by(self, process: Process, summary: Summary) -> Purchasing:
        """Return the same clock and groups with another process, fitted to the same customers."""
        return self if process == self.process else self.refitted(summary, process)

    def refitted(self, summary: Summary, process: Process | None = None) -> Purchasing:
        """Return the same clock and groups with a process, this one or another, fitted to some customers."""
        how = process or self.process
        x, t_x, T = self.weeks(summary)
        found = {
            id(old): how.fit(x[rows], t_x[rows], T[rows]) for rows, old in self.groups(summary.first_day)
        }
        # A group of which there is nobody keeps its fit, which nobody asks for.
        newcomers = found.get(id(self.newcomers), self.newcomers)
        established = found.get(id(self.established), self.established)
        return replace(self, newcomers=newcomers, established=established, process=how)

    def expected(self, summary: Summary, days: int) -> NDArray[np.float64]:
        """Return every customer's expected purchase days in the ``days`` after the summary's end."""
        x, t_x, T = self.weeks(summary)
        horizon = self.horizon_weeks(summary.as_of_day, days)
        orders = np.zeros(len(summary))
        for rows, fit in self.groups(summary.first_day):
            orders[rows] = self.process.purchases(fit.params, horizon, 0.0, x[rows], t_x[rows], T[rows])
        return orders

    def groups(self, first_day: NDArray[np.int64]) -> list[tuple[NDArray[np.intp], Fit[Any]]]:
        """Return who (positions) is described by which fit."""
        if self.established is None or self.established_until is None:
            return [(np.arange(len(first_day)), self.newcomers)]
        early = first_day <= self.established_until
        parts = [(np.flatnonzero(~early), self.newcomers), (np.flatnonzero(early), self.established)]
        return [(rows, fit) for rows, fit in parts if len(rows)]

    def weeks(self, summary: Summary) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Return (x, t_x, T) of every customer in weeks of the clock."""
        return _weeks(self.clock, summary.x, summary.first_day, summary.last_day, summary.as_of_day)

    def horizon_weeks(self, as_of_day: int, days: int) -> float:
        """Return how long the days after ``as_of_day`` are in weeks of the clock: short in a quiet season."""
        end, begin = self.clock.at([as_of_day + days, as_of_day])
        return float(end - begin) / DAYS_A_WEEK


def fit(
    summary: Summary, repeats: NDArray[np.float64], promotions: Sequence[Effect] = (), *, feasts: bool = True
) -> Purchasing:
    """Fit how customers buy, by the Pareto/NBD; :meth:`Purchasing.told_by` exchanges it.

    ``repeats`` counts repeat purchase days over the same customers, one entry a day from the first purchase to the summary's end.
    ``promotions`` are the shop's, past and to come; ``feasts`` are looked for where they can be told from the seasons.
    """
    x, first, last, now = summary.x, summary.first_day, summary.last_day, summary.as_of_day
    begin = int(first.min())
    steady = _Sample(x, first, last, now, begin)
    sample = steady.thinned(SKETCH)
    fits, clock = sample.groups(), Clock.steady()
    by_year = sample.by_year(repeats)
    seasonal = seasons_can_be_seen(first, now)
    base: NDArray[np.float64] | None = None
    if seasonal:
        for _ in range(ROUNDS):
            base = sample.exposure(clock, fits)
            clock = seasonal_time.estimate(by_year, sample.by_year(base))
            if clock.is_steady:
                break
            fits = sample.fits(clock, fits)
    fitted_in_time = not clock.is_steady
    candidates = (*promotions, *(_FEASTS if feasts and seasonal else ()))
    for _ in range(SPECIAL_ROUNDS if candidates else 0):
        base = sample.exposure(clock, fits) if base is None else base
        effects = calendar_effects.estimate(begin, repeats, base, candidates, seasons=seasonal)
        nothing_new = all(effect.size == 0 for effect in (*effects, *clock.effects))
        clock = replace(clock, effects=effects) if effects or clock.effects else clock
        if nothing_new:
            break
        if seasonal:
            among = base * clock.special(begin + np.arange(len(base)))
            clock = replace(seasonal_time.estimate(by_year, sample.by_year(among)), effects=effects)
        fits, base, fitted_in_time = sample.fits(clock, fits), None, True
    # Unless the last round already fitted everybody in the time of this very clock.
    if sample.share < 1 or not fitted_in_time:
        fits = steady.fits(clock, fits)
    return Purchasing(clock, fits[0], *((fits[1], steady.until) if len(fits) > 1 else ()))


_FEASTS = calendar_effects.feast_effects()


def seasons_can_be_seen(first: NDArray[np.int64], now: int) -> bool:
    """Tell whether the data reach over a year and age can be told from season; days since 1970-01-01."""
    early, late = np.quantile(first, [0.25, 0.75])
    span = now - first.min()
    return bool(
        span >= 2 * SEASON_SPAN_DAYS or (span >= SEASON_SPAN_DAYS and late - early >= ARRIVAL_SPREAD_DAYS)
    )


Fits: TypeAlias = "list[Fit[pareto_nbd.ParetoNBD]]"
"""Of everybody; or of newcomers and of the established."""


@dataclass(frozen=True)
class _Sample:
    """Histories in calendar days, everybody's or evenly thinned out."""

    x: NDArray[np.int64]
    first: NDArray[np.int64]
    last: NDArray[np.int64]
    now: int
    begin: int
    """The day of the whole file's first purchase, of which the sample may know nothing."""
    share: float = 1.0

    @property
    def until(self) -> int:
        """The last day on which a first purchase makes a customer established."""
        return self.begin + ESTABLISHED_DAYS

    def thinned(self, size: int) -> _Sample:
        kept = slice(None, None, max(1, len(self.x) // size))
        x = self.x[kept]
        return _Sample(x, self.first[kept], self.last[kept], self.now, self.begin, len(x) / len(self.x))

    def parts(self, *, split: bool) -> list[NDArray[np.bool_]]:
        """Return newcomers and established, or everybody."""
        early = self.first <= self.until
        return [~early, early] if split else [np.ones(len(self.x), bool)]

    def fits(self, clock: Clock, before: Fits) -> Fits:
        """Fit each part in the time of the clock, beginning where the fits before ended."""
        x, t_x, T = _weeks(clock, self.x, self.first, self.last, self.now)
        return [
            pareto_nbd.fit(x[part], t_x[part], T[part], start=found.params)
            for part, found in zip(self.parts(split=len(before) > 1), before, strict=True)
        ]

    def groups(self) -> Fits:
        """Return one fit, or two where these explain the histories better by the Bayesian information criterion."""
        x, t_x, T = _weeks(Clock.steady(), self.x, self.first, self.last, self.now)
        one = [pareto_nbd.fit(x, t_x, T)]
        parts = self.parts(split=True)
        if min(int(part.sum()) for part in parts) < FEWEST_IN_GROUP:
            return one
        two = [pareto_nbd.fit(x[part], t_x[part], T[part]) for part in parts]
        gain = sum(found.log_likelihood for found in two) - one[0].log_likelihood
        return two if gain > len(one[0].params) / 2 * np.log(len(x)) else one

    def exposure(self, clock: Clock, fits: Fits) -> NDArray[np.float64]:
        """Return the repeat purchases to expect on each day from the first on, had its pace been 1.

        From the first purchases and the fits alone, not from what customers did later: so a rush stands out.
        """
        days = np.arange(self.begin, self.now + 1)
        ends = clock.at(days) / DAYS_A_WEEK
        bought = np.zeros(len(days) - 1)
        for part, found in zip(self.parts(split=len(fits) > 1), fits, strict=True):
            arrivals, count = np.unique(self.first[part], return_counts=True)
            begins = clock.at(arrivals) / DAYS_A_WEEK
            for rows in range(0, len(arrivals), _ARRIVALS):
                some = slice(rows, rows + _ARRIVALS)
                passed = np.maximum(ends - begins[some, None], 0.0)
                bought += count[some] @ np.diff(pareto_nbd.purchases_of_new(found.params, passed), axis=1)
        return np.r_[0.0, bought / clock.speed(days[1:]) / self.share]

    def by_year(self, daily: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum what each day from the first on had by the day of the year."""
        days = seasonal_time.day_of_year(self.begin + np.arange(len(daily)))
        return np.bincount(days, daily, minlength=seasonal_time.YEAR).astype(float)


def _weeks(
    clock: Clock, x: NDArray[np.int64], first: NDArray[np.int64], last: NDArray[np.int64], now: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    begin = clock.at(first)
    t_x = (clock.at(last) - begin) / DAYS_A_WEEK
    T = (float(clock.at(now)) - begin) / DAYS_A_WEEK
    return x, t_x, T
