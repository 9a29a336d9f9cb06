"""Pareto/NBD: how often a customer buys while active, and when they stop (Schmittlein, Morrison & Colombo 1987).

While active a customer buys at rate λ ~ Gamma(r, α); they stop after an Exponential(μ) time, μ ~ Gamma(s, β). A
history is x repeat purchases, the last at t_x, observed until T, all since the first purchase and in one unit of time.
The likelihood is that of Fader & Hardie's "A Note on Deriving the Pareto/NBD Model" (2005), up to the same constant:

    Γ(r+x) α^r β^s / Γ(r) · { (α+T)^-(r+x) (β+T)^-s  +  s ∫_{t_x}^T (α+t)^-(r+x) (β+t)^-(s+1) dt }
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, exprel, gammaln, polygamma

from regulars.numeric import lifetime_integral
from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.histories import Histories, distinct
from regulars.numeric.newton import Maximum, conclude, maximise

__all__ = [
    "ParetoNBD",
    "continuous_rate",
    "discounted_purchases",
    "expected_purchases",
    "fit",
    "log_likelihood",
    "probability_alive",
    "probability_of_none",
    "purchases_of_new",
    "purchases_while_active",
    "wait_for_next",
]

LOWER = np.log([1e-5, 1e-5, 1e-5, 1e-5])
UPPER = np.log([1e4, 1e6, 1e4, 1e6])
"""The searched box for (r, α, s, β) when the mean T is one unit of time."""
_STARTS = np.log([[0.5, 0.3, 0.6, 0.5], [1.0, 1.0, 1.0, 5.0], [0.2, 0.05, 0.3, 0.1], [2.0, 1.0, 2.0, 2.0]])
_SKETCH = 8_000
"""Above four times this many distinct histories the search begins on a sketch of about this many."""


_CHUNK = 8_192
"""Histories at a time, so that their derivatives stay in the cache."""


Mixing = tuple[float, float | Floats, float, float | Floats]
"""(r, α, s, β) of everybody, or with an α and a β for each history."""


class ParetoNBD(NamedTuple):
    """Shape r and rate α of the purchase rates, shape s and rate β of the drop-out rates."""

    r: float
    alpha: float
    s: float
    beta: float


def fit(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    start: Parameters | None = None,
) -> Fit[ParetoNBD]:
    """Find the maximum-likelihood parameters.

    One entry a customer: repeat purchases, time of the last one and end of observation, both since the first purchase.
    α and β come in the unit of time of the input. Raises ``ValueError`` for what cannot be a history (negative, recency
    beyond T, not finite, no customers); any valid input gives finite parameters; ``Fit.undetermined`` says which of
    them mean little. ``start`` is where the search begins, such as the parameters of a fit to nearly the same data.
    """
    histories = distinct(frequency, recency, T, weights, inverse=False)
    total = histories.weight.sum()
    if not len(histories.x) or total <= 0:
        raise ValueError("There must be at least one customer to fit.")
    scale = float((histories.weight * histories.T).sum() / total) or 1.0
    scaled = _Likelihood(histories, scale, histories.rows / total)
    units = np.array([1.0, scale, 1.0, scale])
    found = _search(scaled, None if start is None else np.log(np.array(checked(start)) / units))
    shift = -float((histories.weight * histories.x).sum() * np.log(scale))
    return conclude(ParetoNBD, found, units, scaled.unit, shift)


def _search(likelihood: _Likelihood, begin: Floats | None = None) -> Maximum:
    """Search from the best start, on a sketch of the histories first when there are many."""
    lower, upper = LOWER, UPPER
    if begin is not None:
        found = maximise(likelihood, np.clip(begin, lower, upper), lower, upper)
        if found.converged:
            return found
    sketch = likelihood.sketch(_SKETCH)
    ranked = sorted(_STARTS, key=lambda start: -sketch(start, derivatives=False)[0])
    found = maximise(sketch, ranked[0], lower, upper)
    for start in ranked[1:]:
        if found.converged:
            break
        again = maximise(sketch, start, lower, upper)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    if sketch is likelihood:
        return found
    return maximise(likelihood, found.point, lower, upper)


class _Likelihood:
    """The log-likelihood with gradient and Hessian in log parameters, in units where the mean T is one.

    Terms that need only x are taken from its histogram. Weights are scaled to one a customer on average, so that when
    the search stops does not depend on what the weights count; ``unit`` undoes that.
    """

    def __init__(self, histories: Histories, scale: float, per_weight: float) -> None:
        self.x = histories.x
        self.t_x, self.T = histories.t_x / scale, histories.T / scale
        self.weight = histories.weight * per_weight
        self.unit = 1 / per_weight
        self.counts, where = np.unique(self.x, return_inverse=True)
        self.per_count = np.bincount(where, self.weight)
        self.total = float(self.weight.sum())

    def sketch(self, size: int) -> _Likelihood:
        """Keep every so many-eth history, in order, so that all kinds stay represented; itself when there are few."""
        every = len(self.x) // size
        if every < 4:
            return self
        keep = slice(every // 2, None, every)
        kept = Histories(
            self.x[keep], self.t_x[keep], self.T[keep], self.weight[keep], np.zeros(0, np.intp), ()
        )
        return _Likelihood(kept, 1.0, 1.0)

    def __call__(self, point: Floats, *, derivatives: bool = True) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian at log (r, α, s, β)."""
        params = np.exp(point)
        r, alpha, s, beta = given = checked(params)
        n, c, w = self.total, self.counts, self.per_count
        value = float(w @ (gammaln(r + c) - gammaln(r))) + n * (r * point[1] + s * point[3])
        joint, g, h = 0.0, np.zeros(4), np.zeros(10)
        for begin in range(0, len(self.x), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            found = log_mixture(given, self.x[part], self.t_x[part], self.T[part], derivatives=derivatives)
            # Sums, not products of matrices: those wake a pool of threads that costs more than it gives.
            joint += float((found[0] * self.weight[part]).sum())
            if derivatives:
                g += (found[1] * self.weight[part]).sum(axis=1)
                h += (found[2] * self.weight[part]).sum(axis=1)
        value += joint
        if not derivatives:
            return value, np.zeros(4), np.zeros((4, 4))
        g += [w @ (digamma(r + c) - digamma(r)) + n * point[1], n * r / alpha, n * point[3], n * s / beta]
        H = np.zeros((4, 4))
        for (i, j), entry in zip(lifetime_integral.PAIRS, h, strict=True):
            H[i, j] = H[j, i] = entry
        H[0, 0] += w @ (polygamma(1, r + c) - polygamma(1, r))
        H[0, 1] += n / alpha
        H[1, 1] -= n * r / alpha**2
        H[2, 3] += n / beta
        H[3, 3] -= n * s / beta**2
        H[1, 0], H[3, 2] = H[0, 1], H[2, 3]
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)


