"""BG/NBD: the well-known simplification in which one may stop only after a purchase (Fader, Hardie & Lee 2005).

Purchases at rate λ ~ Gamma(r, α); after each repeat purchase the customer stops with probability p ~ Beta(a, b). Kept as
a peer of the Pareto/NBD to compare with; whoever bought once is active for certain here, which is its known weakness.
Up to the usual constant the likelihood is, with δ = 1 for x > 0 and else 0,

    Γ(r+x) α^r / Γ(r) · B(a, b+x) / B(a, b) · (α+T)^-(r+x) · { 1 + δ a / (b+x-1) ((α+T) / (α+t_x))^(r+x) }
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric import beta_geometric, beta_geometric_future
from regulars.numeric.beta_geometric_future import Draws
from regulars.numeric.fit import Fit, Floats, Parameters
from regulars.numeric.pareto_nbd_draws import Customers

FORM = beta_geometric.Form(name="BG/NBD", k=1, first=0)
"""Which of the family it is, as ``clv.intervals`` asks."""


class BGNBD(NamedTuple):
    """Shape r and rate α of the purchase rates, both shapes a, b of the probabilities to stop."""

    r: float
    alpha: float
    a: float
    b: float


def fit(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
    start: Parameters | None = None,
) -> Fit[BGNBD]:
    """Find the maximum-likelihood parameters; input, units and errors as in ``pareto_nbd.fit``."""
    return beta_geometric.fit(FORM, BGNBD, frequency, recency, T, weights, start=start)


def log_likelihood(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    *,
    weights: ArrayLike | None = None,
) -> float:
    """Return the log-likelihood of the histories under ``params``."""
    return beta_geometric.log_likelihood(FORM, params, frequency, recency, T, weights)


def probability_alive(params: Parameters, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike) -> Floats:
    """Return P(still active at T | history) of each customer; one for whoever has not come back yet."""
    return beta_geometric.probability_alive(FORM, params, frequency, recency, T)


def probability_of_none(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return P(no purchase in (T, T + horizon] | history) of each customer."""
    return beta_geometric.probability_of_none(FORM, params, horizon, frequency, recency, T)


def expected_purchases(
    params: Parameters, horizon: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return E[purchases in (T, T + horizon] | history] of each customer; a new one has 0, 0, 0."""
    return discounted_purchases(params, horizon, 0.0, frequency, recency, T)


def discounted_purchases(
    params: Parameters,
    horizon: float,
    rate: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
) -> Floats:
    """Return E[Σ e^(-rate·(t_i - T)) over purchases t_i in (T, T + horizon] | history] of each customer.

    ``rate`` as in ``pareto_nbd.discounted_purchases``. An endless horizon is allowed with rate > 0 or a > 1.
    """
    return beta_geometric_future.discounted_purchases(FORM, params, horizon, rate, frequency, recency, T)


def purchases_of_new(params: Parameters, t: ArrayLike) -> Floats:
    """Return E[repeat purchases in (0, t]] of someone of whom nothing but the first purchase, at 0, is known."""
    return beta_geometric_future.purchases_of_new(FORM, params, t)


def wait_for_next(
    params: Parameters, share: float, frequency: ArrayLike, recency: ArrayLike, T: ArrayLike
) -> Floats:
    """Return the time after T within which a customer who stays buys again with probability ``share``, 0 <= share < 1."""
    return beta_geometric_future.wait_for_next(FORM, params, share, frequency, recency, T)


def probability_of(params: Parameters, n: ArrayLike, t: ArrayLike) -> Floats:
    """Return P(a new customer makes n repeat purchases in (0, t]); n and t broadcast."""
    return beta_geometric_future.probability_of(FORM, params, n, t)


def simulate(params: Parameters, T: ArrayLike, rng: np.random.Generator) -> Customers:
    """Draw customers first seen T units of time ago; ``lifetime`` is infinite for those active at T."""
    return beta_geometric_future.simulate(FORM, params, T, rng)


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw (alive, λ, p) of each customer given the history: arrays of shape (draws, customers)."""
    return beta_geometric_future.posterior_draws(FORM, params, frequency, recency, T, draws, rng)


def simulate_purchases(
    params: Parameters,
    horizon: float,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw the number of purchases in (T, T + horizon] of each customer, shape (draws, customers)."""
    return beta_geometric_future.simulate_purchases(FORM, params, horizon, frequency, recency, T, draws, rng)
