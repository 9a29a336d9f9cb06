"""What those who stop by the coin will do next: expectations, discounted sums, and draws (see ``beta_geometric``).

An active customer who had j beats since the last purchase has λ ~ Gamma(n + j, α + T) and p ~ Beta(a, b + x + m). With M
beats to come, floor((M + j) / k) purchases are possible, and given p their expectation is {1 - E[(1-p)^floor(...)]} / p.
With q = (1-p)^(1/k) the floor is undone by the k-th roots of unity: over s = q e^(2πil/k),

    E[(1-p)^floor((M+j)/k)] = p / (k (1-p)) Σ_l s^(j+1) / (1-s) · (1 + (1-s) h / (α+T))^-(n+j)
"""

from __future__ import annotations

from copy import copy
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betainc, betaln, expit, gammaln

from regulars.numeric import beta_mixing
from regulars.numeric.beta_geometric import Form, Mixing, checked, standing
from regulars.numeric.fit import Floats, Parameters
from regulars.numeric.histories import Histories, checked_counts, distinct
from regulars.numeric.pareto_nbd import checked_horizon
from regulars.numeric.pareto_nbd_draws import Customers

_FAR = 40.0
"""Discounted by e^-40 nothing counts any more."""
_NEAR_ONE = 0.999
"""Above this probability to stop, purchases beyond the seventh do not count."""
_LEGENDRE = np.polynomial.legendre.leggauss(12)
"""Nodes and weights for a stretch of time."""
_MOST_BEATS = 1e15
_DIGITS = 34.0
"""e^-34 is what an interpolation may err by, relative to the largest value."""
_ROWS = 4_096


class Draws(NamedTuple):
    """Draws of what a history leaves open, each of shape (draws, customers)."""

    alive: NDArray[np.bool_]
    rate: Floats
    """λ: beats per unit of time while active, k of them to a purchase."""
    dropout: Floats
    """p: the probability to stop after a purchase."""
    beats: NDArray[np.int64]
    """Beats since the last purchase, from 0 to k - 1."""


