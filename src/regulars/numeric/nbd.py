"""NBD: the plain baseline in which nobody ever stops (Ehrenberg 1959).

A customer buys at rate λ ~ Gamma(r, α) for good, so the time of the last purchase tells nothing. With x purchases in T
the likelihood is Γ(r+x) α^r / (Γ(r) (α+T)^(r+x)), the limit of the Pareto/NBD without drop-out, up to the same constant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.histories import distinct
from regulars.numeric.newton import conclude, maximise
from regulars.numeric.pareto_nbd import checked_horizon

_LOWER = np.log([1e-5, 1e-5])
_UPPER = np.log([1e4, 1e6])
"""The searched box for (r, α) when the mean T is one unit of time."""


class NBD(NamedTuple):
    """Shape r and rate α of the purchase rates."""

    r: float
    alpha: float


def fit(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, *, weights: ArrayLike | None = None
) -> Fit[NBD]:
    """Find the maximum-likelihood parameters; input and errors as in ``pareto_nbd.fit`` (recency is only checked)."""
    histories = distinct(frequency, recency, T, weights)
    total = float(histories.weight.sum())
    if not len(histories.x) or total <= 0:
        raise ValueError("There must be at least one customer to fit.")
    pairs = distinct(histories.x, np.zeros_like(histories.x), histories.T, histories.weight)
    scale = float((pairs.weight * pairs.T).sum() / total) or 1.0
    x, end = pairs.x, pairs.T / scale
    unit = total / len(histories.inverse)
    weight = pairs.weight / unit
    counts, where = np.unique(x, return_inverse=True)
    k = np.bincount(where, weight)
    n, purchases = float(weight.sum()), float((weight * x).sum())

    def objective(point: Floats) -> tuple[float, Floats, Floats]:
        r, alpha = params = np.exp(point)
        logs = np.log1p(end / alpha)
        share = 1 / (alpha + end)
        value = (
            k @ (gammaln(r + counts) - gammaln(r)) - (weight * (r + x) * logs).sum() - purchases * point[1]
        )
        wxs = (weight * (r + x) * share).sum()
        g = np.array([k @ (digamma(r + counts) - digamma(r)) - (weight * logs).sum(), n * r / alpha - wxs])
        cross = n / alpha - (weight * share).sum()
        H = np.array(
            [
                [k @ (polygamma(1, r + counts) - polygamma(1, r)), cross],
                [cross, -n * r / alpha**2 + (weight * (r + x) * share**2).sum()],
            ]
        )
        return float(value), g * params, H * np.outer(params, params) + np.diag(g * params)

    rate = purchases / max(float((weight * end).sum()), 1e-300)
    found = maximise(objective, np.log([1.0, 1 / max(rate, 1e-3)]), _LOWER, _UPPER)
    return conclude(NBD, found, np.array([1.0, scale]), unit, -purchases * unit * float(np.log(scale)))


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] = horizon (r + x) / (α + T) of each customer."""
    r, alpha = (float(value) for value in params)
    if not (0 < r < np.inf and 0 < alpha < np.inf):
        raise ValueError("NBD needs two positive parameters: r, alpha.")
    histories = distinct(frequency, recency, T)
    return histories.spread(checked_horizon(horizon) * (r + histories.x) / (alpha + histories.T))