def log_mixture(
    params: Mixing, x: Floats, t_x: Floats, T: Floats, *, derivatives: bool
) -> tuple[Floats, Floats, Floats]:
    """Log of the braces of the likelihood: alive at T plus stopped at some t in (t_x, T), with derivatives by history.

    Returns shapes (n,), (4, n) and (10, n), the last in the order of ``lifetime_integral.PAIRS``.
    """
    r, alpha, s, beta = params
    a, A, B, span = r + x, alpha + t_x, beta + t_x, T - t_x
    stopped = lifetime_integral.moments(a, s + 1, A, B, span, derivatives=derivatives)
    base = -a * np.log(A) - s * np.log(B)
    da, db = np.log1p(span / A), np.log1p(span / B)
    alive = np.exp(-a * da - s * db)
    dead = s / B * stopped[0]
    both = alive + dead
    joint = base + np.log(both)
    if not derivatives:
        return joint, np.zeros((4, 0)), np.zeros((10, 0))
    p, q = alive / both, dead / both
    # Features (log(1+u/A), 1/(1+u/A), log(1+u/B), 1/(1+u/B)) at u = span when alive, posterior means when stopped;
    # derivatives of a component's log are linear in them: offset + slope * feature.
    at_T = np.stack([da, A / (alpha + T), db, B / (beta + T)])
    slope_alive = np.stack([-np.ones_like(a), -a / A, -np.ones_like(a), -s / B])
    slope_dead = slope_alive.copy()
    slope_dead[3] = -(s + 1) / B
    g_alive = slope_alive * at_T
    g_dead = slope_dead * stopped[1:5]
    g_dead[2] += 1 / s
    gradient = p * g_alive + q * g_dead
    gradient[0] -= np.log(A)
    gradient[2] -= np.log(B)
    hessian = np.empty((10, len(a)))
    for row, (i, j) in enumerate(lifetime_integral.PAIRS):
        spread = slope_dead[i] * slope_dead[j] * (stopped[5 + row] - stopped[1 + i] * stopped[1 + j])
        hessian[row] = q * spread + p * q * (g_alive[i] - g_dead[i]) * (g_alive[j] - g_dead[j])
    # Second derivatives of the components' own logs; 1/(α+t)² is the square of feature 1 over A².
    hessian[1] -= (p * at_T[1] + q * stopped[2]) / A
    hessian[4] += (p * at_T[1] ** 2 + q * stopped[5 + 4]) * a / A**2
    hessian[7] -= q / s**2
    hessian[8] -= (p * at_T[3] + q * stopped[4]) / B
    hessian[9] += (p * s * at_T[3] ** 2 + q * (s + 1) * stopped[5 + 9]) / B**2
    return joint, gradient, hessian


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``, in their unit of time."""
    histories = distinct(frequency, recency, T, weights)
    return float((histories.weight * _individual(params, histories)).sum())


def _individual(params: Parameters, histories: Histories) -> Floats:
    """Return the log-likelihood of each distinct history."""
    return log_each(checked(params), histories)


def log_each(params: Mixing, histories: Histories) -> Floats:
    """Return the log-likelihood of each distinct history under parameters that were checked."""
    r, alpha, s, beta = params
    x = histories.x
    joint, _, _ = log_mixture(params, x, histories.t_x, histories.T, derivatives=False)
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + joint


def checked(params: Parameters) -> tuple[float, float, float, float]:
    """Return (r, α, s, β) as floats, or raise ``ValueError`` unless they are positive and finite."""
    values = np.array([float(value) for value in params])
    if values.shape != (4,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("Pareto/NBD needs four positive parameters: r, alpha, s, beta.")
    r, alpha, s, beta = values.tolist()
    return r, alpha, s, beta


def checked_horizon(horizon: float) -> float:
    """Return the horizon, or raise ``ValueError`` unless it is a number that is not negative."""
    if not horizon >= 0:
        raise ValueError("The horizon must be a number, zero or more.")
    return float(horizon)


def probability_alive(params: Parameters, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
    """Return P(still active at T | history) of each customer."""
    histories = distinct(frequency, recency, T)
    return histories.spread(alive_share(checked(params), histories))


def alive_share(params: Mixing, histories: Histories) -> Floats:
    """Return P(active at T) of each distinct history."""
    r, alpha, s, beta = params
    A, B, span = alpha + histories.t_x, beta + histories.t_x, histories.T - histories.t_x
    a = r + histories.x
    alive = np.exp(-a * np.log1p(span / A) - s * np.log1p(span / B))
    dead = s / B * lifetime_integral.integral(a, s + 1, A, B, span)
    return alive / (alive + dead)


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] of each customer, horizon in the unit of T.

    Equation 41 of Fader & Hardie (2005); s = 1 is its limit and needs no care of the caller.
    """
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

    ``rate`` is continuous, per unit of time of T: for 10% a year and T in days ``continuous_rate(0.10, 365.25)``. An
    endless horizon (``math.inf``) is allowed when the sum is finite: rate > 0 or s > 1.
    """
    histories = distinct(frequency, recency, T)
    return histories.spread(discounted_mean(checked(params), histories, horizon, rate))


def discounted_mean(params: Mixing, histories: Histories, horizon: float, rate: float) -> Floats:
    """Return the discounted purchases to come of each distinct history."""
    r, alpha, s, beta = params
    rates = (r + histories.x) / (alpha + histories.T)
    # Time active depends on β + T only, of which there are few when β is one number or T and the kinds of customers are.
    ends, where = np.unique(beta + histories.T, return_inverse=True)
    horizon, paid = checked_horizon(horizon), np.empty_like(ends)
    for begin in range(0, len(ends), _CHUNK):
        part = slice(begin, begin + _CHUNK)
        paid[part] = discounted_lifetime(s, ends[part], horizon, rate)
    return alive_share(params, histories) * rates * paid[where]


def purchases_while_active(
    params: Parameters, horizon: float, rate: float, frequency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases in (T, T + horizon]] of each customer, given that they are active at T.

    :func:`discounted_purchases` is this times :func:`probability_alive`; recency tells nothing more once that is given.
    """
    r, alpha, s, beta = checked(params)
    x, until = np.asarray(frequency, float), np.asarray(T, float)
    ends, where = np.unique(until, return_inverse=True)
    paid = discounted_lifetime(s, beta + ends, checked_horizon(horizon), rate)
    return (r + x) / (alpha + until) * paid[where].reshape(until.shape)


