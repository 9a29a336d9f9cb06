"""Shifted beta-geometric: how long subscriptions last (Fader & Hardie 2007, "How to project customer retention").

At the end of each period a customer leaves with a probability of their own, θ ~ Beta(α, β), so that a cohort's retention
rises as those likely to leave are gone. With S(t) = B(α, β + t) / B(α, β) a customer leaves in period t with
probability S(t - 1) - S(t) = B(α + 1, β + t - 1) / B(α, β).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma, polygamma

from regulars.numeric import beta_mixing
from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.newton import conclude, maximise

__all__ = [
    "SBG",
    "Lives",
    "discounted_lifetime",
    "fit",
    "lives",
    "log_likelihood",
    "posterior_draws",
    "probability_of",
    "residual_lifetime",
    "retention",
    "simulate",
    "survival",
]

_LOWER = np.log([1e-4, 1e-4])
_UPPER = np.log([1e3, 1e4])
"""The searched box: beyond it customers are all alike, and rounding is all that is left to tell them apart."""
_CUSTOMERS = 10_000
"""How many customers the weights add up to in the search."""
_TABLE = 100_000
"""Up to so many periods survival is a product of retention rates, which is exact to the last digits."""
_STARTS = np.log([[0.7, 2.0], [5.0, 20.0], [0.2, 0.2]])


class SBG(NamedTuple):
    """Shapes of the probabilities to leave at the end of a period: α of leaving, β of staying."""

    alpha: float
    beta: float


class Lives(NamedTuple):
    """What is known of customers: periods, whether they ended in leaving, and how many customers a row stands for."""

    age: Floats
    churned: NDArray[np.bool_]
    weights: Floats


def lives(cohorts: Sequence[ArrayLike]) -> Lives:
    """Turn cohorts into ``fit``'s input; each is the customers left after 0, 1, 2, … periods, as far as it was seen.

    Shares of the start serve as well as numbers: parameters are the same, standard errors are then those of one customer.
    """
    ages: list[float] = []
    churned: list[bool] = []
    weights: list[float] = []
    for cohort in cohorts:
        left = np.asarray(cohort, float).ravel()
        if not len(left) or not np.all(np.isfinite(left)) or np.any(left < 0) or np.any(np.diff(left) > 0):
            raise ValueError("A cohort must be finite numbers of customers left, which never grow again.")
        periods = len(left) - 1
        ages += [*range(1, periods + 1), periods]
        churned += [True] * periods + [False]
        weights += [*(-np.diff(left)).tolist(), float(left[-1])]
    return Lives(np.array(ages, float), np.array(churned, bool), np.array(weights, float))


def fit(age: ArrayLike, churned: ArrayLike, *, weights: ArrayLike | None = None) -> Fit[SBG]:
    """Find the maximum-likelihood parameters.

    One entry a customer: ``churned`` says whether the customer left, ``age`` in which period (from 1 on) or, of those
    still there, how many periods they have stayed (zero tells nothing). Any mixture of cohorts will do. Raises
    ``ValueError`` for what cannot be an age, and when nobody was watched for a period.
    """
    likelihood = _Likelihood(*_counted(age, churned, weights))
    found = maximise(likelihood, _STARTS[0], _LOWER, _UPPER)
    for start in _STARTS[1:]:
        if found.converged:
            break
        again = maximise(likelihood, start, _LOWER, _UPPER)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    return conclude(SBG, found, np.ones(2), likelihood.unit, 0.0)


def log_likelihood(
    params: Parameters, age: ArrayLike, churned: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Return the log-likelihood of what was seen under ``params``."""
    likelihood = _Likelihood(*_counted(age, churned, weights))
    return likelihood(np.log(checked(params)))[0] * likelihood.unit


def _counted(age: ArrayLike, churned: ArrayLike, weights: ArrayLike | None) -> tuple[Floats, Floats, Floats]:
    """Return each age with how many left in that period and how many were last seen at that age."""
    try:
        t, gone = np.broadcast_arrays(np.asarray(age, float), np.asarray(churned, bool))
        weight = np.broadcast_to(1.0 if weights is None else np.asarray(weights, float), t.shape).ravel()
    except ValueError as error:
        raise ValueError("age, churned and weights must have the same length.") from error
    t, gone = t.ravel(), gone.ravel()
    if not np.all(np.isfinite(t)) or np.any(t < 0) or np.any(t != np.floor(t)):
        raise ValueError("age must count periods: whole numbers, zero or more.")
    if np.any(gone & (t == 0)):
        raise ValueError("A customer who left did so in period 1 or later.")
    if not np.all(np.isfinite(weight)) or np.any(weight < 0):
        raise ValueError("weights must be finite and not negative.")
    ages, where = np.unique(t, return_inverse=True)
    lost, seen = (np.bincount(where, weight * one).astype(float) for one in (gone, ~gone))
    if not (lost + seen)[ages > 0].sum() > 0:
        raise ValueError("There must be at least one customer watched for a period.")
    return ages, lost, seen


