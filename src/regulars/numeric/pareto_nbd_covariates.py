"""Pareto/NBD for customers who differ in what is known of them: channel, country, first product (Fader & Hardie 2007).

A customer with covariates z buys at rate λ ~ Gamma(r, α e^(-γ_p'z)) while active and stops at rate μ ~ Gamma(s, β e^(-γ_d'z)):
the plain model with an α and a β of their own, of which all integrals are reused. In logarithms α_i and β_i are linear in
the coefficients, so that gradient and Hessian are those of the plain model between the covariates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import digamma, gammaln, polygamma

from regulars.numeric import lifetime_integral, pareto_nbd
from regulars.numeric.covariates import (
    CovariateFit,
    Effects,
    Profiles,
    Standard,
    log_scale,
    named,
    profiles,
    scale_of,
    standardised,
)
from regulars.numeric.fit import Floats
from regulars.numeric.histories import Histories
from regulars.numeric.newton import LOOSE, Maximum, inverse_information, maximise
from regulars.numeric.pareto_nbd import ParetoNBD

_STEEPEST = 25.0
"""Between the least and the greatest value of a covariate a rate grows at most e^25-fold: the searched box."""
_LOOSE_EFFECT = 1.0
"""A coefficient whose error is a factor e for one standard deviation of the covariate is not told by the data."""
_SKETCH = 8_000
"""Above four times this many profiles the search begins on a sketch of this many customers."""
_CHUNK = 8_192
_LARGEST = 300.0
"""Logarithm of the largest α or β at zero covariates that is reported: its square is still a number."""


def fit(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    dropout_names: Sequence[str] | None = None,
    weights: ArrayLike | None = None,
    ridge: float = 0.0,
) -> CovariateFit[ParetoNBD]:
    """Find the maximum-likelihood parameters with an effect of each covariate on both processes.

    Histories and ``weights`` as in ``pareto_nbd.fit``; ``covariates`` has a row a customer and a column a covariate, in any
    unit: categories as columns of zeros and ones, one category without. Drop-out depends on the same ones unless
    ``dropout_covariates`` are given (of zero columns when on none). ``ridge`` subtracts ridge/2 · Σ (γ·sd of z)² from the
    log-likelihood, which steadies many covariates on few customers. Raises ``ValueError`` for covariates that are not
    finite, constant, or a linear combination of others, naming them.
    """
    if not (ridge >= 0 and np.isfinite(ridge)):
        raise ValueError("ridge must be finite and not negative.")
    given = profiles(frequency, recency, T, covariates, dropout_covariates, weights)
    of_purchase = named(names, given.purchase.shape[1], "names")
    if dropout_covariates is None:
        dropout_names = of_purchase
    of_dropout = named(dropout_names, given.dropout.shape[1], "dropout_names")
    histories = given.histories
    plain = pareto_nbd.fit(histories.x, histories.t_x, histories.T, weights=histories.weight)
    purchase = standardised(given.purchase, histories.weight, of_purchase)
    dropout = purchase
    if dropout_covariates is not None:
        dropout = standardised(given.dropout, histories.weight, of_dropout)
    total = float(histories.weight.sum())
    scale = float((histories.weight * histories.T).sum() / total) or 1.0
    likelihood = _Likelihood(
        histories, purchase.columns, dropout.columns, scale, len(histories.inverse) / total, ridge
    )
    found = _search(likelihood, plain.params, purchase, dropout)
    every = (
        *ParetoNBD._fields,
        *(f"purchase: {z}" for z in of_purchase),
        *(f"dropout: {z}" for z in of_dropout),
    )
    return _concluded(found, likelihood, purchase, dropout, every)


def _search(likelihood: _Likelihood, plain: ParetoNBD, purchase: Standard, dropout: Standard) -> Maximum:
    """Search from the plain model's maximum, on a sketch of the profiles first when there are many."""
    steep = _STEEPEST / np.concatenate([purchase.reach, dropout.reach])
    lower, upper = np.r_[pareto_nbd.LOWER, -steep], np.r_[pareto_nbd.UPPER, steep]
    none = np.zeros(len(steep))
    begin = np.r_[np.log(plain) - likelihood.log_units, none]
    sketch = likelihood.sketch(_SKETCH)
    found = maximise(sketch, begin, lower, upper)
    if not found.converged:
        again = maximise(sketch, np.r_[np.zeros(4), none], lower, upper)
        found = max(found, again, key=lambda one: (one.value, one.converged))
    return found if sketch is likelihood else maximise(likelihood, found.point, lower, upper)


