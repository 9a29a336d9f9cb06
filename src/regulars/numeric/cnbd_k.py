"""(M)BG/CNBD-k: for customers who buy at regular intervals, not at random moments (Platzer & Reutterer 2016).

The time between purchases is Erlang: the k-th beat of a Poisson process of rate λ ~ Gamma(r, α), so its mean is k / λ and
more regular the higher k. Customers stop as in the MBG/NBD (``form="mbg"``, after any purchase) or the BG/NBD ("bg", after
a repeat purchase only), which are the case k = 1. "Ticking away the moments: timing regularity helps to better predict
customer activity" gives the likelihood; it is written out in ``beta_geometric``.

What the likelihood is of: with ``log_gaps``, the sum of a customer's log times between purchases (0 for one purchase), it is
the density of all moments of purchase. Without, it is that of (x, t_x) alone, relative to t_x^(x-1) / Γ(x), which stands for
the moments in between when k = 1. Either is comparable between values of k, the first tells them apart better, and both
have the same maximum for one k, because they differ by what no parameter moves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric import beta_geometric, beta_geometric_future
from regulars.numeric.beta_geometric_future import Draws
from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.pareto_nbd_draws import Customers

Dropout = Literal["mbg", "bg"]


class CNBDK(NamedTuple):
    """Shape r and rate α of the rates of beats (k to a purchase), both shapes a, b of the probabilities to stop."""

    r: float
    alpha: float
    a: float
    b: float


class Choice(NamedTuple):
    """The most likely k, its fit, and the log-likelihood of every k that was tried."""

    k: int
    fit: Fit[CNBDK]
    log_likelihoods: dict[int, float]


def form_of(k: int, form: Dropout = "mbg") -> beta_geometric.Form:
    """Return which of the family it is, as ``clv.intervals`` asks."""
    if form not in {"mbg", "bg"}:
        raise ValueError('form must be "mbg" or "bg".')
    if k != int(k) or not 1 <= k <= 100:
        raise ValueError("k must be a whole number from 1 to 100.")
    return beta_geometric.Form(f"{form.upper()}/CNBD-k", int(k), int(form == "mbg"))


def fit(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
    weights: ArrayLike | None = None,
    log_gaps: ArrayLike | None = None,
    start: Parameters | None = None,
) -> Fit[CNBDK]:
    """Find the maximum-likelihood parameters for one k; input, units and errors as in ``pareto_nbd.fit``."""
    return beta_geometric.fit(form_of(k, form), CNBDK, frequency, recency, T, weights, log_gaps, start)


def choose(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    ks: Iterable[int] = range(1, 13),
    form: Dropout = "mbg",
    weights: ArrayLike | None = None,
    log_gaps: ArrayLike | None = None,
) -> Choice:
    """Fit every k of ``ks`` and keep the most likely one, the smaller of two that are equal."""
    fits = {
        k: fit(frequency, recency, T, k=k, form=form, weights=weights, log_gaps=log_gaps) for k in sorted(ks)
    }
    if not fits:
        raise ValueError("ks must hold one value or more.")
    best = max(fits, key=lambda k: fits[k].log_likelihood)
    return Choice(best, fits[best], {k: one.log_likelihood for k, one in fits.items()})


def regularity(first_gap: ArrayLike, second_gap: ArrayLike) -> float:
    """Return the k that two successive times between purchases of many customers suggest (Wheat & Morrison 1990).

    The first one's share of both is Beta(k, k) whatever the customer's rate, of mean 1/2 and variance 1 / (4 (2k + 1)); k
    comes from the mean square around 1/2 and need not be whole. One is no regularity, below one are bursts, and clockwork
    is infinite. Customers for whom both are zero tell nothing. Raises ``ValueError`` when there is no other.
    """
    first, second = np.broadcast_arrays(np.asarray(first_gap, float), np.asarray(second_gap, float))
    if (
        not (np.isfinite(first).all() and np.isfinite(second).all())
        or np.any(first < 0)
        or np.any(second < 0)
    ):
        raise ValueError("Times between purchases must be finite and not negative.")
    both = first + second
    seen = both > 0
    if not seen.any():
        raise ValueError("There must be at least one customer with two times between purchases.")
    square = float(np.mean((first[seen] / both[seen] - 0.5) ** 2))
    return (1 - 4 * square) / (8 * square) if square > 0 else math.inf


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
    weights: ArrayLike | None = None,
    log_gaps: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``; the head of this file says of what."""
    return beta_geometric.log_likelihood(form_of(k, form), params, frequency, recency, T, weights, log_gaps)


def probability_alive(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Floats:
    """Return P(still active at T | history) of each customer."""
    return beta_geometric.probability_alive(form_of(k, form), params, frequency, recency, T)


def probability_of_none(
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history) of each customer."""
    return beta_geometric.probability_of_none(form_of(k, form), params, horizon, frequency, recency, T)


def expected_purchases(
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] of each customer, exactly; a new one has 0, 0, 0."""
    return discounted_purchases(params, horizon, 0.0, frequency, recency, T, k=k, form=form)


def discounted_purchases(
    params: Parameters,
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history] of each customer.

    ``rate`` as in ``pareto_nbd.discounted_purchases``. An endless horizon is allowed with rate > 0 or a > 1.
    """
    return beta_geometric_future.discounted_purchases(
        form_of(k, form), params, horizon, rate, frequency, recency, T
    )


def purchases_of_new(params: Parameters, t: ArrayLike, *, k: int, form: Dropout = "mbg") -> Floats:
    """Return E[repeat purchases in (0, t]] of someone of whom nothing but the first purchase, at 0, is known."""
    return beta_geometric_future.purchases_of_new(form_of(k, form), params, t)


def wait_for_next(
    params: Parameters,
    share: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Floats:
    """Return the time after T within which a customer who stays buys again with probability ``share``, 0 <= share < 1."""
    return beta_geometric_future.wait_for_next(form_of(k, form), params, share, frequency, recency, T)


def probability_of(
    params: Parameters, n: ArrayLike, t: ArrayLike, *, k: int, form: Dropout = "mbg"
) -> Floats:
    """Return P(a new customer makes n repeat purchases in (0, t]); n and t broadcast."""
    return beta_geometric_future.probability_of(form_of(k, form), params, n, t)


def simulate(
    params: Parameters, T: ArrayLike, rng: np.random.Generator, *, k: int, form: Dropout = "mbg"
) -> Customers:
    """Draw customers first seen T units of time ago; ``rate`` counts beats, ``lifetime`` is infinite if active at T."""
    return beta_geometric_future.simulate(form_of(k, form), params, T, rng)


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
    *,
    k: int,
    form: Dropout = "mbg",
) -> Draws:
    """Draw (alive, λ, p, beats since t_x) of each customer given the history: arrays of shape (draws, customers)."""
    return beta_geometric_future.posterior_draws(form_of(k, form), params, frequency, recency, T, draws, rng)


def simulate_purchases(
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
    *,
    k: int,
    form: Dropout = "mbg",
) -> NDArray[np.int64]:
    """Draw the number of purchases in (T, T + horizon] of each customer, shape (draws, customers)."""
    return beta_geometric_future.simulate_purchases(
        form_of(k, form), params, horizon, frequency, recency, T, draws, rng
    )