def wait_for_next(
    params: Parameters, share: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return the time after T within which a customer who stays buys again with probability ``share``, 0 <= share < 1.

    ``recency`` tells nothing more of one who stays: it is taken as the other models do. P(wait > t) = ((α+T)/(α+T+t))^(r+x): the Pareto that Gamma rates give (Schmittlein, Morrison & Colombo 1987).
    """
    if not 0 <= share < 1:
        raise ValueError("share must lie in [0, 1).")
    r, alpha, _, _ = checked(params)
    x, _, until = np.broadcast_arrays(*(np.asarray(given, float) for given in (frequency, recency, T)))
    with np.errstate(over="ignore"):
        return (alpha + until) * np.expm1(-np.log1p(-share) / (r + x))


def purchases_of_new(params: Parameters, t: ArrayLike) -> Floats:
    """Return E[repeat purchases in (0, t]] of someone of whom nothing but the first purchase, at 0, is known.

    Equation 17 of Fader & Hardie (2005): rβ/(α(s-1)) · {1 - (β/(β+t))^(s-1)}; s = 1 is its limit. Any shape of t >= 0.
    """
    r, alpha, s, beta = checked(params)
    until = np.asarray(t, float)
    if not (np.isfinite(until).all() and (until >= 0).all()):
        raise ValueError("t must be finite and not negative.")
    length = np.log1p(until / beta)
    return r / alpha * beta * length * exprel(-(s - 1) * length)


def continuous_rate(yearly: float, units_a_year: float) -> float:
    """Return the continuous rate per unit of time of a yearly one: 10% a year and days give ln(1.10) / 365.25."""
    if not yearly > -1 or not units_a_year > 0:
        raise ValueError("A yearly rate lies above -100%, and a year has a positive length.")
    return float(np.log1p(yearly) / units_a_year)


def discounted_lifetime(s: float, B: Floats, horizon: float | Floats, rate: float) -> Floats:
    """Return ∫_0^horizon e^(-rate·u) (B / (B + u))^s du: discounted time active of one who is active now.

    ``B`` = β + T; the horizon may be one for each of them. Endless with rate > 0 it is B·U(1, 2 - s, rate·B) of Tricomi.
    """
    if not (rate >= 0 and np.isfinite(rate)):
        raise ValueError("The discount rate must be finite and not negative.")
    if rate == 0:
        if np.isinf(horizon).any():
            if s <= 1:
                raise ValueError(
                    "Without discounting and with s <= 1 an endless horizon has no finite value."
                )
            return B / (s - 1)
        length = np.log1p(horizon / B)
        return B * length * exprel(-(s - 1) * length)
    # u = B (e^y - 1) makes the power an exponential. Panels that double in y resolve both scales.
    end = np.log1p(np.minimum(horizon, 2 * lifetime_integral.TAIL / rate) / B)
    z, w = np.polynomial.legendre.leggauss(24)
    total = np.zeros_like(end)
    edges = np.concatenate([[0.0], np.linspace(0.125, 1, 8)])
    for left, right in pairwise(edges.tolist()):
        for node, weight in zip(z, w, strict=True):
            y = (left + (right - left) * (node + 1) / 2) * end
            total += weight / 2 * (right - left) * np.exp(-(s - 1) * y - rate * B * np.expm1(y))
    return B * end * total


def probability_of_none(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history) of each customer.

    It is the likelihood of the same history observed until T + horizon over that of the history observed until T.
    """
    histories = distinct(frequency, recency, T)
    return histories.spread(none_share(checked(params), histories, horizon))


def none_share(params: Mixing, histories: Histories, horizon: float) -> Floats:
    """Return P(no purchase in (T, T + horizon]) of each distinct history."""
    x, t_x = histories.x, histories.t_x
    later = log_mixture(params, x, t_x, histories.T + checked_horizon(horizon), derivatives=False)[0]
    now = log_mixture(params, x, t_x, histories.T, derivatives=False)[0]
    return np.clip(np.exp(later - now), 0.0, 1.0)
