"""BG/BB: for shops with fixed occasions to buy, such as a yearly appeal or a weekly box (Fader, Hardie & Shang 2010).

At each occasion an active customer buys with probability p ~ Beta(α, β); before each they may stop for good, with
probability θ ~ Beta(γ, δ). A history is x purchases in n occasions after the first purchase, the last at occasion t_x (0
when there was none). "Customer-Base Analysis in a Discrete-Time Noncontractual Setting" gives the likelihood

    B(α+x, β+n-x) / B(α, β) · B(γ, δ+n) / B(γ, δ)  +  Σ_{s=t_x}^{n-1} B(α+x, β+s-x) / B(α, β) · B(γ+1, δ+s) / B(γ, δ)

in which the first term is being active at n and the others are having stopped right after occasion s.
"""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaln, digamma, gammaln, polygamma

from regulars.numeric import beta_mixing
from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.histories import Histories, distinct
from regulars.numeric.newton import conclude, maximise

__all__ = [
    "BGBB",
    "Customers",
    "Draws",
    "discounted_purchases",
    "expected_purchases",
    "fit",
    "log_likelihood",
    "posterior_draws",
    "probability_alive",
    "probability_of",
    "probability_of_none",
    "simulate",
    "simulate_purchases",
]

_LOWER = np.log([1e-4, 1e-4, 1e-4, 1e-4])
_UPPER = np.log([1e3, 1e3, 1e3, 1e4])
"""The searched box: beyond it customers are all alike, and rounding is all that is left to tell them apart."""
_STARTS = np.log([[1.0, 1.0, 0.7, 3.0], [0.5, 2.0, 0.3, 1.0], [5.0, 5.0, 5.0, 50.0]])
_CUSTOMERS = 10_000
"""How many customers the weights add up to in the search, at least."""
_TERMS = 200_000
"""Terms of the mixture in memory at a time."""


class BGBB(NamedTuple):
    """Shapes α, β of the probabilities to buy and γ, δ of the probabilities to stop."""

    alpha: float
    beta: float
    gamma: float
    delta: float


class Draws(NamedTuple):
    """Draws of what a history leaves open, each of shape (draws, customers)."""

    alive: NDArray[np.bool_]
    buying: Floats
    """p: the probability to buy at an occasion while active."""
    dropout: Floats
    """θ: the probability to stop before an occasion."""


class Customers(NamedTuple):
    """Simulated histories with the truth behind them, one entry a customer."""

    frequency: Floats
    recency: Floats
    lifetime: Floats
    """Occasions after which the customer stopped; beyond n for those still active."""


def fit(
    frequency: ArrayLike, recency: ArrayLike, n: ArrayLike, *, weights: ArrayLike | None = None
) -> Fit[BGBB]:
    """Find the maximum-likelihood parameters.

    One entry a customer: purchases, occasion of the last one, occasions watched, all whole numbers and after the first
    purchase. Raises ``ValueError`` for what cannot be a history or when nobody was watched at an occasion; any valid input
    gives finite parameters, and ``Fit.undetermined`` says which of them mean little.
    """
    histories = _histories(frequency, recency, n, weights)
    total = float(histories.weight.sum())
    if not total > 0 or not (histories.weight * histories.T).sum() > 0:
        raise ValueError("There must be at least one customer watched at an occasion to fit.")
    # Rows often are counts of a table, each worth hundreds of customers: the search is as careful as with them all.
    unit = total / max(histories.rows, _CUSTOMERS)
    likelihood = _Likelihood(histories, 1 / unit)
    found = maximise(likelihood, _STARTS[0], _LOWER, _UPPER)
    for start in _STARTS[1:]:
        if found.converged:
            break
        again = maximise(likelihood, start, _LOWER, _UPPER)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    return conclude(BGBB, found, np.ones(4), unit, 0.0)


