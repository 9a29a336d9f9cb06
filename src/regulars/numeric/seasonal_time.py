"""Operational time: a clock that runs fast in a shop's busy weeks and slowly in its quiet ones.

Purchase models assume that a customer's rate is steady. A shop's is not: with everybody's rate multiplied by one pace
g(day of the year), the same models hold in the time τ(t) = ∫ g, and a forecast over the summer no longer continues the
rush before Christmas. The pace is estimated from what all customers bought on each day of the year against what the
model expected, smoothed over neighbouring days, and shrunk towards a steady year by how far it stands out of its noise.

Days that fall on other dates each year, or that the shop chose (feasts and promotions), run faster or slower than their
season by an effect of their own, estimated in :mod:`regulars.numeric.calendar_effects`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric.fit import Floats

__all__ = ["Clock", "Effect", "day_of_year", "estimate"]

YEAR = 365
"""Days of the year that have a pace of their own; 31 December of a leap year shares the day before's."""
BANDWIDTH = 7.0
"""Standard deviation in days of the weights over neighbouring days: a rush of two weeks is seen, a weekday is not."""
SLOWEST = 0.05
"""A day's pace is never below this, so that time always moves."""
_MEDIAN_CHI2 = 0.4549
"""Median of the chi-squared distribution with one degree of freedom; a few odd weeks do not move a median."""
_FIRST = np.datetime64("1900-01-01")
_LAST = np.datetime64("2150-01-01")
_EPOCH = np.datetime64("1970-01-01")


@dataclass(frozen=True)
class Effect:
    """Days on which everybody buys ``exp(size)`` times as much as their season says.

    ``days`` (since 1970-01-01) are all of them, past and to come. ``error`` is the standard error of the effect before it was shrunk,
    ``occasions`` how often it was seen; with a ``size`` of zero nothing was learned of it.
    """

    name: str
    days: NDArray[np.int64]
    size: float = 0.0
    error: float = np.inf
    occasions: int = 0
    is_feast: bool = False

    @property
    def factor(self) -> float:
        """How many times as much is bought."""
        return float(np.exp(self.size))


@dataclass(frozen=True)
class Clock:
    """Operational time, in days; a steady clock agrees with the calendar."""

    pace: Floats
    """One relative speed a day of the year, mean 1."""
    effects: tuple[Effect, ...] = ()
    """Days that run faster or slower than that; where several meet, their factors are multiplied."""

    @classmethod
    def steady(cls) -> Clock:
        """Return the clock of a shop without seasons."""
        return cls(np.ones(YEAR))

    @cached_property
    def is_steady(self) -> bool:
        """Whether every day counts the same."""
        return self.has_no_seasons and all(effect.size == 0 for effect in self.effects)

    @cached_property
    def has_no_seasons(self) -> bool:
        """Whether every day of the year counts the same, feasts and promotions aside."""
        return bool(np.all(self.pace == 1.0))

    def speed(self, day: ArrayLike) -> Floats:
        """Return how fast each day (since 1970-01-01) runs."""
        return self.pace[day_of_year(day)] * self.special(day)

    def special(self, day: ArrayLike) -> Floats:
        """Return how much faster than its season each day runs by feasts and promotions."""
        days = np.asarray(day).astype(np.int64)
        log = np.zeros(days.shape)
        for effect in self.effects:
            if effect.size != 0:
                log += np.where(np.isin(days, effect.days), effect.size, 0.0)
        return np.exp(log)

    def at(self, day: ArrayLike) -> Floats:
        """Return the time at the end of each day (whole days since 1970-01-01)."""
        days = np.asarray(day).astype(np.int64)
        if self.is_steady:
            return days.astype(float)
        place = days - int((_FIRST - _EPOCH).astype(int))
        if place.size and (place.min() < 0 or place.max() >= len(self._passed)):
            raise ValueError("Days must lie between the years 1900 and 2149.")
        return self._passed[place]

    def days_until(self, day: int, length: ArrayLike) -> Floats:
        """Return how many whole days after ``day`` it takes for so much time (in days of the clock) to have passed.

        Infinite where it takes longer than the clock's table reaches, to the year 2150.
        """
        wanted = np.asarray(length, float)
        if self.is_steady:
            return np.ceil(wanted)
        begin = day - int((_FIRST - _EPOCH).astype(int))
        found = np.searchsorted(self._passed, self._passed[begin] + wanted, side="left")
        return np.where(found < len(self._passed), np.maximum(found - begin, 0), np.inf)

    @cached_property
    def _passed(self) -> Floats:
        return np.cumsum(self.speed((np.arange(_FIRST, _LAST) - _EPOCH).astype(np.int64)))


