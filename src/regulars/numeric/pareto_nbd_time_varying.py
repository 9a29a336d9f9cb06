"""Pareto/NBD for customers whose rates change with what is going on: seasons, promotions, letters (Bachmann, Meierer & Näf 2021).

At time t a customer buys at rate λ e^(γ'x(t)) while active and stops at rate μ e^(δ'z(t)); λ ~ Gamma(r, α) and μ ~ Gamma(s, β) over
customers, independently, and covariates are steady within a period. With the two clocks A(t) = ∫ e^(γ'x) and D(t) = ∫ e^(δ'z)
since the first purchase, repeat purchases at t_1 … t_x and an end of observation T, the likelihood is the plain model's by these clocks:

    Γ(r+x) α^r β^s / Γ(r) · Π e^(γ'x(t_j)) · { (α+A(T))^-(r+x) (β+D(T))^-s + s ∫_{t_x}^T (α+A(t))^-(r+x) (β+D(t))^-(s+1) dD(t) }

("The Role of Time-Varying Contextual Factors in Latent Attrition Models for Customer Base Analysis", Marketing Science 40(4)).
A purchase goes by the covariates of its own period, and drop-out by those since the first purchase, as in CLVTools.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from scipy.special import gammaln

from regulars.numeric import covariate_fit, pareto_nbd
from regulars.numeric.covariate_paths import Calendar, Paths, calendar
from regulars.numeric.covariates import CovariateFit, Effects, checked_effect, named, standardised
from regulars.numeric.fit import Floats
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.pareto_nbd_covariates import FAMILY
from regulars.numeric.purchase_times import PurchaseTimes
from regulars.numeric.time_varying_likelihood import Likelihood
from regulars.numeric.two_clocks import (
    Clock,
    Mixture,
    Observed,
    Part,
    Speeds,
    clock,
    mixture,
    since_last,
    speeds,
)


def fit(
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
    names: Sequence[str] | None = None,
    dropout_names: Sequence[str] | None = None,
    ridge: float = 0.0,
) -> CovariateFit[ParetoNBD]:
    """Find the maximum-likelihood parameters with an effect of each covariate on both processes.

    ``times`` come from ``purchase_times.purchase_times`` and ``covariates`` from ``covariate_paths.paths``, on one axis of time whose unit is
    that of α and β; columns that never change are what ``pareto_nbd_covariates`` has. Drop-out depends on the same covariates unless
    ``dropout_covariates`` (by the same periods, of zero columns when on none) are given. e^γ is the factor by which one unit of a covariate
    multiplies the rate for as long as it lasts. ``ridge`` subtracts ridge/2 · Σ (γ·sd of x)² from the log-likelihood, sd over all time
    observed. Test against ``pareto_nbd.fit(times.x, times.recency, times.T)`` with ``covariates.likelihood_ratio``. Raises ``ValueError`` for
    paths that do not reach from the first purchase to the end of observation, and for covariates that are the same
    throughout the time observed or a linear combination of others, naming them.
    """
    if not (ridge >= 0 and np.isfinite(ridge)):
        raise ValueError("ridge must be finite and not negative.")
    known = under(times, covariates, dropout_covariates)
    scale = float(times.T.mean())
    if scale <= 0:
        raise ValueError("Nobody was observed for any time.")
    own = names if dropout_covariates is None else dropout_names
    of_purchase = named(names, known.calendar.purchase.shape[1], "names")
    of_dropout = named(own, known.calendar.dropout.shape[1], "dropout_names")
    spent = _time_spent(known)
    purchase = standardised(known.calendar.purchase, spent, of_purchase)
    dropout = standardised(known.calendar.dropout, spent, of_dropout)
    inside = replace(known.calendar, purchase=purchase.columns.T, dropout=dropout.columns.T)
    likelihood = Likelihood(FAMILY, Observed(times, inside, scale), ridge)
    plain = pareto_nbd.fit(times.x, times.recency, times.T)
    found = covariate_fit.searched(likelihood, np.log(plain.params) - likelihood.log_units, purchase, dropout)
    return covariate_fit.concluded(found, likelihood, purchase, dropout, (of_purchase, of_dropout))


def under(
    times: PurchaseTimes, covariates: Paths, dropout_covariates: Paths | None, horizon: float = 0.0
) -> Observed:
    """Return the histories under the paths of both processes, which must reach as far as they are needed."""
    if not isinstance(covariates, Paths) or not isinstance(dropout_covariates, Paths | None):
        raise ValueError("Covariates that change with time are made by covariate_paths.paths.")
    merged = calendar(covariates, dropout_covariates, len(times.x))
    merged.check_covers(times.first, times.end + horizon)
    return Observed(times, merged)


def _time_spent(known: Observed) -> Floats:
    """Return how long all customers together were observed under each row of the calendar."""
    spent = np.zeros(len(known.calendar.begin))
    for who in known.parts():
        part = known.part(who)
        for stretches in (part.before, part.after):
            np.add.at(spent, stretches.row, stretches.length)
    return spent


class Standing(NamedTuple):
    """What some customers' histories say at the end of observation."""

    part: Part
    purchase: Clock
    dropout: Clock
    found: Mixture

    @property
    def alive(self) -> Floats:
        """P(active at the end)."""
        return self.found.share[:, -1]


