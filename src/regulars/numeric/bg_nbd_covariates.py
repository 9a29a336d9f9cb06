"""BG/NBD for customers who differ in what is known of them: the peer of ``pareto_nbd_covariates`` (Fader & Hardie 2007).

A customer with covariates z buys at rate λ ~ Gamma(r, α e^(-γ_p'z)) and after each repeat purchase stops with probability
p ~ Beta(a e^(γ_d'z), b): e^γ multiplies the odds a/b of the mean probability to stop. This is Fader & Hardie's model with
the covariates of b left out. CLVTools moves a and b by one factor instead, which leaves that mean where it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betaln, digamma, expit, gammaln, polygamma

from regulars.numeric import beta_geometric, beta_geometric_future, bg_nbd, covariate_fit
from regulars.numeric.bg_nbd import BGNBD
from regulars.numeric.covariate_fit import Family, Logs
from regulars.numeric.covariates import CovariateFit, Effects, Profiles, profiles, scale_of
from regulars.numeric.fit import Floats
from regulars.numeric.lifetime_integral import PAIRS

__all__ = [
    "discounted_purchases",
    "expected_purchases",
    "fit",
    "individual_parameters",
    "log_likelihood",
    "probability_alive",
    "probability_of_none",
]

_FORM = beta_geometric.Form(name="BG/NBD", k=1, first=0)


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
) -> CovariateFit[BGNBD]:
    """Find the maximum-likelihood parameters; input, units and errors as in ``pareto_nbd_covariates.fit``."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates, weights)
    histories = given.histories
    plain = bg_nbd.fit(histories.x, histories.t_x, histories.T, weights=histories.weight)
    same = dropout_covariates is None
    return covariate_fit.fit(_FAMILY, plain.params, given, names, names if same else dropout_names, ridge)


def _by_log(logs: Logs, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each profile's log-likelihood but for Γ(r+x)/Γ(r), with derivatives in log (r, α_i, a_i, b)."""
    log_alpha, log_a = np.asarray(logs[1]), np.asarray(logs[2])
    r, b = float(np.exp(logs[0])), float(np.exp(logs[3]))
    alpha, a, n, may = np.exp(log_alpha), np.exp(log_a), r + x, x > 0
    at_T, at_t = alpha / (alpha + T), alpha / (alpha + t_x)
    longer = np.log((alpha + T) / (alpha + t_x))
    later = b / np.where(may, b + x - 1, 1.0)
    odds = np.where(may, log_a - np.log(np.where(may, b + x - 1, 1.0)) + n * longer, -np.inf)
    stopped = expit(odds)
    value = r * log_alpha - n * np.log(alpha + T) + betaln(a, b + x) - betaln(a, b) + np.logaddexp(0, odds)
    psi = digamma(a + b) - digamma(a + b + x)
    psi1 = polygamma(1, a + b) - polygamma(1, a + b + x)
    psi_b = digamma(b + x) - digamma(b) + psi
    slope = np.stack([r * longer, n * (at_T - at_t), np.ones_like(x), -later])
    slopes = (
        np.stack([r * (log_alpha - np.log(alpha + T)), r - n * at_T, a * psi, b * psi_b]) + stopped * slope
    )
    spread = stopped * (1 - stopped)
    curves = np.stack([spread * slope[i] * slope[j] for i, j in PAIRS])
    curves[0] += slopes[0]
    curves[1] += r - r * at_T + stopped * r * (at_T - at_t)
    curves[4] += -n * at_T * (1 - at_T) + stopped * n * (at_T * (1 - at_T) - at_t * (1 - at_t))
    curves[7] += a * psi + a * a * psi1
    curves[8] += a * b * psi1
    curves[9] += (
        b * psi_b + b * b * (polygamma(1, b + x) - polygamma(1, b) + psi1) - stopped * later * (1 - later)
    )
    return value, slopes, curves


_FAMILY = Family(
    BGNBD,
    beta_geometric.LOWER,
    beta_geometric.UPPER,
    in_time=(False, True, False, False),
    by_purchase=(1, -1.0),
    by_dropout=(2, 1.0),
    each=_by_log,
)


def individual_parameters(
    params: Effects[BGNBD], covariates: ArrayLike, dropout_covariates: ArrayLike | None = None
) -> tuple[float, Floats, Floats, float]:
    """Return (r, α_i, a_i, b): the plain model's parameters of each customer, α and a as arrays."""
    given = profiles(0, 0, 0, covariates, dropout_covariates)
    r, alpha, a, b = _mixing(params, given)
    at = given.histories.inverse
    return r, alpha[at], a[at], b


def _mixing(params: Effects[BGNBD], given: Profiles) -> tuple[float, Floats, Floats, float]:
    """Return (r, α_i, a_i, b) of each profile."""
    r, alpha, a, b = beta_geometric.checked(_FORM, params.base).tolist()
    by_purchase = scale_of(alpha, params.purchase, given.purchase, "purchase")
    return r, by_purchase, scale_of(a, [-one for one in params.dropout], given.dropout, "dropout"), b


def log_likelihood(
    params: Effects[BGNBD],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates, weights)
    r, alpha, a, b = _mixing(params, given)
    histories = given.histories
    each = _by_log((np.log(r), np.log(alpha), np.log(a), np.log(b)), histories.x, histories.t_x, histories.T)[
        0
    ]
    each += gammaln(r + histories.x) - gammaln(r)
    return float((histories.weight * each).sum())


def probability_alive(
    params: Effects[BGNBD],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return P(still active at T | history) of each customer; one for whoever has not come back yet."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    return given.histories.spread(beta_geometric.standing(_FORM, _mixing(params, given), given.histories)[0])


def expected_purchases(
    params: Effects[BGNBD],
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
    params: Effects[BGNBD],
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history], as in ``bg_nbd``.

    Each distinct pair of x and the drop-out's covariates costs a quadrature of its own: quick for kinds of customers, slow
    for many who all differ.
    """
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    mean = beta_geometric_future.discounted_mean(
        _FORM, _mixing(params, given), given.histories, horizon, rate
    )
    return given.histories.spread(mean)


def probability_of_none(
    params: Effects[BGNBD],
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
    return given.histories.spread(
        beta_geometric.none_share(_FORM, _mixing(params, given), given.histories, horizon)
    )
