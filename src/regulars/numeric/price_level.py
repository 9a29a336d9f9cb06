"""A shop's price level by month: how what the same customers spend a purchase moves, all at once.

Customers come and go, so that the mean spend of a month says little of prices; each customer against themselves says more. The
log spend of a purchase is a customer's own level, plus the month's, plus noise with outliers (Huber's weights), first purchases having a
level of their own. The months are then drawn together: their level is a random walk with a drift and a season, blurred by noise
of its own and by that of the estimates, all variances by maximum likelihood. So a shop without any of it gets a flat level.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats
from regulars.numeric.newton import maximise

__all__ = ["Level", "Months", "compare", "level"]

HUBER = 1.345
"""Residuals beyond so many standard deviations count in proportion to their size, not to its square."""
_ROUNDS = 4
FEWEST_ROWS = 100
MONTHS = 12
DRIFT_SD = 0.10 / 12
"""Standard deviation of a shop's drift a month before anything is seen: 10% a year."""
LARGEST_STEP = 0.03
"""Prices walk by no more than so much a month (standard deviation of the log); what moves more is noise of a month, or a season."""
_ANY = 1.0
"""Variance of the level that all months share, of which the data say nothing."""
_LEAST, _MOST = 1e-9, 0.1
"""Bounds of the monthly variances."""


@dataclass(frozen=True, slots=True)
class Months:
    """The log level of each month with purchases (numbered consecutively through the years), and the covariance of its error."""

    month: NDArray[np.int64]
    log: Floats
    covariance: Floats
    purchases: Floats

    @property
    def blur(self) -> Floats:
        """How much more than others a month may be off by itself: one that is only half over twice as much."""
        return np.maximum(1.0, np.median(self.purchases) / self.purchases)


def compare(
    customer: ArrayLike, month: ArrayLike, purchases: ArrayLike, mean_log: ArrayLike, first_share: ArrayLike
) -> Months | None:
    """Return the level of each month from within-customer changes; None where there are too few.

    One entry a customer and month: purchases, the mean log spend of these, and which share of these was the customer's
    first. The level has mean 0 over purchases; the covariance is that of all customers' scores (clustered).
    """
    who, when = np.asarray(customer), np.asarray(month, np.int64)
    n, y, f = (np.asarray(values, float) for values in (purchases, mean_log, first_share))
    _, who, rows = np.unique(who, return_inverse=True, return_counts=True)
    told = rows[who] > 1  # who bought in one month only says nothing of months
    if told.sum() < FEWEST_ROWS:
        return None
    _, who = np.unique(who[told], return_inverse=True)
    months, place = np.unique(when[told], return_inverse=True)
    n, y, f = n[told], y[told], f[told]
    size, width, many = len(y), len(months) + 1, int(who.max()) + 1
    # As many customers as months say nothing of both.
    if len(months) < 2 or size - many <= width or many <= width:
        return None
    row = np.arange(size)
    D = sparse.csr_matrix(
        (np.r_[np.ones(size), f], (np.r_[row, row], np.r_[place, np.full(size, width - 1)]))
    )
    D.resize(size, width)
    C = sparse.csr_matrix((np.ones(size), (who, row)))
    weight, effect, own = n.copy(), np.zeros(width), np.zeros(many)
    inverse = np.zeros((width, width))
    for _ in range(_ROUNDS):
        W = sparse.diags(weight)
        own_weight = np.asarray(C @ weight).ravel()
        G = C @ W @ D
        within = sparse.diags(1 / own_weight) @ G
        A = (D.T @ W @ D - G.T @ within).toarray()
        b = np.asarray(D.T @ (weight * y) - within.T @ (C @ (weight * y))).ravel()
        inverse = np.linalg.pinv(A, rcond=1e-9, hermitian=True)
        effect = inverse @ b
        own = np.asarray(C @ (weight * (y - D @ effect))).ravel() / own_weight
        wrong = y - D @ effect - own[who]
        standard = wrong * np.sqrt(n)
        free = np.sqrt(size / (size - many - width))
        scale = max(float(np.median(np.abs(standard))) / 0.6745 * free, 1e-9)
        weight = n * np.minimum(1.0, HUBER * scale / np.maximum(np.abs(standard), 1e-12))
    scores = (C @ sparse.diags(weight * wrong) @ (D - sparse.csr_matrix(C.T) @ within)).tocsr()
    # Huber's weights have the slope 1 within his bounds and 0 beyond, where the weights themselves fall slowly.
    slope = weight.sum() / max(float(n[weight == n].sum()), 1e-9 * n.sum())
    spread = inverse @ (scores.T @ scores).toarray() @ inverse * slope**2 * many / (many - width)
    share = np.bincount(place, n) / n.sum()
    centre = np.eye(len(months)) - share
    return Months(
        months,
        centre @ effect[:-1],
        centre @ spread[:-1, :-1] @ centre.T,
        np.bincount(place, n).astype(float),
    )


