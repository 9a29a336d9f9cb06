"""Chance made visible: customers and futures drawn exactly from the Pareto/NBD model.

Given a history, one who is still active has λ ~ Gamma(r + x, α + T) and μ ~ Gamma(s, β + T), independently. One who
stopped did so at τ in (t_x, T) with density proportional to (α + τ)^-(r+x) (β + τ)^-(s+1), and given τ has
λ ~ Gamma(r + x, α + τ) and μ ~ Gamma(s + 1, β + τ); such a customer buys no more.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric import pareto_nbd
from regulars.numeric.fit import Floats, Parameters
from regulars.numeric.histories import Histories, distinct

__all__ = ["Customers", "Draws", "posterior_draws", "simulate", "simulate_purchases"]

_TINY = np.finfo(float).tiny


class Customers(NamedTuple):
    """Simulated histories with the truth behind them, one entry a customer."""

    frequency: Floats
    recency: Floats
    lifetime: Floats
    """When the customer stopped; beyond T for those still active."""
    rate: Floats


class Draws(NamedTuple):
    """Draws of what a history leaves open, each of shape (draws, customers)."""

    alive: NDArray[np.bool_]
    rate: Floats
    """λ: purchases per unit of time while active."""
    dropout: Floats
    """μ: the rate of stopping."""


def simulate(params: Parameters, T: ArrayLike, rng: np.random.Generator) -> Customers:
    """Draw customers first seen T units of time ago: x, t_x and the truth."""
    r, alpha, s, beta = pareto_nbd.checked(params)
    end = np.asarray(T, float).ravel()
    rate = rng.standard_gamma(r, end.shape) / alpha
    dropout = np.maximum(rng.standard_gamma(s, end.shape) / beta, _TINY)
    lifetime = rng.standard_exponential(end.shape) / dropout
    active = np.minimum(lifetime, end)
    x = rng.poisson(rate * active).astype(float)
    # The last of x uniform moments is the largest: its share of the active time is U^(1/x).
    share = np.where(x > 0, rng.random(end.shape) ** (1 / np.maximum(x, 1)), 0.0)
    return Customers(x, active * share, lifetime, rate)


def posterior_draws(
    params: Parameters,
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Draw (alive, λ, μ) of each customer given the history: three arrays of shape (draws, customers).

    Memory is 17 bytes a draw and customer; slice the customers when there are many.
    """
    return draws_given(pareto_nbd.checked(params), distinct(frequency, recency, T), draws, rng)


def draws_given(
    params: pareto_nbd.Mixing, histories: Histories, draws: int, rng: np.random.Generator
) -> Draws:
    """Draw as ``posterior_draws``, for each row that was given; α and β may be one for each distinct history."""
    r, alpha, s, beta = params
    at = histories.inverse
    share = pareto_nbd.alive_share(params, histories)[at]
    x, t_x, end = (v[at] for v in (histories.x, histories.t_x, histories.T))
    A, B = (np.broadcast_to(v, histories.x.shape)[at] for v in (alpha, beta))
    alive = rng.random((draws, len(x))) < share
    stopped_at = np.broadcast_to(end, alive.shape).copy()
    row, column = np.nonzero(~alive)
    stopped_at[row, column] = t_x[column] + _time_to_stop(
        r + x[column], s + 1, (A + t_x)[column], (B + t_x)[column], (end - t_x)[column], rng
    )
    rate = rng.standard_gamma(np.broadcast_to(r + x, alive.shape)) / (A + stopped_at)
    dropout = rng.standard_gamma(np.where(alive, s, s + 1)) / (B + stopped_at)
    return Draws(alive, rate, dropout)


def _time_to_stop(
    a: Floats, b: float, A: Floats, B: Floats, span: Floats, rng: np.random.Generator
) -> Floats:
    """Draw u in (0, span) with density proportional to (1 + u/A)^-a (1 + u/B)^-b.

    By rejection: u is drawn from the factor with the smaller integral and accepted with the other one.
    """
    out = np.zeros_like(a)
    mass_a, mass_b = _mass(a, A, span), _mass(np.full_like(a, b), B, span)
    first = mass_a <= mass_b
    power, size = np.where(first, a, b), np.where(first, A, B)
    other_power, other_size = np.where(first, b, a), np.where(first, B, A)
    left = np.arange(len(a))
    while len(left):
        drawn = _draw_power(power[left], size[left], span[left], rng)
        chance = np.exp(-other_power[left] * np.log1p(drawn / other_size[left]))
        accepted = rng.random(len(left)) < chance
        out[left[accepted]] = drawn[accepted]
        left = left[~accepted]
    return out


def _mass(power: Floats, size: Floats, span: Floats) -> Floats:
    """Return ∫_0^span (1 + u/size)^-power du."""
    length = np.log1p(span / size)
    slope = power - 1
    flat = np.abs(slope * length) < 1e-9
    return size * np.where(flat, length, -np.expm1(-slope * length) / np.where(flat, 1.0, slope))


def _draw_power(power: Floats, size: Floats, span: Floats, rng: np.random.Generator) -> Floats:
    """Draw u in (0, span) with density proportional to (1 + u/size)^-power, by inversion in y = log(1 + u/size)."""
    length = np.log1p(span / size)
    slope = power - 1
    uniform = rng.random(len(power))
    flat = np.abs(slope * length) < 1e-9
    safe = np.where(flat, 1.0, slope)
    y = np.where(flat, uniform * length, -np.log1p(uniform * np.expm1(-safe * length)) / safe)
    return np.minimum(size * np.expm1(y), span)


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
    drawn = posterior_draws(params, frequency, recency, T, draws, rng)
    return purchases_given(drawn, horizon, rng)


def purchases_given(drawn: Draws, horizon: float, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw the number of purchases in (T, T + horizon] of those whose rates were drawn, in the same shape."""
    horizon = pareto_nbd.checked_horizon(horizon)
    lasting = rng.standard_exponential(drawn.alive.shape) / np.maximum(drawn.dropout, _TINY)
    return np.where(drawn.alive, rng.poisson(drawn.rate * np.minimum(lasting, horizon)), 0)