def rates(params: Effects[ParetoNBD], known: Calendar) -> tuple[float, Speeds, float, Speeds]:
    """Return r and the purchases' clock, s and the drop-out's, or raise ``ValueError`` for parameters that cannot be."""
    r, alpha, s, beta = pareto_nbd.checked(params.base)
    on_purchase = checked_effect(params.purchase, known.purchase.shape[1], "purchase")
    on_dropout = checked_effect(params.dropout, known.dropout.shape[1], "dropout")
    return r, speeds(alpha, on_purchase, known.purchase), s, speeds(beta, on_dropout, known.dropout)


def standings(params: Effects[ParetoNBD], known: Observed) -> Iterator[Standing]:
    """Follow the histories to the end of observation, part by part."""
    r, buying, s, staying = rates(params, known.calendar)
    for who in known.parts():
        part = known.part(who)
        purchase, dropout = since_last(buying, part), since_last(staying, part)
        found = mixture(r + known.times.x[who], s, purchase, dropout, part.after.length)
        yield Standing(part, purchase, dropout, found)


def log_likelihood(
    params: Effects[ParetoNBD],
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``, in their unit of time."""
    known = under(times, covariates, dropout_covariates)
    r, buying, s, staying = rates(params, known.calendar)
    when = buying.log[known.calendar.at(times.customer, times.time)].sum()
    joint = sum(float(one.found.log_joint.sum()) for one in standings(params, known))
    fixed = r * np.log(buying.size) + s * np.log(staying.size)
    return float((gammaln(r + times.x) - gammaln(r) + fixed).sum() + when + joint)


def probability_alive(
    params: Effects[ParetoNBD],
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> Floats:
    """Return P(still active at the end of observation | history) of each customer."""
    alive = np.empty(len(times.x))
    for one in standings(params, under(times, covariates, dropout_covariates)):
        alive[one.part.who] = one.alive
    return alive


def expected_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> Floats:
    """Return E[purchases within ``horizon`` after the end of observation | history] of each customer.

    The paths must reach to the end of the horizon: what season it will be is known, a promotion is what one plans or asks about. Someone of
    whom only a first purchase is known has times with that alone, and the same moment as end.
    """
    return discounted_purchases(
        params, horizon, 0.0, times, covariates=covariates, dropout_covariates=dropout_covariates
    )


def discounted_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    rate: float,
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history], as in ``pareto_nbd``.

    P(alive) · (r+x)/(α+A(T)) · ∫ e^(-rate·u) ((β+D(T)) / (β+D(T+u)))^s dA(T+u), stretch by stretch. The paths must reach to the end of the
    horizon, so that it cannot be endless.
    """
    horizon = pareto_nbd.checked_horizon(horizon)
    known = under(times, covariates, dropout_covariates, horizon)
    r, buying, s, staying = rates(params, known.calendar)
    to_come = np.empty(len(times.x))
    for one in standings(params, known):
        who, end = one.part.who, times.end[one.part.who]
        ahead = known.calendar.between(who, end, end + horizon)
        stay = clock(one.dropout.reading[:, -1], staying, ahead)
        lasts = pareto_nbd.discounted_lifetime(s, stay.reading[:, :-1] / stay.speed, ahead.length, rate)
        since = np.cumsum(ahead.length, axis=1) - ahead.length
        worth = np.exp(-s * stay.passed[:, :-1] - rate * since) * buying.per_time[ahead.row] * lasts
        mean_rate = (r + times.x[who]) / one.purchase.reading[:, -1]
        to_come[who] = one.alive * mean_rate * worth.sum(axis=1)
    return to_come


def probability_of_none(
    params: Effects[ParetoNBD],
    horizon: float,
    times: PurchaseTimes,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> Floats:
    """Return P(no purchase within ``horizon`` after the end of observation | history) of each customer.

    It is the likelihood of the same history observed for that much longer over that of the history as it is.
    """
    horizon = pareto_nbd.checked_horizon(horizon)
    known = under(times, covariates, dropout_covariates, horizon)
    longer = replace(known, times=replace(times, end=times.end + horizon))
    joint = np.zeros((2, len(times.x)))
    for row, observed in enumerate((known, longer)):
        for one in standings(params, observed):
            joint[row, one.part.who] = one.found.log_joint
    return np.clip(np.exp(joint[1] - joint[0]), 0.0, 1.0)