def _histories(
    frequency: ArrayLike, recency: ArrayLike, n: ArrayLike, weights: ArrayLike | None = None
) -> Histories:
    """Check and merge histories that are counted in occasions."""
    found = distinct(frequency, recency, n, weights)
    if np.any(found.t_x != np.floor(found.t_x)) or np.any(np.floor(found.T) != found.T):
        raise ValueError("recency and n must count occasions: whole numbers, zero or more.")
    if np.any(found.x > found.t_x):
        raise ValueError("frequency must not exceed recency: there is one purchase at an occasion at most.")
    return found


class _Mixture(NamedTuple):
    """The terms of the likelihood of some histories, one after the other, the one of being active last.

    ``row`` says whose term it is, ``s`` how many occasions the customer was active for, ``begins`` where histories start.
    """

    row: NDArray[np.intp]
    s: Floats
    stopped: Floats
    begins: NDArray[np.intp]
    share: Floats
    """P(this is what happened | history)."""
    log_sum: Floats
    """Log-likelihood of each history."""


def _mixture(params: Floats, x: Floats, t_x: Floats, n: Floats) -> _Mixture:
    """Lay out the terms and weigh them."""
    a, b, c, d = params
    count = (n - t_x).astype(np.intp) + 1
    begins = np.concatenate([[0], np.cumsum(count)[:-1]]).astype(np.intp)
    row = np.repeat(np.arange(len(x)), count)
    s = t_x[row] + (np.arange(len(row)) - begins[row])
    stopped = (s < n[row]).astype(float)
    logs = betaln(a + x[row], b + s - x[row]) + betaln(c + stopped, d + s)
    top = np.maximum.reduceat(logs, begins)
    share = np.exp(logs - top[row])
    whole = np.add.reduceat(share, begins)
    return _Mixture(
        row,
        s,
        stopped,
        begins,
        share / whole[row],
        top + np.log(whole) - betaln(a, b) - betaln(c, d),
    )


def _parts(histories: Histories) -> list[slice]:
    """Cut the histories so that no part has too many terms."""
    ends = np.cumsum(histories.T - histories.t_x + 1) // _TERMS
    cuts = [0, *(np.flatnonzero(np.diff(ends) > 0) + 1).tolist(), len(ends)]
    return [slice(begin, end) for begin, end in pairwise(cuts) if end > begin]


class _Likelihood:
    """The log-likelihood with gradient and Hessian in log (α, β, γ, δ)."""

    def __init__(self, histories: Histories, per_weight: float) -> None:
        self.histories, self.weight = histories, histories.weight * per_weight

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        params = np.exp(point)
        value, g, H = 0.0, np.zeros(4), np.zeros((4, 4))
        for part in _parts(self.histories):
            value += self._part(params, part, g, H)
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)

    def _part(self, params: Floats, part: slice, g: Floats, H: Floats) -> float:
        """Add the derivatives of some histories; return their log-likelihood."""
        a, b, c, d = params
        x, weight = self.histories.x[part], self.weight[part]
        terms = _mixture(params, x, self.histories.t_x[part], self.histories.T[part])
        bought, s, stopped = x[terms.row], terms.s, terms.stopped
        ends = (a + bought, b + s - bought, c + stopped, d + s)
        slope = [digamma(end) - digamma(one) for end, one in zip(ends, params, strict=True)]
        bend = [polygamma(1, end) - polygamma(1, one) for end, one in zip(ends, params, strict=True)]
        share = terms.share * weight[terms.row]
        for first, start, both in ((0, a + b, a + b + s), (2, c + d, c + d + s + stopped)):
            down, curve = digamma(both) - digamma(start), polygamma(1, both) - polygamma(1, start)
            for i in (first, first + 1):
                slope[i] = slope[i] - down
                H[i, i] += (share * bend[i]).sum()
            H[first : first + 2, first : first + 2] -= (share * curve).sum()
        # The Hessian of a mixture's log: the mean of its terms' Hessians and the spread of their gradients.
        means = [np.add.reduceat(terms.share * one, terms.begins) for one in slope]
        for i in range(4):
            g[i] += (weight * means[i]).sum()
            for j in range(4):
                H[i, j] += (share * slope[i] * slope[j]).sum() - (weight * means[i] * means[j]).sum()
        return float((weight * terms.log_sum).sum())


