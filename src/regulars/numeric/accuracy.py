"""How good a prediction was: ranking, level and calibration told apart.

All figures are the same for any order of the rows: equal predictions share their actual value evenly, as if their order
were averaged over. ``actual`` is what happened in the held-out time and ``predicted`` what was said before it.
"""

from __future__ import annotations

from math import fsum, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from regulars.numeric.fit import Floats

__all__ = [
    "Decile",
    "bias",
    "coverage",
    "decile_error",
    "decile_table",
    "mae",
    "normalised_gini",
    "rmse",
    "spearman",
    "top_share_capture",
]


def _pair(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as flat finite arrays of one length."""
    a, p = np.asarray(actual, float).ravel(), np.asarray(predicted, float).ravel()
    if a.shape != p.shape or not len(a):
        raise ValueError("actual and predicted must have the same length, one or more.")
    if not (np.isfinite(a).all() and np.isfinite(p).all()):
        raise ValueError("actual and predicted must be finite numbers.")
    return a, p


def _ranked(actual: ArrayLike, predicted: ArrayLike) -> tuple[Floats, Floats]:
    """Return both with the highest prediction first, in an order that does not depend on that of the rows."""
    a, p = _pair(actual, predicted)
    order = np.lexsort((a, -p))
    return a[order], p[order]


def _shared(actual: Floats, predicted: Floats) -> Floats:
    """Replace each actual by the mean over the rows with the same prediction; rows come sorted by prediction."""
    where = np.cumsum(np.r_[False, predicted[1:] != predicted[:-1]])
    return (np.bincount(where, actual) / np.bincount(where))[where]


def _gini(ordered: Floats) -> float:
    """Area between the concentration curve of values in the given order and the diagonal, times two."""
    n = len(ordered)
    cumulative = np.cumsum(ordered)
    return float((2 * cumulative.sum() / cumulative[-1] - n - 1) / n)


def normalised_gini(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the Gini of actual ordered by prediction over that of actual ordered by itself: 1 is a perfect ranking.

    Zero when there is nothing to rank (all actuals equal). ``actual`` must not be negative.
    """
    a, p = _ranked(actual, predicted)
    if np.any(a < 0):
        raise ValueError("actual must not be negative.")
    if a.max() == a.min():
        return 0.0
    a = a / a.max()
    return _gini(_shared(a, p)) / _gini(np.sort(a)[::-1])


def mean_ranks(values: ArrayLike) -> Floats:
    """Return the rank of each value, from 1 on; equal ones share the mean of their ranks."""
    _, group, count = np.unique(np.asarray(values, float).ravel(), return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[group]


def spearman(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return Spearman's rank correlation with mean ranks for ties; zero when either side is constant."""
    a, p = (mean_ranks(v) for v in _pair(actual, predicted))
    a, p = a - a.mean(), p - p.mean()
    norm = sqrt(fsum(a * a) * fsum(p * p))
    return fsum(a * p) / norm if norm > 0 else 0.0


def top_share_capture(actual: ArrayLike, predicted: ArrayLike, share: float = 0.1) -> float:
    """Return how much of the whole actual value the top ``share`` of customers by prediction brought.

    A tie across the cut, and a cut inside a customer, count in proportion. Zero when nobody brought anything.
    """
    if not 0 < share <= 1:
        raise ValueError("share must lie in (0, 1].")
    a, p = _ranked(actual, predicted)
    if a.sum() == 0:
        return 0.0
    cumulative = np.concatenate([[0.0], np.cumsum(_shared(a, p))])
    return float(np.interp(share * len(a), np.arange(len(a) + 1), cumulative) / cumulative[-1])


def bias(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return (Σ predicted - Σ actual) / Σ actual: -0.2 says a fifth too low.

    When nothing happened it is 0 for a prediction of nothing and infinite otherwise.
    """
    a, p = (fsum(v) for v in _pair(actual, predicted))
    if a == 0:
        return 0.0 if p == 0 else float(np.copysign(np.inf, p))
    return (p - a) / a


def mae(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the mean absolute error."""
    a, p = _pair(actual, predicted)
    return fsum(np.abs(a - p)) / len(a)


def rmse(actual: ArrayLike, predicted: ArrayLike) -> float:
    """Return the root of the mean squared error."""
    a, p = _pair(actual, predicted)
    return sqrt(fsum((a - p) ** 2) / len(a))


class Decile(NamedTuple):
    """A tenth of the customers by prediction; customers tied across a cut are split in proportion."""

    number: int
    """1 is the tenth that was predicted to bring most."""
    customers: float
    actual: float
    predicted: float
    """Means a customer."""


def decile_table(actual: ArrayLike, predicted: ArrayLike, parts: int = 10) -> tuple[Decile, ...]:
    """Return mean actual and mean predicted by tenths (or other ``parts``) of equal size, the best first.

    With fewer customers than parts there are as many parts as customers.
    """
    a, p = _ranked(actual, predicted)
    n = len(a)
    parts = min(parts, n)
    cuts = np.linspace(0, n, parts + 1)
    grid = np.arange(n + 1)
    sums = [np.diff(np.interp(cuts, grid, np.concatenate([[0.0], np.cumsum(v)]))) for v in (_shared(a, p), p)]
    size = n / parts
    return tuple(
        Decile(number, size, float(did) / size, float(said) / size)
        for number, (did, said) in enumerate(zip(*sums, strict=True), start=1)
    )


def decile_error(actual: ArrayLike, predicted: ArrayLike, parts: int = 10) -> float:
    """Return Σ over deciles |predicted - actual| / Σ actual: 0 is perfect calibration by level.

    When nothing happened it is 0 for a prediction of nothing and infinite otherwise.
    """
    table = decile_table(actual, predicted, parts)
    wrong = sum(abs(row.predicted - row.actual) for row in table)
    whole = abs(sum(row.actual for row in table))
    if whole == 0:
        return 0.0 if wrong == 0 else float("inf")
    return wrong / whole


def coverage(actual: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Return the share of actuals inside their closed intervals."""
    a, lo, hi = (np.asarray(v, float).ravel() for v in (actual, low, high))
    if not a.shape == lo.shape == hi.shape or not len(a):
        raise ValueError("actual, low and high must have the same length, one or more.")
    if not (np.isfinite(a).all() and np.isfinite(lo).all() and np.isfinite(hi).all()):
        raise ValueError("actual, low and high must be finite numbers.")
    return float(np.mean((lo <= a) & (a <= hi)))