def discounted_purchases(
    form: Form,
    params: Parameters,
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history] of each customer."""
    given = checked(form, params)
    _check_future(horizon, rate, float(given[2]))
    histories = distinct(frequency, recency, T)
    alive, shares = standing(form, given, histories)
    # Given that one is active only (x, T) matters. They ascend in x, so that those with one count are neighbours.
    pairs = distinct(histories.x, np.zeros_like(histories.x), histories.T)
    per_beat = np.empty((form.k, len(pairs.x)))
    counts, begins = np.unique(pairs.x, return_index=True)
    for count, begin, end in zip(counts, begins, [*begins[1:], len(pairs.x)], strict=True):
        for part in range(begin, end, _ROWS):
            rows = slice(part, min(part + _ROWS, end))
            future = _Active(form, given, float(count), pairs.T[rows])
            per_beat[:, rows] = future.discounted(horizon, rate)
    return histories.spread(alive * (shares * per_beat[:, pairs.inverse]).sum(axis=0))


def discounted_mean(form: Form, params: Mixing, histories: Histories, horizon: float, rate: float) -> Floats:
    """Return the discounted purchases to come of each distinct history, where α or a may differ between them.

    Quick where few different a come with each count of purchases: each pair of them needs its own quadrature.
    """
    r, alpha, a, b = (np.broadcast_to(v, histories.x.shape) for v in params)
    alive, shares = standing(form, params, histories)
    _check_future(horizon, rate, float(a.min(initial=np.inf)))
    order = np.lexsort((histories.T, b, a, histories.x))
    ordered = np.stack([histories.x, a, b])[:, order]
    starts = np.flatnonzero(np.r_[True, (ordered[:, 1:] != ordered[:, :-1]).any(axis=0)])
    per_beat = np.empty((form.k, len(order)))
    for begin, end in pairwise([*starts.tolist(), len(order)]):
        for part in range(begin, end, _ROWS):
            rows = order[part : min(part + _ROWS, end)]
            one = rows[0]
            future = _Active(
                form, (r[one], alpha[rows], a[one], b[one]), float(histories.x[one]), histories.T[rows]
            )
            per_beat[:, rows] = future.discounted(horizon, rate)
    return alive * (shares * per_beat).sum(axis=0)


def _check_future(horizon: float, rate: float, a: float) -> None:
    """Raise ``ValueError`` unless the discounted sum exists."""
    checked_horizon(horizon)
    if not (rate >= 0 and np.isfinite(rate)):
        raise ValueError("The discount rate must be finite and not negative.")
    if rate == 0 and np.isinf(horizon) and a <= 1:
        raise ValueError("Without discounting and with a <= 1 an endless horizon has no finite value.")


_Kind = tuple[float, Floats, float, float]
"""(r, α, a, b) of customers who share all but α."""


class _Active:
    """The purchases to come of active customers who share x; answers have shape (k, customers), by beats since t_x."""

    def __init__(self, form: Form, params: Floats | _Kind, x: float, T: Floats) -> None:
        r, self.a, b = (float(params[i]) for i in (0, 2, 3))
        self.k, self.n, self.size = form.k, r + form.k * x, params[1] + T
        self.b = b + x + form.first

    def discounted(self, horizon: float, rate: float) -> Floats:
        """Return E[Σ e^(-rate·u)] over purchases at u in (0, horizon]."""
        few = _spread_over(self.size, self.k)
        if few is None:
            return self._discounted(horizon, rate)
        at_few = copy(self)
        at_few.size = few
        return _interpolated(few, at_few._discounted(horizon, rate), self.size)

    def _discounted(self, horizon: float, rate: float) -> Floats:
        if horizon == 0:
            return np.zeros((self.k, len(self.size)))
        if rate == 0:
            if np.isinf(horizon):
                return np.full((self.k, len(self.size)), (self.a + self.b - 1) / (self.a - 1))
            return self.expected(np.full_like(self.size, horizon))
        # By parts: e^(-rate·h) E(h) + rate ∫_0^h e^(-rate·u) E(u) du, of which nothing is negative.
        end = min(horizon, _FAR / rate)
        scale = np.minimum(self.size / (self.n + 1), end)
        whole = np.log1p(end / scale)
        total = np.exp(-rate * end) * self.expected(np.full_like(self.size, end))
        z, w = _LEGENDRE
        panels = int(np.ceil(np.max(whole) / 1.25))
        for left, right in pairwise(np.linspace(0, 1, max(panels, 2) + 1).tolist()):
            for node, weight in zip(z, w, strict=True):
                y = (left + (right - left) * (node + 1) / 2) * whole
                u = scale * np.expm1(y)
                share = weight / 2 * (right - left) * whole * (scale + u) * rate * np.exp(-rate * u)
                total += share * self.expected(u)
        return total

    def expected(self, horizon: Floats) -> Floats:
        """Return E[purchases in (0, horizon]], one horizon a customer."""
        reach = horizon / self.size
        p, share = beta_mixing.nodes(self.a, self.b, max(self.n, 1.0) * float(np.max(reach, initial=0.0)))
        if self.k == 1:
            logs = np.log1p(reach[:, None] * p)
            return (-np.expm1(-self.n * logs) / p * share).sum(axis=1)[None]
        near = p > _NEAR_ONE
        total = self._by_roots(reach, p[~near], share[~near])
        if near.any():
            total += self._by_count(reach, p[near], share[near])
        return np.maximum(total, 0.0)

    def _by_roots(self, reach: Floats, p: Floats, share: Floats) -> Floats:
        """Return the part of the mean over p that the given nodes make, by the roots of unity."""
        k, depth = self.k, -np.log1p(-p)
        total = np.empty((k, len(reach)))
        bend = _log_sinhc(depth / 2) - _log_sinhc(depth / (2 * k))
        log_kept = np.log1p(reach[:, None] * -np.expm1(-depth / k))
        for j in range(k):
            logs = depth * (0.5 - (2 * j + 1) / (2 * k)) + bend - (self.n + j) * log_kept
            total[j] = (-np.expm1(logs) / p * share).sum(axis=1)
        for l in range(1, k // 2 + 1):
            # Roots come in conjugate pairs, of which only the real part stays; -1 is its own pair.
            twice = 1.0 if 2 * l == k else 2.0
            s = np.exp(-depth / k + 2j * np.pi * l / k)
            base = 1 + reach[:, None] * (1 - s)
            term = twice / k * share / (1 - p) * s / (1 - s) * np.exp(-self.n * np.log(base))
            for j in range(k):
                total[j] -= term.real.sum(axis=1)
                term = term * s / base
        return total

    def _by_count(self, reach: Floats, p: Floats, share: Floats) -> Floats:
        """Return the same as Σ_i (1-p)^(i-1) P(M >= ik - j), which ends soon where p is close to one."""
        total = np.zeros((self.k, len(reach)))
        for i in range(1, 8):
            kept = float(((1 - p) ** (i - 1) * share).sum())
            for j in range(self.k):
                total[j] += kept * betainc(i * self.k - j, self.n + j, reach / (1 + reach))
        return total


def _spread_over(size: Floats, k: int) -> Floats | None:
    """Return Chebyshev points in the logarithm of α + T that tell all sizes; None where that many are not needed.

    What is expected has its singularities where h / (α + T) times p, or times 1 - s of a root s, is -1: at least π, or with
    roots half of that, away from the real logarithms. A polynomial on n points errs by ρ^-n, ρ being the Bernstein
    ellipse through there (Trefethen, theorem 8.2).
    """
    low, high = float(np.log(size.min())), float(np.log(size.max()))
    if high - low < 1e-9:
        return None
    apart = 0.9 * np.pi / (1 if k == 1 else 2) / ((high - low) / 2)
    count = int(np.ceil(_DIGITS / np.log(apart + np.sqrt(apart**2 + 1)))) + 1
    if 2 * count > len(size):
        return None
    return np.exp((low + high) / 2 + (high - low) / 2 * np.cos(np.pi * np.arange(count) / (count - 1)))


def _interpolated(points: Floats, values: Floats, wanted: Floats) -> Floats:
    """Return the polynomial through values at Chebyshev points of the logarithm: the barycentric formula."""
    sign = (-1.0) ** np.arange(len(points))
    sign[[0, -1]] /= 2
    away = np.log(wanted)[:, None] - np.log(points)
    exact = np.abs(away) < 1e-15
    share = sign / np.where(exact, 1.0, away)
    found: Floats = (share @ values.T / share.sum(axis=1)[:, None]).T
    row, at = np.nonzero(exact)
    found[:, row] = values[:, at]
    return found


def _log_sinhc(v: Floats) -> Floats:
    """Return log(sinh(v) / v) for v >= 0 to a relative error that stays small near zero."""
    safe = np.maximum(v, 3e-3)
    return np.where(v < 3e-3, v * v / 6 - v**4 / 180, np.log(-np.expm1(-2 * safe)) + safe - np.log(2 * safe))


def purchases_of_new(form: Form, params: Parameters, t: ArrayLike) -> Floats:
    """Return E[repeat purchases in (0, t]] of someone of whom nothing but the first purchase, at 0, is known.

    Any shape of t >= 0.
    """
    given = checked(form, params)
    until = np.asarray(t, float)
    if not (np.isfinite(until).all() and (until >= 0).all()):
        raise ValueError("t must be finite and not negative.")
    _, _, a, b = given.tolist()
    alive = b / (a + b) if form.first else 1.0
    flat, made = until.ravel(), np.empty(until.size)
    for begin in range(0, len(flat), _ROWS):
        part = slice(begin, begin + _ROWS)
        made[part] = alive * _Active(form, given, 0.0, np.zeros_like(flat[part])).expected(flat[part])[0]
    return made.reshape(until.shape)[()]


def wait_for_next(
    form: Form, params: Parameters, share: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return the time after T within which a customer who stays buys again with probability ``share``, 0 <= share < 1.

    With j beats since the last purchase k - j are missing, and t / (α+T+t) of them is Beta(k - j, n + j), because
    λ ~ Gamma(n + j, α + T); their mixture over j is inverted by halving.
    """
    if not 0 <= share < 1:
        raise ValueError("share must lie in [0, 1).")
    given = checked(form, params)
    histories = distinct(frequency, recency, T)
    n, now = given[0] + form.k * histories.x, given[1] + histories.T
    with np.errstate(over="ignore"):
        if form.k == 1:
            return histories.spread(now * np.expm1(-np.log1p(-share) / n))
        _, shares = standing(form, given, histories)
        low, high = np.full_like(n, -690.0), np.full_like(n, 690.0)
        for _ in range(60):
            odds = (low + high) / 2
            u = expit(odds)
            bought = sum(shares[j] * betainc(form.k - j, n + j, u) for j in range(form.k))
            low, high = np.where(bought < share, odds, low), np.where(bought < share, high, odds)
        return histories.spread(now * np.exp((low + high) / 2) if share > 0 else np.zeros_like(n))


