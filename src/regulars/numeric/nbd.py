"""NBD: the plain baseline in which nobody ever stops (Ehrenberg 1959).

A customer buys at rate λ ~ Gamma(r, α) for good, so the time of the last purchase tells nothing. With x purchases in T
the likelihood is Γ(r+x) α^r / (Γ(r) (α+T)^(r+x)), the limit of the Pareto/NBD without drop-out, up to the same constant.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import digamma, exprel, gammaln, polygamma

from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.histories import checked_counts, distinct
from regulars.numeric.newton import conclude, maximise
from regulars.numeric.pareto_nbd import checked_horizon
from regulars.numeric.pareto_nbd_draws import Customers

__all__ = [
    "NBD",
    "discounted_purchases",
    "expected_purchases",
    "fit",
    "log_likelihood",
    "posterior_draws",
    "probability_of",
    "probability_of_none",
    "simulate",
    "simulate_purchases",
]

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
    histories = distinct(frequency, recency, T, weights, inverse=False)
    total = float(histories.weight.sum())
    if not len(histories.x) or total <= 0:
        raise ValueError("There must be at least one customer to fit.")
    pairs = distinct(histories.x, np.zeros_like(histories.x), histories.T, histories.weight)
    scale = float((pairs.weight * pairs.T).sum() / total) or 1.0
    x, end = pairs.x, pairs.T / scale
    unit = total / histories.rows
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


def checked(params: Parameters) -> tuple[float, float]:
    """Return (r, α) as floats, or raise ``ValueError`` unless they are positive and finite."""
    values = np.array([float(value) for value in params])
    if values.shape != (2,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("NBD needs two positive parameters: r, alpha.")
    r, alpha = values.tolist()
    return r, alpha


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    r, alpha = checked(params)
    histories = distinct(frequency, recency, T, weights)
    x = histories.x
    each = gammaln(r + x) - gammaln(r) - x * np.log(alpha) - (r + x) * np.log1p(histories.T / alpha)
    return float((histories.weight * each).sum())


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] = horizon (r + x) / (α + T) of each customer."""
    return discounted_purchases(params, horizon, 0.0, frequency, recency, T)


def discounted_purchases(
    params: Parameters,
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history] of each customer.

    ``rate`` as in ``pareto_nbd.discounted_purchases``; an endless horizon needs rate > 0, because nobody ever stops.
    """
    r, alpha = checked(params)
    horizon = checked_horizon(horizon)
    if not (rate >= 0 and np.isfinite(rate)):
        raise ValueError("The discount rate must be finite and not negative.")
    if rate == 0 and np.isinf(horizon):
        raise ValueError("Without discounting an endless horizon has no finite value.")
    length = horizon * exprel(-rate * horizon) if np.isfinite(horizon) else 1 / rate
    histories = distinct(frequency, recency, T)
    return histories.spread(length * (r + histories.x) / (alpha + histories.T))


def probability_of_none(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history) of each customer."""
    r, alpha = checked(params)
    histories = distinct(frequency, recency, T)
    share = checked_horizon(horizon) / (alpha + histories.T)
    return histories.spread(np.exp(-(r + histories.x) * np.log1p(share)))


def probability_of(params: Parameters, n: ArrayLike, t: ArrayLike) -> Floats:
    """Return P(a new customer makes n repeat purchases in (0, t]); n and t broadcast."""
    r, alpha = checked(params)
    count, length = checked_counts(n, t)
    share = np.where(count > 0, length / (alpha + length), 1.0)
    with np.errstate(divide="ignore"):
        powers = np.log(share) * count
    logs = gammaln(r + count) - gammaln(r) - gammaln(count + 1) + powers - r * np.log1p(length / alpha)
    return np.exp(np.minimum(logs, 0.0))[()]


def simulate(params: Parameters, T: ArrayLike, rng: np.random.Generator) -> Customers:
    """Draw customers first seen T units of time ago; ``lifetime`` is infinite."""
    r, alpha = checked(params)
    end = np.asarray(T, float).ravel()
    rate = rng.standard_gamma(r, end.shape) / alpha
    x = rng.poisson(rate * end).astype(float)
    share = np.where(x > 0, rng.random(end.shape) ** (1 / np.maximum(x, 1)), 0.0)
    return Customers(x, end * share, np.full_like(end, np.inf), rate)


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw λ of each customer given the history, shape (draws, customers): Gamma(r + x, α + T)."""
    r, alpha = checked(params)
    histories = distinct(frequency, recency, T)
    x, end = histories.x[histories.inverse], histories.T[histories.inverse]
    return rng.standard_gamma(r + x, (draws, len(x))) / (alpha + end)


def simulate_purchases(
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw the number of purchases in (T, T + horizon] of each customer, shape (draws, customers)."""
    horizon = checked_horizon(horizon)
    if np.isinf(horizon):
        raise ValueError("Simulated purchases need a finite horizon.")
    return rng.poisson(posterior_draws(params, frequency, recency, T, draws, rng) * horizon)
