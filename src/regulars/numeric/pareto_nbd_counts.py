"""How many purchases the Pareto/NBD gives a new customer: the distribution whose mean is the well-known expectation.

    P(n in (0, t]) = f(n; t) (β / (β+t))^s + s β^s ∫_0^t f(n; u) (β+u)^-(s+1) du,
    f(n; u) = Γ(r+n) / (Γ(r) n!) (α / (α+u))^r (u / (α+u))^n,

which Fader & Hardie's "Deriving an Expression for P(X(t) = x) under the Pareto/NBD Model" (2006) writes with two
hypergeometric functions. Here the integral is taken as it stands: in y = log u the integrand is log-concave, so that where it
matters is an interval around its one peak.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln

from regulars.numeric.fit import Floats, Parameters
from regulars.numeric.histories import checked_counts
from regulars.numeric.pareto_nbd import checked

__all__ = ["probability_of"]

_FALL = 40.0
"""Where the integrand is e^-40 of its peak it does not matter any more."""
_HALVINGS = 60
_PANELS = 12


def probability_of(params: Parameters, n: ArrayLike, t: ArrayLike) -> Floats:
    """Return P(a new customer makes n repeat purchases in (0, t]); n and t broadcast."""
    given = checked(params)
    count, length = checked_counts(n, t)
    out = np.where(count == 0, 1.0, 0.0)
    later = length > 0
    out[later] = _chance(given, count[later], length[later])
    return out[()]


def _chance(params: tuple[float, float, float, float], n: Floats, t: Floats) -> Floats:
    """Return the distribution for positive lengths of time, one entry a pair."""
    r, alpha, s, beta = params

    def log_count(u: Floats) -> Floats:
        """Return log(f(n; u) Γ(r) n! / Γ(r+n))."""
        return -r * np.log1p(u / alpha) - n * np.log1p(alpha / u)

    def log_stopped(y: Floats) -> Floats:
        """Return the log of the integrand in y = log u, short of factors that do not depend on y."""
        u = np.exp(y)
        return y + log_count(u) - (s + 1) * np.log1p(u / beta)

    def slope(y: Floats) -> Floats:
        u = np.exp(y)
        return 1 + n * alpha / (alpha + u) - r * u / (alpha + u) - (s + 1) * u / (beta + u)

    end = np.log(t)
    # Left of this moment the integrand rises.
    rising = np.minimum(np.log((n + 1) / ((r + n) / alpha + (s + 1) / beta)), end)
    peak = _last_where(lambda y: slope(y) >= 0, rising, end)
    top = log_stopped(peak)
    low = _last_where(lambda y: log_stopped(y) < top - _FALL, rising - 3 * _FALL, peak)
    high = _last_where(lambda y: log_stopped(y) >= top - _FALL, peak, end)
    z, w = np.polynomial.legendre.leggauss(16)
    total = np.zeros_like(n)
    for left, right in ((low, peak), (peak, high)):
        width = (right - left) / _PANELS
        for panel in range(_PANELS):
            for node, weight in zip(z, w, strict=True):
                y = left + width * (panel + (node + 1) / 2)
                total += weight / 2 * width * np.exp(log_stopped(y) - top)
    ways = gammaln(r + n) - gammaln(r) - gammaln(n + 1)
    active = np.exp(ways + log_count(t) - s * np.log1p(t / beta))
    stopped = np.exp(ways + top + np.log(s / beta)) * total
    return np.minimum(active + stopped, 1.0)


def _last_where(holds: Callable[[Floats], NDArray[np.bool_]], low: Floats, high: Floats) -> Floats:
    """Return the last point up to which something holds, when it holds first and then no more, by bisection."""
    low, high = low.copy(), high.copy()
    everywhere = holds(high)
    low[everywhere] = high[everywhere]
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        still = holds(middle)
        low, high = np.where(still, middle, low), np.where(still, high, middle)
    return low