def probability_of(form: Form, params: Parameters, n: ArrayLike, t: ArrayLike) -> Floats:
    """Return P(a new customer makes n repeat purchases in (0, t]); n and t broadcast."""
    r, alpha, a, b = checked(form, params)
    count, length = checked_counts(n, t)
    k, kept = form.k, count + form.first
    share = length / (alpha + length)
    with np.errstate(divide="ignore"):
        log_share = np.log(share)
    exactly = np.zeros_like(share)
    for j in range(k):
        beats = k * count + j
        powers = np.where(beats > 0, beats * np.where(beats > 0, log_share, 0.0), 0.0)
        logs = gammaln(r + beats) - gammaln(r) - gammaln(beats + 1) + powers
        exactly += np.exp(logs - r * np.log1p(length / alpha))
    beats = np.maximum(k * count, 1)
    at_least = np.where(count > 0, betainc(beats, r, share), 1.0)
    stays = np.exp(betaln(a, b + kept) - betaln(a, b))
    # Who may stop only after a repeat purchase has not stopped before the first one.
    may = kept > 0
    stops = np.where(may, np.exp(betaln(a + 1, b + np.maximum(kept, 1) - 1) - betaln(a, b)), 0.0)
    return (exactly * stays + at_least * stops)[()]


def simulate(form: Form, params: Parameters, T: ArrayLike, rng: np.random.Generator) -> Customers:
    """Draw customers first seen T units of time ago; ``lifetime`` is infinite for those active at T."""
    r, alpha, a, b = checked(form, params)
    end = np.asarray(T, float).ravel()
    if not np.all(np.isfinite(end)) or np.any(end < 0):
        raise ValueError("T must be finite and not negative.")
    rate = rng.standard_gamma(r, end.shape) / alpha
    beats = rng.poisson(np.minimum(rate * end, _MOST_BEATS))
    allowed = _until_stop(rng.beta(a, b, end.shape), rng) - form.first
    x = np.minimum(beats // form.k, allowed)
    # Beats are uniform moments, and the kx-th smallest of M of them is Beta(kx, M - kx + 1).
    share = rng.beta(np.maximum(form.k * x, 1), np.maximum(beats - form.k * x + 1, 1))
    t_x = np.where(x > 0, end * share, 0.0)
    return Customers(x.astype(float), t_x, np.where(x == allowed, t_x, np.inf), rate)


def _until_stop(p: Floats, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw after which purchase one stops, from 1 on; by inversion, because p may be next to nothing."""
    with np.errstate(divide="ignore", over="ignore"):
        steps = rng.standard_exponential(p.shape) / -np.log1p(-p)
    return np.minimum(np.floor(steps), _MOST_BEATS).astype(np.int64) + 1


def posterior_draws(
    form: Form,
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw (alive, λ, p, beats since t_x) of each customer given the history, arrays of shape (draws, customers)."""
    r, alpha, a, b = given = checked(form, params)
    histories = distinct(frequency, recency, T)
    share, shares = standing(form, given, histories)
    x, t_x, end = (v[histories.inverse] for v in (histories.x, histories.t_x, histories.T))
    alive = rng.random((draws, len(x))) < share[histories.inverse]
    levels = np.cumsum(shares, axis=0)[:-1, histories.inverse]
    beats = (rng.random(alive.shape)[None] > levels[:, None, :]).sum(axis=0) * alive
    rate = rng.standard_gamma(r + form.k * x + beats) / (alpha + np.where(alive, end, t_x))
    stopped = ~alive
    kept = np.where(stopped, np.maximum(x + form.first - 1, 0), x + form.first)
    return Draws(alive, rate, rng.beta(a + stopped, b + kept), beats)


def simulate_purchases(
    form: Form,
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
    drawn = posterior_draws(form, params, frequency, recency, T, draws, rng)
    beats = rng.poisson(np.minimum(drawn.rate * horizon, _MOST_BEATS)) + drawn.beats
    return np.where(drawn.alive, np.minimum(beats // form.k, _until_stop(drawn.dropout, rng)), 0)
