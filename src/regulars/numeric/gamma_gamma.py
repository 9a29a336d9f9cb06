"""Gamma-Gamma: what a customer spends on a purchase, shrunk towards everybody by how much was seen (Colombo & Jiang 1999).

A purchase is Gamma(p, ν), a customer's ν ~ Gamma(q, γ). After m purchases of mean z, Fader & Hardie's "The Gamma-Gamma
Model of Monetary Value" (2013) gives the marginal likelihood used here and E[spend] = p (γ + m z) / (p m + q - 1).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, polygamma

from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.newton import conclude, maximise

__all__ = ["GammaGamma", "expected_spend", "fit", "log_likelihood", "posterior_draws", "simulate"]

Q_FLOOR = 1.05
"""The mean spend of a new customer is finite only for q > 1, so the search stays above this."""
_LOWER = np.log([1e-2, Q_FLOOR, 1e-6])
_UPPER = np.log([1e4, 1e4, 1e8])
"""The searched box for (p, q, γ) when the mean spend is one unit of money."""

_SKETCH = 8_000
"""Above four times this many customers the search begins on a sketch of about this many."""
_SLICE = 16_384


class GammaGamma(NamedTuple):
    """Shape p of a customer's purchases, shape q and rate γ of the customers' own rates; γ is in units of money."""

    p: float
    q: float
    gamma: float


def fit(
    frequency: ArrayLike,
    mean_spend: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    include_first: bool = True,
) -> Fit[GammaGamma]:
    """Find the maximum-likelihood parameters from mean spends.

    ``mean_spend`` is the mean over ``frequency`` purchases of each customer. Which purchases those are is the caller's
    choice, and ``include_first`` says which was made. True: all purchases, the first one too, so that every customer
    has ``frequency`` >= 1 and a zero is an error. False: repeat purchases only, as the older literature has it;
    customers without one (``frequency`` 0) carry no information and are passed over. Purchases worth nothing must be
    left out of both figures: each mean must be positive.

    Raises ``ValueError`` for negative, fractional or non-finite input, for a mean that is not positive, and when no
    customer is left.
    """
    m, z = _checked_spend(frequency, mean_spend)
    keep = m > 0
    if include_first and not keep.all():
        raise ValueError("With the first purchase included every customer has a frequency of one or more.")
    given = None if weights is None else np.asarray(weights, float).ravel()
    if given is not None:
        if given.shape != m.shape or not np.all(np.isfinite(given)) or np.any(given < 0):
            raise ValueError("weights must have one entry a customer, finite and not negative.")
        keep &= given > 0
    m, z = m[keep], z[keep]
    if not len(m):
        raise ValueError("There must be at least one customer with a purchase to fit.")
    if np.any(z <= 0):
        raise ValueError("mean_spend must be positive: leave purchases worth nothing out.")
    weight = np.ones_like(m) if given is None else given[keep]
    total = float(weight.sum())
    scale = _dot(weight, z) / total
    z, weight = z / scale, weight * (len(m) / total)
    objective = _Likelihood(m, z, weight)
    every = len(m) // _SKETCH
    few = slice(every // 2, None, every) if every >= 4 else slice(None)
    begin = _start(z[few])
    if every >= 4:
        begin = maximise(_Likelihood(m[few], z[few], weight[few]), begin, _LOWER, _UPPER).point
    found = maximise(objective, begin, _LOWER, _UPPER)
    for start in ((0.0, 1.0, 0.0), (2.0, 2.0, 2.0), (1.0, 4.0, 4.0)):
        if found.converged:
            break
        again = maximise(objective, np.array(start), _LOWER, _UPPER)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    units = np.array([1.0, 1.0, scale])
    return conclude(GammaGamma, found, units, total / len(m), -total * float(np.log(scale)))


def _checked_spend(frequency: ArrayLike, mean_spend: ArrayLike) -> tuple[Floats, Floats]:
    """Return both as flat arrays of one length, or raise ``ValueError``."""
    try:
        m, z = np.broadcast_arrays(np.asarray(frequency, float), np.asarray(mean_spend, float))
    except ValueError as error:
        raise ValueError("frequency and mean_spend must have the same length.") from error
    m, z = m.ravel(), z.ravel()
    if not (np.isfinite(m).all() and np.isfinite(z).all()):
        raise ValueError("frequency and mean_spend must be finite numbers.")
    if np.any(m < 0) or np.any(m != np.floor(m)):
        raise ValueError("frequency must count purchases: whole numbers, zero or more.")
    if np.any((z < 0) & (m > 0)):
        raise ValueError("mean_spend must not be negative.")
    return m, z


def _start(z: Floats) -> Floats:
    """Guess from the spread of log spend: half of it within customers, half between them."""
    spread = float(np.clip(np.var(np.log(z)), 1e-3, 4.0))
    p = float(np.clip(2 / spread, 0.5, 50.0))
    q = float(np.clip(2 / spread + 1, 2.0, 50.0))
    return np.log([p, q, (q - 1) / p])


def _dot(left: Floats, right: Floats) -> float:
    """Return Σ left·right without the pool of threads that a matrix library would wake for it."""
    return float(np.einsum("i,i->", left, right))


class _Likelihood:
    """The log-likelihood with gradient and Hessian in log (p, q, γ); Γ and ψ terms on the histogram of m."""

    def __init__(self, m: Floats, z: Floats, weight: Floats) -> None:
        self.weight = weight
        self.mz = m * z
        self.wm = weight * m
        self.counts, self.per_count = _histogram(m, weight)
        self.total = float(self.per_count.sum())
        self.purchases = _dot(self.per_count, self.counts)
        logs = np.log(z)
        self.log_z = _dot(weight, logs)
        self.m_log_mz = _dot(self.per_count, self.counts * np.log(self.counts)) + _dot(self.wm, logs)

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        params = np.exp(point)
        p, q, gamma = params
        n, c, k = self.total, self.counts, self.per_count
        pc = p * c
        log_w, log_m, one, many, one2, many2 = self._sums(gamma)
        value = (
            -float(k @ betaln(pc, q))
            + p * (self.m_log_mz - self.purchases * point[2])
            - self.log_z
            - p * log_m
            - q * log_w
        )
        psi = digamma(pc + q)
        g = np.array(
            [
                k @ (c * (psi - digamma(pc))) + self.m_log_mz - self.purchases * point[2] - log_m,
                k @ (psi - digamma(q)) - log_w,
                (n * q - p * many - q * one) / gamma,
            ]
        )
        psi1 = polygamma(1, pc + q)
        H = np.empty((3, 3))
        H[0, 0] = k @ (c * c * (psi1 - polygamma(1, pc)))
        H[0, 1] = H[1, 0] = k @ (c * psi1)
        H[1, 1] = k @ (psi1 - polygamma(1, q))
        H[0, 2] = H[2, 0] = -many / gamma
        H[1, 2] = H[2, 1] = (n - one) / gamma
        H[2, 2] = (-n * q + p * many2 + q * one2) / gamma**2
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)

    def _sums(self, gamma: float) -> Floats:
        """Return the sums over customers that need γ, by w and by w·m: of ln(1 + m z / γ), of γ / (γ + m z), of its square.

        ln(γ + m z) as ln γ + ln(1 + m z / γ) keeps precision when γ is far above all spending. What lies between stays in
        the cache, a slice of the customers at a time.
        """
        sums = np.zeros((3, 2))
        for begin in range(0, len(self.mz), _SLICE):
            part = slice(begin, begin + _SLICE)
            ratio = self.mz[part] / gamma
            share = 1 / (1 + ratio)
            for row, each in zip(sums, (np.log1p(ratio), share, share * share), strict=True):
                row += _dot(self.weight[part], each), _dot(self.wm[part], each)
        return sums.ravel()


def _histogram(m: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return the distinct counts of purchases, ascending, and how much each weighs."""
    if float(m.max()) < max(len(m), 1_000):
        whole = m.astype(np.intp)
        there = np.flatnonzero(np.bincount(whole))
        return there.astype(float), np.bincount(whole, weight)[there].astype(float)
    counts, where = np.unique(m, return_inverse=True)
    return counts, np.bincount(where, weight).astype(float)