class _Likelihood:
    """The log-likelihood with gradient and Hessian in log (α, β), scaled to a fixed number of customers."""

    def __init__(self, age: Floats, lost: Floats, seen: Floats) -> None:
        self.unit = float((lost + seen).sum()) / _CUSTOMERS
        self.lost, self.stayed = lost / self.unit, np.maximum(age - 1, 0)
        self.seen, self.age = seen / self.unit, age

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        a, b = params = np.exp(point)
        value, g, H = 0.0, np.zeros(2), np.zeros((2, 2))
        # Each is the log of a moment of θ: B(a + left, b + stayed) / B(a, b).
        for weight, left, stayed in ((self.lost, 1, self.stayed), (self.seen, 0, self.age)):
            value += float((weight * (betaln(a + left, b + stayed) - betaln(a, b))).sum())
            ends = a + left + b + stayed
            both, both1 = digamma(ends) - digamma(a + b), polygamma(1, ends) - polygamma(1, a + b)
            g += [
                (weight * (digamma(a + left) - digamma(a) - both)).sum(),
                (weight * (digamma(b + stayed) - digamma(b) - both)).sum(),
            ]
            H -= (weight * both1).sum()
            H[0, 0] += (weight * (polygamma(1, a + left) - polygamma(1, a))).sum()
            H[1, 1] += (weight * (polygamma(1, b + stayed) - polygamma(1, b))).sum()
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)


def checked(params: Parameters) -> tuple[float, float]:
    """Return (α, β) as floats, or raise ``ValueError`` unless they are positive and finite."""
    values = np.array([float(value) for value in params])
    if values.shape != (2,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("The shifted beta-geometric needs two positive parameters: alpha, beta.")
    alpha, beta = values.tolist()
    return alpha, beta


def _periods(t: ArrayLike, least: int) -> Floats:
    periods = np.asarray(t, float)
    if not np.all(np.isfinite(periods)) or np.any(periods < least) or np.any(periods != np.floor(periods)):
        raise ValueError(f"Periods must be whole numbers from {least} on.")
    return periods


def survival(params: Parameters, t: ArrayLike) -> Floats:
    """Return S(t), the share of a cohort still there after t periods."""
    a, b = checked(params)
    periods = _periods(t, 0)
    last = float(periods.max(initial=0))
    if last > _TABLE:
        return np.exp(np.minimum(betaln(a, b + periods) - betaln(a, b), 0.0))[()]
    logs = np.concatenate([[0.0], np.cumsum(np.log1p(-a / (a + b + np.arange(last))))])
    return np.exp(logs[periods.astype(np.intp)])[()]


def retention(params: Parameters, t: ArrayLike) -> Floats:
    """Return S(t) / S(t - 1) = (β + t - 1) / (α + β + t - 1), the retention rate of period t (from 1 on)."""
    a, b = checked(params)
    period = _periods(t, 1)
    return ((b + period - 1) / (a + b + period - 1))[()]


def probability_of(params: Parameters, t: ArrayLike) -> Floats:
    """Return P(a new customer leaves in period t), t from 1 on."""
    a, b = checked(params)
    before = _periods(t, 1) - 1
    return (survival(params, before) * a / (a + b + before))[()]


def _factor(rate: float, horizon: float) -> float:
    if not (rate >= 0 and np.isfinite(rate)):
        raise ValueError("The discount rate must be finite and not negative.")
    if not horizon >= 0 or (np.isfinite(horizon) and horizon != np.floor(horizon)):
        raise ValueError("The horizon must be a whole number of periods, zero or more.")
    return 1 / (1 + rate)


def discounted_lifetime(params: Parameters, horizon: float, rate: float) -> float:
    """Return Σ S(t) / (1 + rate)^t over t = 0 .. horizon - 1: the discounted payments of a new customer.

    The first payment is made now and for certain. ``rate`` is that of one period. An endless horizon (``math.inf``) is
    allowed with rate > 0 or α > 1.
    """
    a, b = checked(params)
    return beta_mixing.geometric_sum(a, b, _factor(rate, horizon), horizon)


def residual_lifetime(params: Parameters, horizon: float, rate: float, renewals: ArrayLike) -> Floats:
    """Return E[discounted payments to come] of customers who have renewed so often and are about to decide again.

    Σ S(m + i) / S(m) / (1 + rate)^(i - 1) over i = 1 .. horizon for m ``renewals``, as in Fader & Hardie (2010), "Customer-base
    valuation in a contractual setting", whose n is m + 1: the next payment, if made, is made now.
    """
    a, b = checked(params)
    factor = _factor(rate, horizon)
    seen, where = np.unique(_periods(renewals, 0), return_inverse=True)
    worth = np.array(
        [
            (b + m) / (a + b + m) * beta_mixing.geometric_sum(a, b + m + 1, factor, horizon)
            for m in seen.tolist()
        ]
    )
    return worth[where].reshape(np.shape(renewals))[()]


def simulate(params: Parameters, periods: ArrayLike, rng: np.random.Generator) -> Lives:
    """Draw customers watched for so many periods each."""
    a, b = checked(params)
    watched = _periods(periods, 0).ravel()
    with np.errstate(divide="ignore", over="ignore"):
        left = (
            np.floor(rng.standard_exponential(watched.shape) / -np.log1p(-rng.beta(a, b, watched.shape))) + 1
        )
    churned = left <= watched
    return Lives(np.where(churned, left, watched), churned, np.ones_like(watched))


def posterior_draws(params: Parameters, renewals: ArrayLike, draws: int, rng: np.random.Generator) -> Floats:
    """Draw θ of customers still there after so many renewals, shape (draws, customers): Beta(α, β + renewals)."""
    a, b = checked(params)
    stayed = _periods(renewals, 0).ravel()
    return rng.beta(a, b + stayed, (draws, len(stayed)))
