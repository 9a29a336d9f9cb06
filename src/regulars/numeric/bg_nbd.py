"""BG/NBD: the well-known simplification in which one may stop only after a purchase (Fader, Hardie & Lee 2005).

Purchases at rate λ ~ Gamma(r, α); after each repeat purchase the customer stops with probability p ~ Beta(a, b). Kept as
a peer of the Pareto/NBD to compare with; whoever bought once is active for certain here, which is its known weakness.
Up to the usual constant the likelihood is, with δ = 1 for x > 0 and else 0,

    Γ(r+x) α^r / Γ(r) · B(a, b+x) / B(a, b) · (α+T)^-(r+x) · { 1 + δ a / (b+x-1) ((α+T) / (α+t_x))^(r+x) }
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import eigh_tridiagonal
from scipy.special import betaln, digamma, expit, gammaln, polygamma

from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.histories import Histories, distinct
from regulars.numeric.newton import conclude, maximise
from regulars.numeric.pareto_nbd import checked_horizon

_LOWER = np.log([1e-5, 1e-5, 1e-5, 1e-5])
_UPPER = np.log([1e4, 1e6, 1e4, 1e4])
"""The searched box for (r, α, a, b) when the mean T is one unit of time."""
_STARTS = np.log([[0.5, 0.3, 0.8, 2.5], [1.0, 1.0, 0.3, 1.0], [0.2, 0.05, 2.0, 10.0]])
_CHUNK = 8_192
_NODES = 48


class BGNBD(NamedTuple):
    """Shape r and rate α of the purchase rates, both shapes a, b of the probabilities to stop."""

    r: float
    alpha: float
    a: float
    b: float


def fit(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None
) -> Fit[BGNBD]:
    """Find the maximum-likelihood parameters; input, units and errors as in ``pareto_nbd.fit``."""
    histories = distinct(frequency, recency, T, weights)
    total = float(histories.weight.sum())
    if not len(histories.x) or total <= 0:
        raise ValueError("There must be at least one customer to fit.")
    scale = float((histories.weight * histories.T).sum() / total) or 1.0
    unit = total / len(histories.inverse)
    likelihood = _Likelihood(histories, scale, 1 / unit)
    found = maximise(likelihood, _STARTS[0], _LOWER, _UPPER)
    for start in _STARTS[1:]:
        if found.converged:
            break
        again = maximise(likelihood, start, _LOWER, _UPPER)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    shift = -float((histories.weight * histories.x).sum() * np.log(scale))
    return conclude(BGNBD, found, np.array([1.0, scale, 1.0, 1.0]), unit, shift)


class _Likelihood:
    """The log-likelihood with gradient and Hessian in log (r, α, a, b)."""

    def __init__(self, histories: Histories, scale: float, per_weight: float) -> None:
        self.x, self.t_x, self.T = histories.x, histories.t_x / scale, histories.T / scale
        self.weight = histories.weight * per_weight
        self.counts, where = np.unique(self.x, return_inverse=True)
        self.per_count = np.bincount(where, self.weight)

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        r, alpha, a, b = params = np.exp(point)
        c, w = self.counts, self.per_count
        n = float(w.sum())
        value = float(w @ (gammaln(r + c) - gammaln(r) + betaln(a, b + c) - betaln(a, b))) + n * r * point[1]
        psi, psi1 = digamma(a + b + c) - digamma(a + b), polygamma(1, a + b) - polygamma(1, a + b + c)
        g = np.array(
            [
                w @ (digamma(r + c) - digamma(r)) + n * point[1],
                n * r / alpha,
                -(w @ psi),
                w @ (digamma(b + c) - digamma(b) - psi),
            ]
        )
        H = np.zeros((4, 4))
        H[0, 0] = w @ (polygamma(1, r + c) - polygamma(1, r))
        H[0, 1] = n / alpha
        H[1, 1] = -n * r / alpha**2
        H[2, 2] = H[2, 3] = w @ psi1
        H[3, 3] = w @ (polygamma(1, b + c) - polygamma(1, b) + psi1)
        for begin in range(0, len(self.x), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            value += self._times(params, self.x[part], self.t_x[part], self.T[part], self.weight[part], g, H)
        H += np.triu(H, 1).T
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)

    @staticmethod
    def _times(
        params: Floats, x: Floats, t_x: Floats, T: Floats, weight: Floats, g: Floats, H: Floats
    ) -> float:
        """Add the terms that need times to the gradient and the Hessian's upper half; return the value's part."""
        r, alpha, a, b = params
        at_T, at_t, k = 1 / (alpha + T), 1 / (alpha + t_x), r + x
        odds = _log_odds(params, x, t_x, T)
        stopped = expit(odds)
        repeat = x > 0
        later = 1 / np.where(repeat, b + x - 1, 1.0)
        slope = [np.log(at_t / at_T), k * (at_T - at_t), np.full_like(x, 1 / a), -later]
        g[0] += (weight * np.log(at_T)).sum()
        g[1] -= (weight * k * at_T).sum()
        H[0, 1] -= (weight * at_T).sum()
        H[1, 1] += (weight * k * at_T**2).sum()
        share, spread = weight * stopped, weight * stopped * (1 - stopped)
        for i in range(4):
            g[i] += (share * slope[i]).sum()
            for j in range(i, 4):
                H[i, j] += (spread * slope[i] * slope[j]).sum()
        H[0, 1] += (share * (at_T - at_t)).sum()
        H[1, 1] -= (share * k * (at_T**2 - at_t**2)).sum()
        H[2, 2] -= share.sum() / a**2
        H[3, 3] += (share * later**2).sum()
        return float((weight * (k * np.log(at_T) + np.where(repeat, np.logaddexp(0, odds), 0.0))).sum())


def _log_odds(params: Floats, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return log(P(stopped) / P(active)) of each history; minus infinity where x = 0."""
    r, alpha, a, b = params
    repeat = x > 0
    ratio = np.log(a / np.where(repeat, b + x - 1, 1.0)) + (r + x) * np.log((alpha + T) / (alpha + t_x))
    return np.where(repeat, ratio, -np.inf)