def log_likelihood(
    params: Parameters, frequency: ArrayLike, mean_spend: ArrayLike, *, weights: ArrayLike | None = None
) -> float:
    """Return the log-likelihood of mean spends; customers with no purchase contribute nothing."""
    p, q, gamma = checked(params)
    m, z = _checked_spend(frequency, mean_spend)
    weight = np.ones_like(m) if weights is None else np.asarray(weights, float).ravel()
    seen = m > 0
    m, z, weight = m[seen], z[seen], weight[seen]
    if np.any(z <= 0):
        raise ValueError("mean_spend must be positive: leave purchases worth nothing out.")
    pm = p * m
    each = -betaln(pm, q) + pm * np.log(m * z / gamma) - np.log(z) - (pm + q) * np.log1p(m * z / gamma)
    return _dot(weight, each)


def checked(params: Parameters) -> tuple[float, float, float]:
    """Return (p, q, γ) as floats, or raise ``ValueError`` unless they are positive and finite."""
    values = np.array([float(value) for value in params])
    if values.shape != (3,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("Gamma-Gamma needs three positive parameters: p, q, gamma.")
    p, q, gamma = values.tolist()
    return p, q, gamma


def expected_spend(params: Parameters, frequency: ArrayLike, mean_spend: ArrayLike) -> Floats:
    """Return E[spend on one purchase | mean_spend over frequency purchases] of each customer.

    ``frequency`` counts the same purchases as in ``fit``; with zero the mean of a new customer is returned and
    ``mean_spend`` is not looked at. Raises ``ValueError`` where the mean is infinite (p·frequency + q <= 1).
    """
    p, q, gamma = checked(params)
    shape = np.broadcast_shapes(np.shape(frequency), np.shape(mean_spend))
    m, z = _checked_spend(frequency, mean_spend)
    degrees = p * m + q - 1
    if np.any(degrees <= 0):
        raise ValueError("With q <= 1 the mean spend of a customer with too few purchases is infinite.")
    return (p * (gamma + np.where(m > 0, m * z, 0.0)) / degrees).reshape(shape)[()]


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    mean_spend: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Floats:
    """Draw each customer's own mean spend p/ν given the data, shape (draws, customers).

    Exact: ν ~ Gamma(q + p·frequency, γ + frequency·mean_spend).
    """
    p, q, gamma = checked(params)
    m, z = _checked_spend(frequency, mean_spend)
    nu = rng.standard_gamma(q + p * m, (draws, len(m)))
    return p * (gamma + np.where(m > 0, m * z, 0.0)) / np.maximum(nu, np.finfo(float).tiny)


def simulate(params: Parameters, frequency: ArrayLike, rng: np.random.Generator) -> Floats:
    """Draw the mean spend over ``frequency`` (>= 1) purchases of as many new customers."""
    p, q, gamma = checked(params)
    m = np.asarray(frequency, float)
    nu = rng.standard_gamma(q, m.shape) / gamma
    return rng.standard_gamma(p * m) / (nu * m)