def checked(params: Parameters) -> Floats:
    """Return (α, β, γ, δ), or raise ``ValueError`` unless they are positive and finite."""
    values = np.array([float(value) for value in params])
    if values.shape != (4,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError("BG/BB needs four positive parameters: alpha, beta, gamma, delta.")
    return values


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    n: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    return _Likelihood(_histories(frequency, recency, n, weights), 1.0)(np.log(checked(params)))[0]


def _alive(params: Floats, histories: Histories) -> Floats:
    """Return P(active at n) of each distinct history."""
    out = np.empty_like(histories.x)
    for part in _parts(histories):
        terms = _mixture(params, histories.x[part], histories.t_x[part], histories.T[part])
        out[part] = terms.share[terms.stopped == 0]
    return out


def probability_alive(
    params: Parameters, frequency: ArrayLike, recency: ArrayLike, n: ArrayLike, *, ahead: int = 0
) -> Floats:
    """Return P(active at occasion n + ahead | history) of each customer; the paper's figures are those of ``ahead`` = 1."""
    given = checked(params)
    if ahead < 0 or ahead != int(ahead):
        raise ValueError("ahead must be a whole number of occasions, zero or more.")
    histories = _histories(frequency, recency, n)
    _, _, c, d = given
    later = np.exp(
        betaln(c, d + histories.T + ahead) - betaln(c, d + histories.T)
        if ahead
        else np.zeros_like(histories.T)
    )
    return histories.spread(_alive(given, histories) * later)


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, n: ArrayLike
) -> Floats:
    """Return E[purchases at the next ``horizon`` occasions | history] of each customer; a new one has 0, 0, 0."""
    return discounted_purchases(params, horizon, 0.0, frequency, recency, n)


def discounted_purchases(
    params: Parameters,
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    n: ArrayLike,
) -> Floats:
    """Return E[Σ (1 + rate)^-i over purchases at occasions n + i, 1 <= i <= horizon | history] of each customer.

    ``rate`` is that from one occasion to the next. Endless (``math.inf``, with rate > 0 or γ > 1) these are the paper's
    discounted expected residual transactions.
    """
    a, b, c, d = given = checked(params)
    if not horizon >= 0 or (np.isfinite(horizon) and horizon != np.floor(horizon)):
        raise ValueError("The horizon must be a whole number of occasions, zero or more.")
    if not (rate >= 0 and np.isfinite(rate)):
        raise ValueError("The discount rate must be finite and not negative.")
    histories = _histories(frequency, recency, n)
    ends, where = np.unique(histories.T, return_inverse=True)
    factor = 1 / (1 + rate)
    active = [
        factor
        * (d + end)
        / (c + d + end)
        * beta_mixing.geometric_sum(float(c), float(d + end + 1), factor, horizon)
        for end in ends.tolist()
    ]
    buying = (a + histories.x) / (a + b + histories.T)
    return histories.spread(_alive(given, histories) * buying * np.array(active)[where])


def probability_of_none(
    params: Parameters, horizon: int, frequency: ArrayLike, recency: ArrayLike, n: ArrayLike
) -> Floats:
    """Return P(no purchase at the next ``horizon`` occasions | history): the likelihood until then over that until n."""
    given = checked(params)
    if not (horizon >= 0 and np.isfinite(horizon) and horizon == np.floor(horizon)):
        raise ValueError("The horizon must be a whole number of occasions, zero or more.")
    histories = _histories(frequency, recency, n)
    logs = []
    for step in (0.0, float(horizon)):
        longer = Histories(
            histories.x,
            histories.t_x,
            histories.T + step,
            histories.weight,
            histories.inverse,
            histories.shape,
        )
        logs.append(
            [
                _mixture(given, longer.x[part], longer.t_x[part], longer.T[part]).log_sum
                for part in _parts(longer)
            ]
        )
    now, later = (np.concatenate(one) if one else np.zeros(0) for one in logs)
    return histories.spread(np.exp(np.minimum(later - now, 0.0)))


