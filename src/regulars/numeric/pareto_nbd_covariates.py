"""Pareto/NBD for customers who differ in what is known of them: channel, country, first product (Fader & Hardie 2007).

A customer with covariates z buys at rate λ ~ Gamma(r, α e^(-γ_p'z)) while active and stops at rate μ ~ Gamma(s, β e^(-γ_d'z)):
the plain model with an α and a β of their own, of which all integrals are reused. In logarithms α_i and β_i are linear in
the coefficients, so that gradient and Hessian are those of the plain model between the covariates.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric import covariate_fit, pareto_nbd, pareto_nbd_draws
from regulars.numeric.covariate_fit import Family, Logs
from regulars.numeric.covariates import CovariateFit, Effects, Profiles, profiles, scale_of
from regulars.numeric.fit import Floats
from regulars.numeric.lifetime_integral import PAIRS
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.pareto_nbd_draws import Draws


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
    given = profiles(frequency, recency, T, covariates, dropout_covariates, weights)
    histories = given.histories
    plain = pareto_nbd.fit(histories.x, histories.t_x, histories.T, weights=histories.weight)
    same = dropout_covariates is None
    return covariate_fit.fit(FAMILY, plain.params, given, names, names if same else dropout_names, ridge)


def _by_log(logs: Logs, x: Floats, t_x: Floats, T: Floats) -> tuple[Floats, Floats, Floats]:
    """Return each profile's log-likelihood but for Γ(r+x)/Γ(r), with derivatives in log (r, α_i, s, β_i)."""
    log_alpha, log_beta = np.asarray(logs[1]), np.asarray(logs[3])
    r, s = float(np.exp(logs[0])), float(np.exp(logs[2]))
    sizes = (r, np.exp(log_alpha), s, np.exp(log_beta))
    value, slopes, curves = pareto_nbd.log_mixture(sizes, x, t_x, T, derivatives=True)
    for row, (i, j) in enumerate(PAIRS):
        curves[row] *= sizes[i] * sizes[j]
    for i, size in enumerate(sizes):
        slopes[i] *= size
    # α^r β^s in logarithms: r log α + s log β
    slopes += np.stack([r * log_alpha, np.full_like(x, r), s * log_beta, np.full_like(x, s)])
    curves[0] += slopes[0]
    curves[1] += r
    curves[4] += slopes[1] - r
    curves[7] += slopes[2]
    curves[8] += s
    curves[9] += slopes[3] - s
    return value + r * log_alpha + s * log_beta, slopes, curves


FAMILY = Family(
    ParetoNBD,
    pareto_nbd.LOWER,
    pareto_nbd.UPPER,
    in_time=(False, True, False, True),
    by_purchase=(1, -1.0),
    by_dropout=(3, -1.0),
    each=_by_log,
)


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


def posterior_draws(
    params: Effects[ParetoNBD],
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> Draws:
    """Draw (alive, λ, μ) of each customer given the history, as in ``pareto_nbd_draws``."""
    given = profiles(frequency, recency, T, covariates, dropout_covariates)
    return pareto_nbd_draws.draws_given(_mixing(params, given), given.histories, draws, rng)


def simulate_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
    *,
    covariates: ArrayLike,
    dropout_covariates: ArrayLike | None = None,
) -> NDArray[np.int64]:
    """Draw the number of purchases in (T, T + horizon] of each customer, shape (draws, customers)."""
    drawn = posterior_draws(
        params,
        frequency,
        recency,
        T,
        draws,
        rng,
        covariates=covariates,
        dropout_covariates=dropout_covariates,
    )
    return pareto_nbd_draws.purchases_given(drawn, horizon, rng)