def _checked(params: Parameters) -> Floats:
    values = np.array([float(value) for value in params])
    if values.shape != (4,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("BG/NBD needs four positive parameters: r, alpha, a, b.")
    return values


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    return _Likelihood(distinct(frequency, recency, T, weights), 1.0, 1.0)(np.log(_checked(params)))[0]


def probability_alive(params: Parameters, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
    """Return P(still active at T | history); one for whoever has not come back yet."""
    histories = distinct(frequency, recency, T)
    return histories.spread(expit(-_log_odds(_checked(params), histories.x, histories.t_x, histories.T)))


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] of each customer.

    Given p an active customer's expectation is {1 - (1 + p h / (α+T))^-(r+x)} / p; its mean over Beta(a, b+x) is taken by
    Gauss-Jacobi quadrature, which needs no hypergeometric function and no care at a = 1.
    """
    given = _checked(params)
    r, alpha, a, b = given.tolist()
    horizon = checked_horizon(horizon)
    if np.isinf(horizon):
        raise ValueError("BG/NBD needs a finite horizon.")
    histories = distinct(frequency, recency, T)
    x, reach = histories.x, horizon / (alpha + histories.T)
    out = np.empty_like(x)
    # Histories ascend in x, so customers with one count are neighbours.
    counts, begins = np.unique(x, return_index=True)
    for count, begin, end in zip(counts, begins, [*begins[1:], len(x)], strict=True):
        nodes, shares = _beta_nodes(a, b + float(count))
        logs = np.log1p(reach[begin:end, None] * nodes)
        out[begin:end] = (-np.expm1(-(r + count) * logs) / nodes * shares).sum(axis=1)
    alive = expit(-_log_odds(given, x, histories.t_x, histories.T))
    return histories.spread(alive * out)


@lru_cache(maxsize=4_096)
def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Return quadrature nodes in (0, 1) and probabilities for Beta(a, b).

    Golub & Welsch (1969): eigenvalues of the Jacobi matrix, and squares of the first entries of its eigenvectors, which
    are probabilities already, however large a and b are.
    """
    n = np.arange(1.0, _NODES)
    twice = 2 * n + a + b - 2
    middle = np.concatenate([[(a - b) / (a + b)], (a - b) * (a + b - 2) / (twice * (twice + 2))])
    beside = 4 * n * (n + a - 1) * (n + b - 1) / (twice**2 * (twice + 1))
    beside[1:] *= (n[1:] + a + b - 2) / (twice[1:] - 1)
    z, vectors = eigh_tridiagonal(middle, np.sqrt(beside))
    return np.clip((1 + z) / 2, 1e-30, 1.0), vectors[0] ** 2