def _concluded(
    found: Maximum, likelihood: _Likelihood, purchase: Standard, dropout: Standard, names: tuple[str, ...]
) -> CovariateFit[ParetoNBD]:
    """Turn a maximum over standardised covariates into a fit in their own units."""
    k = len(purchase.centre)
    spread = np.concatenate([purchase.spread, dropout.spread])
    # log α at z = 0 is that at the mean plus γ' mean: parameters in the input's units are linear in the searched ones.
    back = np.diag(np.r_[np.ones(4), 1 / spread])
    back[1, 4 : 4 + k] = purchase.centre / purchase.spread
    back[3, 4 + k :] = dropout.centre / dropout.spread
    point = back @ found.point + np.r_[likelihood.log_units, np.zeros(len(spread))]
    if np.abs(point[:4]).max() > _LARGEST:
        raise ValueError(
            "The covariates lie too far from zero for alpha or beta at zero to be a number: subtract a typical value."
        )
    inner = inverse_information(found.hessian * likelihood.unit)
    covariance = back @ inner @ back.T
    values = np.r_[np.exp(point[:4]), np.ones(len(spread))]
    covariance *= np.outer(values, values)
    errors = np.sqrt(np.diag(covariance))
    # How sure the data are is judged at the covariates' mean; at zero there may be nobody.
    least = np.r_[np.full(4, LOOSE), np.full(len(spread), _LOOSE_EFFECT)]
    loose = found.pressed | (np.sqrt(np.diag(inner)) > least)
    return CovariateFit(
        _effects(np.r_[np.exp(point[:4]), point[4:]], k),
        _effects(errors, k),
        covariance,
        names,
        found.value * likelihood.unit + likelihood.shift + likelihood.penalty(found.point) * likelihood.unit,
        found.converged,
        found.iterations,
        tuple(name for name, unknown in zip(names, loose, strict=True) if unknown),
        likelihood.ridge * likelihood.unit,
    )


def _effects(values: Floats, k: int) -> Effects[ParetoNBD]:
    each = values.tolist()
    return Effects(ParetoNBD(*each[:4]), tuple(each[4 : 4 + k]), tuple(each[4 + k :]))


class _Likelihood:
    """The log-likelihood with derivatives in log (r, α, s, β) at the covariates' mean and in standardised coefficients.

    Times have mean one and weights too, as in the plain model; ``log_units``, ``unit`` and ``shift`` undo that.
    """

    def __init__(
        self,
        histories: Histories,
        purchase: Floats,
        dropout: Floats,
        scale: float,
        per_weight: float,
        ridge: float,
    ) -> None:
        self.x, self.t_x, self.T = histories.x, histories.t_x / scale, histories.T / scale
        self.weight = histories.weight * per_weight
        self.purchase, self.dropout = purchase, dropout
        self.ridge, self.unit = ridge * per_weight, 1 / per_weight
        self.log_units = np.log([1.0, scale, 1.0, scale])
        self.shift = -float((histories.weight * histories.x).sum() * np.log(scale))
        self.counts, where = np.unique(self.x, return_inverse=True)
        self.per_count = np.bincount(where, self.weight)

    def sketch(self, size: int) -> _Likelihood:
        """Draw about so many customers, evenly from first to last profile; itself when there are few."""
        if len(self.x) < 4 * size:
            return self
        passed = np.cumsum(self.weight)
        # Jittered: profiles come in cycles of the kinds of customers, and steps of one length would meet the same kind.
        places = (np.arange(size) + np.random.default_rng(0).random(size)) * (passed[-1] / size)
        found, count = np.unique(np.searchsorted(passed, places, side="right"), return_counts=True)
        keep = np.minimum(found, len(passed) - 1)
        kept = Histories(
            self.x[keep], self.t_x[keep], self.T[keep], count.astype(float), np.zeros(0, np.intp), ()
        )
        ridge = self.ridge * float(count.sum() / passed[-1])
        return _Likelihood(kept, self.purchase[:, keep], self.dropout[:, keep], 1.0, 1.0, ridge)

    def penalty(self, point: Floats) -> float:
        """Return what the ridge takes from the log-likelihood."""
        return 0.5 * self.ridge * float((point[4:] ** 2).sum())

    def __call__(self, point: Floats) -> tuple[float, Floats, Floats]:
        """Return value, gradient and Hessian."""
        r, w, c = float(np.exp(point[0])), self.per_count, self.counts
        value = float(w @ (gammaln(r + c) - gammaln(r))) - self.penalty(point)
        g, H = np.zeros(len(point)), np.zeros((len(point), len(point)))
        g[0] = r * (w @ (digamma(r + c) - digamma(r)))
        H[0, 0] = g[0] + r * r * (w @ (polygamma(1, r + c) - polygamma(1, r)))
        for begin in range(0, len(self.x), _CHUNK):
            value += self._add(slice(begin, begin + _CHUNK), point, g, H)
        g[4:] -= self.ridge * point[4:]
        H[np.arange(4, len(point)), np.arange(4, len(point))] -= self.ridge
        return value, g, H

    def _add(self, part: slice, point: Floats, g: Floats, H: Floats) -> float:
        """Add the derivatives of some profiles' terms to ``g`` and ``H``; return the terms."""
        k, weight = len(self.purchase), self.weight[part]
        r, s = np.exp(point[0]), np.exp(point[2])
        log_alpha, moves_a = log_scale(point[1], point[4 : 4 + k], self.purchase[:, part])
        log_beta, moves_b = log_scale(point[3], point[4 + k :], self.dropout[:, part])
        value, slopes, curves = _by_log(r, log_alpha, s, log_beta, self.x[part], self.t_x[part], self.T[part])
        slopes, curves = slopes * weight, curves * weight
        one = np.ones((1, len(weight)))
        # Each of log (r, α_i, s, β_i) is a sum of parameters (``at``) times what stands in the rows of ``by``.
        at = ([0], [1, *range(4, 4 + k)], [2], [3, *range(4 + k, len(point))])
        by = (
            one,
            np.r_[one, -self.purchase[:, part]] * moves_a,
            one,
            np.r_[one, -self.dropout[:, part]] * moves_b,
        )
        for i in range(4):
            # einsum, because products of matrices wake a pool of threads that costs more than it gives
            g[at[i]] += np.einsum("in,n->i", by[i], slopes[i])
        for row, (i, j) in enumerate(lifetime_integral.PAIRS):
            block = np.einsum("in,jn->ij", by[i] * curves[row], by[j])
            H[np.ix_(at[i], at[j])] += block
            if i != j:
                H[np.ix_(at[j], at[i])] += block.T
        return float((value * weight).sum())


