"""Time until something happens when not everybody was watched long enough: Kaplan & Meier (1958).

Gaps between orders are censored by today: the plain mean of the finished ones is too short. Works on grouped counts, so
that a histogram of days made by the engine is enough for any number of customers.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtri

from regulars.numeric.fit import Floats

__all__ = ["KaplanMeier", "kaplan_meier"]


@dataclass(frozen=True, slots=True)
class KaplanMeier:
    """A survival curve: one entry for each distinct time at which something happened, ascending."""

    times: Floats
    survival: Floats
    """P(not yet happened just after each time); before the first time it is 1."""
    at_risk: Floats
    events: Floats
    variance: Floats
    """Greenwood's; zero where the curve has reached zero."""
    low: Floats
    high: Floats
    """Pointwise confidence limits on the log(-log) scale, within [0, 1]."""
    longest: float
    """The longest time watched; the curve says nothing beyond it."""

    def at(self, time: ArrayLike) -> Floats:
        """Return the survival at given times; beyond the longest one it keeps its last value."""
        values = np.concatenate([[1.0], self.survival])
        return values[np.searchsorted(self.times, np.asarray(time, float), side="right")]

    def quantile(self, share: float) -> float | None:
        """Return the first time by which this share has happened, or None when the curve does not get that far."""
        if not 0 < share < 1:
            raise ValueError("share must lie in (0, 1).")
        there = np.flatnonzero(self.survival <= (1 - share) * (1 + 1e-12))
        return float(self.times[there[0]]) if len(there) else None

    @property
    def median(self) -> float | None:
        """The time by which half has happened, or None."""
        return self.quantile(0.5)


def kaplan_meier(
    durations: ArrayLike, events: ArrayLike, weights: ArrayLike | None = None, *, level: float = 0.95
) -> KaplanMeier:
    """Estimate the survival curve.

    ``durations`` >= 0 are the times watched, ``events`` whether it happened at their end (1) or the watching ended (0),
    ``weights`` how many each row stands for. Someone censored at a time counts as at risk at that time. Raises
    ``ValueError`` on negative or non-finite input, on no rows, and on events that are neither 0 nor 1.
    """
    time = np.asarray(durations, float).ravel()
    happened = np.asarray(events, float).ravel()
    weight = np.ones_like(time) if weights is None else np.asarray(weights, float).ravel()
    if not time.shape == happened.shape == weight.shape or not len(time):
        raise ValueError("durations, events and weights must have the same length, one or more.")
    if not (np.isfinite(time).all() and np.isfinite(weight).all()) or np.any(time < 0) or np.any(weight < 0):
        raise ValueError("durations and weights must be finite and not negative.")
    if not np.all((happened == 0) | (happened == 1)):
        raise ValueError("events must be 0 or 1.")
    if not 0 < level < 1:
        raise ValueError("level must lie in (0, 1).")
    watched = weight > 0
    time, happened, weight = time[watched], happened[watched], weight[watched]
    if not len(time):
        raise ValueError("At least one weight must be positive.")
    distinct, where = np.unique(time, return_inverse=True)
    left: Floats = np.bincount(where, weight).astype(float)
    done: Floats = np.bincount(where, weight * happened).astype(float)
    at_risk: Floats = np.cumsum(left[::-1])[::-1]
    keep = done > 0
    times, d, n = distinct[keep], done[keep], at_risk[keep]
    # A difference of sums may miss zero by a rounding error when weights are fractions.
    remain = np.where(n - d <= 1e-12 * n, 0.0, n - d)
    survival = np.asarray(np.cumprod(remain / n), np.float64)
    hazard: Floats = np.cumsum(d / (n * np.where(remain > 0, remain, np.inf)))
    variance = survival**2 * hazard
    low, high = _limits(survival, hazard, float(ndtri((1 + level) / 2)))
    return KaplanMeier(times, survival, n, d, variance, low, high, float(distinct[-1]))


def _limits(survival: Floats, hazard: Floats, z: float) -> tuple[Floats, Floats]:
    """Return S^exp(±z·se / log S); where the curve is zero: zero, and the upper limit before it."""
    low, high = np.zeros_like(survival), np.zeros_like(survival)
    inside = (survival > 0) & (survival < 1)
    logs = np.log(survival[inside])
    stretch = np.exp(np.clip(z * np.sqrt(hazard[inside]) / np.abs(logs), 0, 700))
    low[inside], high[inside] = np.exp(logs * stretch), np.exp(logs / stretch)
    gone = np.flatnonzero(survival <= 0)
    if len(gone):
        high[gone] = high[gone[0] - 1] if gone[0] else 1.0
    return low, high
