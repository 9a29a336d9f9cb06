"""Drop-out by the coin: the family in which one may stop only right after a purchase.

Purchases come at every k-th beat of a Poisson process of rate λ ~ Gamma(r, α), and after each the customer stops with
probability p ~ Beta(a, b): k = 1 without a coin after the first purchase is BG/NBD (Fader, Hardie & Lee 2005), with it
MBG/NBD (Batislam, Denizel & Filiztekin 2007; Hoppe & Wagner 2007), k > 1 are the (M)BG/CNBD-k (Platzer & Reutterer
2016). With m = 1 where the first purchase counts too and else 0, n = r + kx, and δ = 1 where x + m > 0 and else 0,

    α^r Γ(n) / Γ(r) · B(a, b+x+m) / B(a, b) · { (α+T)^-n Σ_{j<k} (n)_j / j! · ((T-t_x) / (α+T))^j
                                               + δ a / (b+x+m-1) (α+t_x)^-n }

is the likelihood of the moments of purchase up to Π gap^(k-1) / Γ(k)^x, which no parameter moves.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, expit, gammaln, polygamma

from regulars.numeric.fit import Fit, Floats, P, Parameters
from regulars.numeric.histories import Histories, distinct
from regulars.numeric.newton import conclude, maximise
from regulars.numeric.pareto_nbd import checked_horizon

LOWER = np.log([1e-5, 1e-5, 1e-5, 1e-5])
UPPER = np.log([1e4, 1e6, 1e4, 1e4])
"""The searched box for (r, α, a, b) when the mean T is one unit of time."""
_STARTS = np.log([[0.5, 0.3, 0.8, 2.5], [1.0, 1.0, 0.3, 1.0], [0.2, 0.05, 2.0, 10.0]])
_CHUNK = 8_192
_SKETCH = 8_000
"""Above four times this many distinct histories the search begins on a sketch of about this many."""
_NO_GAP = 1e-9
"""Two purchases at one moment count as this share of the observed time apart: regular buyers never do that."""


Mixing = tuple[float, float | Floats, float | Floats, float | Floats]
"""(r, α, a, b) of everybody, or with an own α, a or b for each history."""


class Form(NamedTuple):
    """Which of the family: beats to a purchase, and whether one may stop right after the first purchase (1) or not (0)."""

    name: str
    k: int
    first: int


def fit(
    form: Form,
    kind: type[P],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None,
    log_gaps: ArrayLike | None = None,
    start: Parameters | None = None,
) -> Fit[P]:
    """Find the maximum-likelihood parameters as the named tuple ``kind``; see the models for what goes in."""
    histories = distinct(frequency, recency, T, weights, inverse=False)
    total = float(histories.weight.sum())
    if not len(histories.x) or total <= 0:
        raise ValueError("There must be at least one customer to fit.")
    scale = float((histories.weight * histories.T).sum() / total) or 1.0
    unit = total / histories.rows
    likelihood = Likelihood(form, histories, scale, 1 / unit)
    slower = np.array([0.0, np.log(form.k), 0.0, 0.0])
    starts = [one - slower for one in _STARTS]
    every = len(histories.x) // _SKETCH
    if start is not None:
        near = np.log(checked(form, start) / [1.0, scale, 1.0, 1.0])
        starts.insert(0, np.clip(near, LOWER, UPPER))
    elif every >= 4:
        few = Likelihood(form, _thinned(histories, every), scale, 1 / unit)
        starts.insert(0, maximise(few, starts[0], LOWER, UPPER).point)
    found = maximise(likelihood, starts[0], LOWER, UPPER)
    for begin in starts[1:]:
        if found.converged:
            break
        again = maximise(likelihood, begin, LOWER, UPPER)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    shift = -form.k * float((histories.weight * histories.x).sum() * np.log(scale))
    shift += _constant(form, histories, frequency, weights, log_gaps)
    return conclude(kind, found, np.array([1.0, scale, 1.0, 1.0]), unit, shift)


def _thinned(histories: Histories, every: int) -> Histories:
    """Keep every so many-eth history, in order, so that all kinds stay represented."""
    x, t_x, T, weight = (
        v[every // 2 :: every] for v in (histories.x, histories.t_x, histories.T, histories.weight)
    )
    return Histories(x, t_x, T, weight, np.zeros(0, np.intp), ())


def _constant(
    form: Form,
    histories: Histories,
    frequency: ArrayLike,
    weights: ArrayLike | None,
    log_gaps: ArrayLike | None,
) -> float:
    """Return the part of the log-likelihood that depends on k and the data only."""
    if log_gaps is not None:
        x, gaps = np.asarray(frequency, float).ravel(), np.asarray(log_gaps, float).ravel()
        if gaps.shape != (histories.rows,) or not np.all(np.isfinite(gaps)):
            raise ValueError("log_gaps must have one finite entry a customer.")
        weight = 1.0 if weights is None else np.asarray(weights, float).ravel()
        return float((weight * ((form.k - 1) * gaps - x * gammaln(form.k))).sum())
    if form.k == 1:
        return 0.0
    seen = (histories.x > 0) & (histories.T > 0)
    x, weight = histories.x[seen], histories.weight[seen]
    logs = np.log(np.maximum(histories.t_x, _NO_GAP * histories.T)[seen])
    return float((weight * ((form.k - 1) * x * logs + gammaln(x) - gammaln(form.k * x))).sum())


class Likelihood:
    """The log-likelihood with gradient and Hessian in log (r, α, a, b)."""

    def __init__(self, form: Form, histories: Histories, scale: float, per_weight: float) -> None:
        self.form = form
        self.x, self.t_x, self.T = histories.x, histories.t_x / scale, histories.T / scale
        self.weight = histories.weight * per_weight
        self.counts, where = np.unique(self.x, return_inverse=True)
        self.per_count = np.bincount(where, self.weight)

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        r, alpha, a, b = params = np.exp(point)
        w, c = self.per_count, self.counts * self.form.k
        kept = self.counts + self.form.first
        n = float(w.sum())
        value = float(w @ (gammaln(r + c) - gammaln(r) + betaln(a, b + kept) - betaln(a, b)))
        value += n * r * float(point[1])
        psi = digamma(a + b + kept) - digamma(a + b)
        psi1 = polygamma(1, a + b) - polygamma(1, a + b + kept)
        g = np.array(
            [
                w @ (digamma(r + c) - digamma(r)) + n * point[1],
                n * r / alpha,
                -(w @ psi),
                w @ (digamma(b + kept) - digamma(b) - psi),
            ]
        )
        H = np.zeros((4, 4))
        H[0, 0] = w @ (polygamma(1, r + c) - polygamma(1, r))
        H[0, 1] = n / alpha
        H[1, 1] = -n * r / alpha**2
        H[2, 2] = H[2, 3] = w @ psi1
        H[3, 3] = w @ (polygamma(1, b + kept) - polygamma(1, b) + psi1)
        for begin in range(0, len(self.x), _CHUNK):
            part = slice(begin, begin + _CHUNK)
            value += self._times(params, self.x[part], self.t_x[part], self.T[part], self.weight[part], g, H)
        H += np.triu(H, 1).T
        return value, g * params, H * np.outer(params, params) + np.diag(g * params)

    def _times(
        self, params: Floats, x: Floats, t_x: Floats, T: Floats, weight: Floats, g: Floats, H: Floats
    ) -> float:
        """Add the terms that need times to the gradient and the Hessian's upper half; return the value's part."""
        r, alpha, a, b = params
        n, at_T, at_t = r + self.form.k * x, 1 / (alpha + T), 1 / (alpha + t_x)
        beats = _beats(self.form.k, n, (T - t_x) * at_T)
        odds = _log_odds(self.form, params, x, t_x, T) - beats.log_sum
        stopped = expit(odds)
        may = x + self.form.first > 0
        later = 1 / np.where(may, b + x + self.form.first - 1, 1.0)
        slope = [np.log(at_t / at_T), n * (at_T - at_t), np.full_like(x, 1 / a), -later]
        slope[0] -= beats.rho
        slope[1] += at_T * beats.mean
        share, spread = weight * stopped, weight * stopped * (1 - stopped)
        g[0] += (weight * (np.log(at_T) + beats.rho)).sum()
        g[1] -= (weight * (n + beats.mean) * at_T).sum()
        H[0, 0] += ((weight - share) * beats.rho_rho).sum()
        H[0, 1] -= ((weight - share) * at_T * (1 + beats.mean_rho) + share * at_t).sum()
        H[1, 1] += ((weight - share) * at_T**2 * (n + beats.mean_mean) + share * n * at_t**2).sum()
        H[2, 2] -= share.sum() / a**2
        H[3, 3] += (share * later**2).sum()
        for i in range(4):
            g[i] += (share * slope[i]).sum()
            for j in range(i, 4):
                H[i, j] += (spread * slope[i] * slope[j]).sum()
        both = np.where(may, np.logaddexp(0, odds), 0.0)
        return float((weight * (n * np.log(at_T) + beats.log_sum + both)).sum())


class _Beats(NamedTuple):
    """Beats of the Poisson process since the last purchase, for one still active: 0 to k - 1 of them.

    ``log_sum`` is the log of the inner sum of the likelihood, whose terms are the chances (``shares``, by beat) up to
    that factor. Its derivatives are moments over them of the number j and of ρ = Σ_{i<j} 1 / (n + i).
    """

    shares: Floats
    log_sum: Floats
    mean: Floats
    rho: Floats
    mean_mean: Floats
    mean_rho: Floats
    rho_rho: Floats


def _beats(k: int, n: Floats, u: Floats) -> _Beats:
    """Return how many beats went by when the share u of α + T lies behind the last purchase."""
    if k == 1:  # every beat is a purchase, so there was none since the last
        none = np.zeros(1)
        return _Beats(np.ones((1, len(n))), none, none, none, none, none, none)
    term, rho, square = np.ones_like(n), np.zeros_like(n), np.zeros_like(n)
    terms, rhos, squares = [term], [rho], [square]
    for j in range(1, k):
        term = term * (n + j - 1) * u / j
        rho, square = rho + 1 / (n + j - 1), square + 1 / (n + j - 1) ** 2
        terms.append(term)
        rhos.append(rho)
        squares.append(square)
    shares = np.stack(terms)
    whole = shares.sum(axis=0)
    shares /= whole
    count, step = np.arange(float(k))[:, None], np.stack(rhos)
    mean, slope = (shares * count).sum(axis=0), (shares * step).sum(axis=0)
    return _Beats(
        shares,
        np.log(whole),
        mean,
        slope,
        (shares * count * (count + 1)).sum(axis=0) - mean**2,
        (shares * count * step).sum(axis=0) - mean * slope,
        (shares * (step**2 - np.stack(squares))).sum(axis=0) - slope**2,
    )


def _log_odds(form: Form, params: Floats | Mixing, x: Floats, t_x: Floats, T: Floats) -> Floats:
    """Return log(P(stopped) / P(active, no beat since)); minus infinity where nobody may have stopped yet."""
    r, alpha, a, b = params
    may = x + form.first > 0
    ratio = np.log(a / np.where(may, b + x + form.first - 1, 1.0))
    ratio += (r + form.k * x) * np.log((alpha + T) / (alpha + t_x))
    return np.where(may, ratio, -np.inf)


def checked(form: Form, params: Parameters) -> Floats:
    """Return (r, α, a, b), or raise ``ValueError`` unless they are positive and finite and the form exists."""
    if form.k != int(form.k) or not 1 <= form.k <= 100:
        raise ValueError("k must be a whole number from 1 to 100.")
    values = np.array([float(value) for value in params])
    if values.shape != (4,) or not np.all(np.isfinite(values)) or np.any(values <= 0):
        raise ValueError(f"{form.name} needs four positive parameters: r, alpha, a, b.")
    return values


def log_likelihood(
    form: Form,
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None,
    log_gaps: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    given = checked(form, params)
    histories = distinct(frequency, recency, T, weights)
    constant = _constant(form, histories, frequency, weights, log_gaps)
    return Likelihood(form, histories, 1.0, 1.0)(np.log(given))[0] + constant


def standing(form: Form, params: Floats | Mixing, histories: Histories) -> tuple[Floats, Floats]:
    """Return P(active at T) of each distinct history and, given that, P(j beats since t_x), shape (k, histories)."""
    r, alpha, _, _ = params
    x, t_x, T = histories.x, histories.t_x, histories.T
    beats = _beats(form.k, r + form.k * x, (T - t_x) / (alpha + T))
    return expit(beats.log_sum - _log_odds(form, params, x, t_x, T)), beats.shares


def probability_alive(
    form: Form, params: Parameters, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return P(still active at T | history) of each customer."""
    histories = distinct(frequency, recency, T)
    return histories.spread(standing(form, checked(form, params), histories)[0])


def probability_of_none(
    form: Form,
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history): the likelihood seen until then over that until T."""
    histories = distinct(frequency, recency, T)
    return histories.spread(none_share(form, checked(form, params), histories, horizon))


def none_share(form: Form, params: Floats | Mixing, histories: Histories, horizon: float) -> Floats:
    """Return P(no purchase in (T, T + horizon]) of each distinct history."""
    r, alpha, _, _ = params
    t_x, n = histories.t_x, r + form.k * histories.x
    alive, _ = standing(form, params, histories)
    step = checked_horizon(horizon)
    if np.isinf(step):
        return 1 - alive
    now, later = alpha + histories.T, alpha + histories.T + step
    quiet = _beats(form.k, n, (histories.T + step - t_x) / later).log_sum
    before = _beats(form.k, n, (histories.T - t_x) / now).log_sum
    chance = np.exp(np.minimum(n * np.log(now / later) + quiet - before, 0.0))
    return np.clip(1 - alive + alive * chance, 0.0, 1.0)
