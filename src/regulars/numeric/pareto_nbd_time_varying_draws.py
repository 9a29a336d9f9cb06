"""Customers and futures drawn exactly from the Pareto/NBD with covariates that change with time.

One who is still active has λ ~ Gamma(r + x, α + A) and μ ~ Gamma(s, β + D), A and D being the clocks at the end of observation, and stops
when the drop-out's clock has gone Exponential(μ) further. While active, purchases are Poisson on their own clock. So all that
is needed besides the plain model's draws is to read one clock off another, stretch by stretch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric import pareto_nbd
from regulars.numeric.covariate_paths import Paths
from regulars.numeric.covariates import Effects
from regulars.numeric.fit import Floats
from regulars.numeric.pareto_nbd import ParetoNBD
from regulars.numeric.pareto_nbd_time_varying import rates, standings, under
from regulars.numeric.purchase_times import PurchaseTimes, purchase_times

_TINY = np.finfo(float).tiny


class Customers(NamedTuple):
    """Simulated histories with the truth behind them."""

    times: PurchaseTimes
    lifetime: Floats
    """When each customer stopped; infinite for those still active at the end."""
    rate: Floats
    """λ: purchases per unit of time while active, where all covariates are zero."""


def simulate(
    params: Effects[ParetoNBD],
    first: ArrayLike,
    end: ArrayLike,
    rng: np.random.Generator,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> Customers:
    """Draw customers who buy first at ``first``, one entry each, and are observed until ``end``, one number or one each."""
    start = np.asarray(first, float).ravel()
    everyone = np.arange(len(start))
    known = under(purchase_times(everyone, start, end), covariates, dropout_covariates)
    r, buying, s, staying = rates(params, known.calendar)
    ahead = known.calendar.between(everyone, start, known.times.end)
    purchase, dropout = buying.per_time[ahead.row], staying.per_time[ahead.row]
    rate = rng.standard_gamma(r, start.shape) / buying.size
    lasting = _lasting(rng.standard_gamma(s, start.shape) / staying.size, rng)
    steady = np.ones_like(purchase)
    stays = lasting >= (dropout * ahead.length).sum(axis=1)
    lifetime = np.where(stays, np.inf, start + read_off(lasting, dropout, steady, ahead.length))
    active = read_off(lasting, dropout, purchase, ahead.length)
    who = np.repeat(everyone, rng.poisson(rate * active))
    moments = start[who] + read_off(
        rng.random(len(who)) * active[who], purchase[who], steady[who], ahead.length[who]
    )
    times = purchase_times(
        np.r_[everyone, who], np.r_[start, np.minimum(moments, known.times.end[who])], known.times.end
    )
    return Customers(times, lifetime, rate)


def simulate_purchases(
    params: Effects[ParetoNBD],
    horizon: float,
    times: PurchaseTimes,
    draws: int,
    rng: np.random.Generator,
    *,
    covariates: Paths,
    dropout_covariates: Paths | None = None,
) -> NDArray[np.int64]:
    """Draw the number of purchases within ``horizon`` after the end of observation of each customer, shape (draws, customers)."""
    horizon = pareto_nbd.checked_horizon(horizon)
    known = under(times, covariates, dropout_covariates, horizon)
    r, buying, s, staying = rates(params, known.calendar)
    bought = np.zeros((draws, len(times.x)), np.int64)
    for one in standings(params, known):
        who, end = one.part.who, times.end[one.part.who]
        ahead = known.calendar.between(who, end, end + horizon)
        shape = (draws, len(who))
        rate = rng.standard_gamma(np.broadcast_to(r + times.x[who], shape)) / one.purchase.reading[:, -1]
        lasting = _lasting(rng.standard_gamma(s, shape) / one.dropout.reading[:, -1], rng)
        active = read_off(lasting, staying.per_time[ahead.row], buying.per_time[ahead.row], ahead.length)
        bought[:, who] = np.where(rng.random(shape) < one.alive, rng.poisson(rate * active), 0)
    return bought


def _lasting(dropout: Floats, rng: np.random.Generator) -> Floats:
    """Draw for how long on the clock of the drop-out customers with these rates stay."""
    return rng.standard_exponential(dropout.shape) / np.maximum(dropout, _TINY)


def read_off(reading: Floats, clock: Floats, other: Floats, length: Floats) -> Floats:
    """Return how far another clock has gone when one stands at ``reading`` (…, n), both having started at zero.

    ``clock`` and ``other`` are their speeds in each of the n customers' stretches, and ``length`` is how long these last: (n,
    stretches). Beyond the last stretch neither goes on.
    """
    gone = np.zeros(np.shape(reading))
    passed = np.zeros(len(length))
    for k in range(length.shape[1]):
        step = clock[:, k] * length[:, k]
        gone += other[:, k] / clock[:, k] * np.clip(reading - passed, 0.0, step)
        passed = passed + step
    return gone