@dataclass(frozen=True, slots=True)
class Level:
    """What moves the level of a shop: the variances, a month, of its walk, its drift, its season and its own noise."""

    seen: Months
    walk: float
    drift: float
    season: float
    noise: float
    gain: float
    """How much higher the log-likelihood is than with noise alone."""

    def at(self, month: ArrayLike, *, trend: bool = True, season: bool = True) -> Floats:
        """Return the expected log level of each month, seen or to come.

        Without ``trend`` a drift is told apart, but does not go on after the last month seen; without ``season`` it is left out of what is returned.
        """
        asked = np.atleast_1d(np.asarray(month, np.int64))
        when = self.seen.month
        held = np.minimum(asked, when[-1])
        parts = (self.walk, self.drift, self.season)
        V = _covariance(when, when, *parts) + self.noise * np.diag(self.seen.blur) + self.seen.covariance
        moving = _covariance(asked if trend else held, when, self.walk, self.drift, 0.0)
        yearly = _covariance(asked, when, 0.0, 0.0, self.season if season else 0.0)
        found: Floats = (moving + yearly + _ANY) @ np.linalg.solve(V + _ANY, self.seen.log)
        return found


def level(seen: Months) -> Level:
    """Return by how much walk, drift, season and noise move the months: by maximum likelihood."""
    kernels = _kernels(seen)
    low, high = np.log([_LEAST] * 3), np.array([2 * np.log(LARGEST_STEP), np.log(_MOST), np.log(_MOST)])
    still = high.copy()
    still[0] = low[0]  # who does not walk does not drift either
    quiet = still.copy()
    quiet[1] = low[1]
    noise = maximise(_Variances(seen, kernels, drift=0.0), np.array([low[0], low[1], -6.0]), low, quiet)
    resting, moving = _Variances(seen, kernels, drift=0.0), _Variances(seen, kernels, drift=DRIFT_SD**2)
    tries = [
        (0.0, maximise(resting, np.array([low[0], season, noise.point[2]]), low, still))
        for season in (-12.0, -7.0, -5.0)
    ]
    tries += [
        (DRIFT_SD**2, maximise(moving, np.array(start), low, high))
        for start in ((-12.0, -12.0, -9.0), (-8.0, -7.0, -7.0), (-9.0, -6.0, -12.0))
    ]
    drift, found = max([(0.0, noise), *tries], key=lambda one: one[1].value)
    walk, season, own = np.exp(found.point).tolist()
    return Level(seen, walk, drift, season, own, max(0.0, found.value - noise.value))


def _kernels(seen: Months) -> Floats:
    """Return what a variance of one of the walk, of the season, and of the noise adds to the covariance of the months."""
    when = seen.month
    return np.stack([_covariance(when, when, 1, 0, 0), _covariance(when, when, 0, 0, 1), np.diag(seen.blur)])


class _Variances:
    """The log-likelihood of the months with gradient and Hessian in the logs of the variances of walk, season and noise."""

    def __init__(self, seen: Months, kernels: Floats, *, drift: float) -> None:
        self.log, self.kernels = seen.log, kernels
        self.fixed = seen.covariance + _ANY + _covariance(seen.month, seen.month, 0, drift, 0)

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        parts = np.exp(point)[:, None, None] * self.kernels
        V = self.fixed + parts.sum(axis=0)
        inverse = np.linalg.inv(V)
        at = inverse @ self.log
        moved = inverse @ parts  # V⁻¹ Kᵢ
        pulled = parts @ at
        gradient = (pulled @ at - np.trace(moved, axis1=1, axis2=2)) / 2
        both = np.einsum("iab,jba->ij", moved, moved) / 2 - pulled @ inverse @ pulled.T
        value = -0.5 * float(self.log @ at + np.linalg.slogdet(V)[1])
        return value, gradient, both + np.diag(gradient)


def _covariance(
    one: NDArray[np.int64], other: NDArray[np.int64], walk: float, drift: float, season: float
) -> Floats:
    """Covariance of the levels of months, counted from the first of ``other``."""
    a, b = (one - other[0]).astype(float)[:, None], (other - other[0]).astype(float)[None, :]
    apart = np.sin(np.pi * (a - b) / MONTHS)
    return walk * np.minimum(a, b) + drift * a * b + season * np.exp(-2 * (apart / 0.8) ** 2)