def probability_of(params: Parameters, x: ArrayLike, n: ArrayLike) -> Floats:
    """Return P(a new customer buys at x of the first n occasions); x and n broadcast."""
    a, b, c, d = checked(params)
    counts, ends = np.broadcast_arrays(np.asarray(x, float), np.asarray(n, float))
    for given in (counts, ends):
        if not np.all(np.isfinite(given)) or np.any(given < 0) or np.any(given != np.floor(given)):
            raise ValueError("x and n must be whole numbers, zero or more.")
    out = np.zeros(counts.shape)
    for at in np.ndindex(out.shape):
        count, end = float(counts[at]), float(ends[at])
        if count > end:
            continue
        s = np.arange(count, end + 1)
        logs = gammaln(s + 1) - gammaln(count + 1) - gammaln(s - count + 1)
        logs = logs + betaln(a + count, b + s - count) + betaln(c + (s < end), d + s)
        out[at] = np.exp(logs - betaln(a, b) - betaln(c, d)).sum()
    return out[()]


def _until_stop(theta: Floats, rng: np.random.Generator) -> Floats:
    """Draw how many more occasions customers are active for."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.floor(rng.standard_exponential(theta.shape) / -np.log1p(-theta))


def simulate(params: Parameters, n: ArrayLike, rng: np.random.Generator) -> Customers:
    """Draw customers first seen n occasions ago."""
    a, b, c, d = checked(params)
    ends = np.asarray(n, float).ravel()
    if not np.all(np.isfinite(ends)) or np.any(ends < 0) or np.any(ends != np.floor(ends)):
        raise ValueError("n must count occasions: whole numbers, zero or more.")
    buying, lifetime = rng.beta(a, b, ends.shape), _until_stop(rng.beta(c, d, ends.shape), rng)
    x, t_x = np.zeros_like(ends), np.zeros_like(ends)
    for occasion in range(1, int(ends.max(initial=0)) + 1):
        buys = (occasion <= np.minimum(lifetime, ends)) & (rng.random(ends.shape) < buying)
        x += buys
        t_x[buys] = occasion
    return Customers(x, t_x, lifetime)


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    n: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw (alive, p, θ) of each customer given the history: three arrays of shape (draws, customers)."""
    a, b, c, d = given = checked(params)
    histories = _histories(frequency, recency, n)
    shape = (draws, len(histories.inverse))
    active, stopped = np.empty(shape), np.empty(shape)
    order = np.argsort(histories.inverse, kind="stable")
    customers = np.split(order, np.cumsum(np.bincount(histories.inverse))[:-1]) if len(order) else []
    for row, columns in enumerate(customers):
        one = slice(row, row + 1)
        terms = _mixture(given, histories.x[one], histories.t_x[one], histories.T[one])
        levels = np.cumsum(terms.share)[:-1]
        which = np.searchsorted(levels, rng.random((draws, len(columns))), side="right")
        active[:, columns], stopped[:, columns] = terms.s[which], terms.stopped[which]
    x = histories.x[histories.inverse]
    return Draws(stopped == 0, rng.beta(a + x, b + active - x), rng.beta(c + stopped, d + active))


def simulate_purchases(
    params: Parameters,
    horizon: int,
    frequency: ArrayLike,
    recency: ArrayLike,
    n: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw the number of purchases at the next ``horizon`` occasions of each customer, shape (draws, customers)."""
    if not (horizon >= 0 and np.isfinite(horizon) and horizon == np.floor(horizon)):
        raise ValueError("The horizon must be a whole number of occasions, zero or more.")
    drawn = posterior_draws(params, frequency, recency, n, draws, rng)
    active = np.minimum(_until_stop(drawn.dropout, rng), horizon).astype(np.int64)
    return rng.binomial(np.where(drawn.alive, active, 0), drawn.buying)