def _by_log(
    r: float, log_alpha: Floats, s: float, log_beta: Floats, x: Floats, t_x: Floats, T: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return each profile's log-likelihood but for Γ(r+x)/Γ(r), with derivatives in log (r, α_i, s, β_i)."""
    alpha, beta = np.exp(log_alpha), np.exp(log_beta)
    value, slopes, curves = pareto_nbd.log_mixture((r, alpha, s, beta), x, t_x, T, derivatives=True)
    sizes = (r, alpha, s, beta)
    for row, (i, j) in enumerate(lifetime_integral.PAIRS):
        curves[row] *= sizes[i] * sizes[j]
    for i, size in enumerate(sizes):
        slopes[i] *= size
    # α^r β^s in logarithms: r log α + s log β
    slopes += [r * log_alpha, np.full_like(x, r), s * log_beta, np.full_like(x, s)]
    curves[0] += slopes[0]
    curves[1] += r
    curves[4] += slopes[1] - r
    curves[7] += slopes[2]
    curves[8] += s
    curves[9] += slopes[3] - s
    return value + r * log_alpha + s * log_beta, slopes, curves


def individual_parameters(
    params: Effects[ParetoNBD], covariates: ArrayLike, dropout_covariates: ArrayLike | None = None
) -> tuple[float, Floats, float, Floats]:
    """Return (r, α_i, s, β_i): the plain model's parameters of each customer, α and β as arrays."""
    given = profiles(0, 0, 0, covariates, dropout_covariates)
    r, alpha, s, beta = _mixing(params, given)
    at = given.histories.inverse
    return r, alpha[at], s, beta[at]


def _mixing(params: Effects[ParetoNBD], given: Profiles) -> tuple[float, Floats, float, Floats]:
    """Return (r, α_i, s, β_i) of each profile."""
    r, alpha, s, beta = pareto_nbd.checked(params.base)
    by_purchase = scale_of(alpha, params.purchase, given.purchase, "purchase")
    return r, by_purchase, s, scale_of(beta, params.dropout, given.dropout, "dropout")


def log_likelihood(
    params: Effects[ParetoNBD],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``, in their unit of time."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates, weights)
    each = pareto_nbd.log_each(_mixing(params, given), given.histories)
    return float((given.histories.weight * each).sum())


def probability_alive(
    params: Effects[ParetoNBD],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return P(still active at T | history) of each customer."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    return given.histories.spread(pareto_nbd.alive_share(_mixing(params, given), given.histories))


def expected_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] of each customer; new ones have the history 0, 0, 0."""
    return discounted_purchases(
        params,
        horizon,
        0.0,
        frequency,
        recency,
        T,
        covariates=covariates,
        dropout_covariates=dropout_covariates,
    )


def discounted_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history], as in ``pareto_nbd``."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    mean = pareto_nbd.discounted_mean(_mixing(params, given), given.histories, horizon, rate)
    return given.histories.spread(mean)


def probability_of_none(
    params: Effects[ParetoNBD],
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history) of each customer."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    return given.histories.spread(pareto_nbd.none_share(_mixing(params, given), given.histories, horizon))