def day_of_year(day: ArrayLike) -> NDArray[np.int64]:
    """Return 0..364 for each day since 1970-01-01."""
    return _day_of_year(_EPOCH + np.asarray(day).astype(np.int64))


def _day_of_year(days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    since = days.astype("datetime64[D]") - days.astype("datetime64[Y]").astype("datetime64[D]")
    return np.minimum(since.astype(np.int64), YEAR - 1)


def estimate(observed: ArrayLike, exposure: ArrayLike) -> Clock:
    """Return the clock under which ``observed`` purchases are what ``exposure`` would bring.

    Both have one entry a day of the year (shape 365): how many purchases there were, and how many there would have been
    at pace 1. The smoothed ratio r of a day is replaced by 1 + (r - 1) τ² / (τ² + v): v is the variance that chance gives
    it (Poisson, times the overdispersion seen from week to week), τ² how much more than that, and than the uncertainty of its
    mean, the ratios vary (method of moments, as in James-Stein shrinkage). So a shop without seasons gets a steady clock, and days never seen pace 1.
    """
    bought, chance = np.asarray(observed, float), np.asarray(exposure, float)
    if bought.shape != (YEAR,) or chance.shape != (YEAR,):
        raise ValueError("observed and exposure must have one entry for each of 365 days.")
    if not (np.isfinite(bought).all() and np.isfinite(chance).all()) or min(bought.min(), chance.min()) < 0:
        raise ValueError("observed and exposure must be finite and not negative.")
    if bought.sum() <= 0 or chance.sum() <= 0:
        return Clock.steady()
    weights = _weights()
    seen, base = _smooth(bought, weights), _smooth(chance, weights)
    known = base > 1e-9 * chance.max()
    ratio = np.where(known, seen / np.where(known, base, 1.0), 1.0)
    level = bought.sum() / chance.sum()
    ratio = np.where(known, ratio / level, 1.0)
    fitted = level * ratio * chance
    # By weeks: a shop that is closed on Saturdays is no noisier for it.
    weeks, said = (v[: YEAR // 7 * 7].reshape(-1, 7).sum(axis=1) for v in (bought, fitted))
    found = (weeks - said)[said > 0] ** 2 / said[said > 0]
    spread = max(1.0, float(np.median(found)) / _MEDIAN_CHI2)
    noise = np.where(known, spread * (weights**2).sum() / np.where(known, level * base, 1.0), np.inf)
    told, chance_told = (float(np.average(v[known], weights=base[known])) for v in ((ratio - 1) ** 2, noise))
    # Smoothing leaves so many independent stretches of the year; their mean square is that uncertain by chance.
    stretches = YEAR * (weights**2).sum()
    more = max(0.0, told - chance_told * (1 + np.sqrt(2 / stretches)))
    shrunk = np.maximum(1 + (ratio - 1) * np.where(known, more / (more + noise), 0.0), SLOWEST)
    return Clock.steady() if more == 0 else Clock(shrunk / shrunk.mean())


def _weights() -> Floats:
    distance = np.minimum(np.arange(YEAR), YEAR - np.arange(YEAR))
    weights = np.exp(-0.5 * (distance / BANDWIDTH) ** 2)
    return weights / weights.sum()


def _smooth(values: Floats, weights: Floats) -> Floats:
    """Average over neighbouring days, around the turn of the year too."""
    found = np.fft.irfft(np.fft.rfft(values) * np.fft.rfft(weights), YEAR)
    return np.maximum(found, 0.0)
