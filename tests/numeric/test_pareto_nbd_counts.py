"""The distribution of a new customer's purchases: sums, means, arbitrary precision and simulation; the NBD's beside it."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.numeric import nbd, pareto_nbd, pareto_nbd_counts, pareto_nbd_draws

BTYD = (0.55, 10.58, 0.61, 11.67)
PARAMS = [
    (BTYD, 39.0),
    ((0.05, 0.4, 3.0, 900.0), 5.0),
    ((5.0, 60.0, 0.05, 0.2), 400.0),
    ((2.0, 0.01, 1.0, 0.01), 5.0),
    ((50.0, 1.0, 30.0, 1e-3), 100.0),
]


@pytest.mark.parametrize(("params", "t"), PARAMS)
def test_it_is_a_distribution_with_the_expected_mean(params, t):
    n = np.arange(16_000)
    chances = pareto_nbd_counts.probability_of(params, n, t)
    assert np.all((chances >= 0) & (chances <= 1))
    assert chances.sum() == pytest.approx(1, abs=1e-10)
    mean = pareto_nbd.expected_purchases(params, t, 0, 0, 0)
    assert (n * chances).sum() == pytest.approx(mean, rel=1e-6)
    none = np.exp(pareto_nbd.log_likelihood(params, [0], [0], [t]))
    assert chances[0] == pytest.approx(none, rel=1e-11)


@pytest.mark.parametrize(("params", "t"), PARAMS[:4])
@pytest.mark.parametrize("n", [1, 7, 60])
def test_it_equals_arbitrary_precision(params, t, n):
    with mpmath.workdps(25):
        r, alpha, s, beta = (mpmath.mpf(value) for value in params)

        def count(u):
            return mpmath.rf(r, n) / mpmath.factorial(n) * (alpha / (alpha + u)) ** r * (u / (alpha + u)) ** n

        edges = [0, *(mpmath.mpf(t) * mpmath.mpf(10) ** (-k / mpmath.mpf(2)) for k in range(20, -1, -1))]
        stopped = mpmath.quad(lambda u: count(u) * (beta + u) ** -(s + 1), edges)
        exact = float(count(mpmath.mpf(t)) * (beta / (beta + t)) ** s + s * beta**s * stopped)
    assert pareto_nbd_counts.probability_of(params, n, t) == pytest.approx(exact, rel=1e-10)


def test_simulated_customers_are_so_distributed():
    made = pareto_nbd_draws.simulate(BTYD, np.full(100_000, 39.0), np.random.default_rng(1))
    seen = [np.mean(made.frequency == n) for n in range(5)]
    assert seen == pytest.approx(pareto_nbd_counts.probability_of(BTYD, np.arange(5), 39.0), abs=0.006)


def test_without_drop_out_it_is_the_nbd():
    n = np.arange(200)
    ours = pareto_nbd_counts.probability_of((0.7, 6.0, 1e-13, 1.0), n, 30.0)
    np.testing.assert_allclose(ours, nbd.probability_of((0.7, 6.0), n, 30.0), rtol=1e-9)


positive = st.floats(-4, 4).map(lambda e: 10**e)


@given(positive, positive, positive, positive, positive, st.sampled_from([0, 1, 5, 300, 100_000]))
@settings(max_examples=50, deadline=None)
def test_every_corner_is_a_probability(r, alpha, s, beta, t, n):
    chance = pareto_nbd_counts.probability_of((r, alpha, s, beta), n, t)
    assert 0 <= chance <= 1
    none = pareto_nbd_counts.probability_of((r, alpha, s, beta), 0, t)
    assert none == pytest.approx(
        math.exp(pareto_nbd.log_likelihood((r, alpha, s, beta), [0], [0], [t])), rel=1e-8
    )


def test_shapes_and_the_first_moment():
    assert pareto_nbd_counts.probability_of(BTYD, [[0], [1]], [0.0, 39.0]).shape == (2, 2)
    assert pareto_nbd_counts.probability_of(BTYD, [0, 1], 0) == pytest.approx([1, 0])
    assert isinstance(pareto_nbd_counts.probability_of(BTYD, 1, 39.0), float)
    for n, t in [(-1, 1), (0.5, 1), (1, -1), (1, math.inf)]:
        for chance in (pareto_nbd_counts.probability_of, nbd.probability_of):
            with pytest.raises(ValueError, match=r"n|t"):
                chance(BTYD if chance is pareto_nbd_counts.probability_of else (1, 1), n, t)


def test_nbd_is_consistent_with_itself():
    params, n = (0.7, 6.0), np.arange(4_000)
    chances = nbd.probability_of(params, n, 30.0)
    assert chances.sum() == pytest.approx(1, abs=1e-12)
    assert (n * chances).sum() == pytest.approx(nbd.expected_purchases(params, 30, 0, 0, 0), rel=1e-10)
    assert nbd.probability_of_none(params, 30, 0, 0, 0) == pytest.approx(chances[0], rel=1e-12)
    assert nbd.probability_of(params, [0, 1], 0) == pytest.approx([1, 0])
    rng, size = np.random.default_rng(3), 50_000
    made = nbd.simulate(params, np.full(size, 30.0), rng)
    assert made.frequency.mean() == pytest.approx(3.5, abs=4.5 * made.frequency.std() / size**0.5)
    assert np.all(made.recency <= 30)
    counts = nbd.simulate_purchases(params, 12, 4, 20.0, 30.0, size, rng)
    assert counts.mean() == pytest.approx(
        nbd.expected_purchases(params, 12, 4, 20, 30), abs=4.5 * counts.std() / size**0.5
    )
    none = nbd.probability_of_none(params, 12, 4, 20, 30)
    assert np.mean(counts == 0) == pytest.approx(none, abs=4.5 * 0.5 / size**0.5)
    fit = nbd.fit(made.frequency, made.recency, 30.0)
    assert nbd.log_likelihood(fit.params, made.frequency, made.recency, 30.0) == pytest.approx(
        fit.log_likelihood, rel=1e-10
    )
    whole = nbd.discounted_purchases(params, math.inf, 0.02, 4, 20, 30)
    assert whole == pytest.approx(4.7 / 36 / 0.02)
    assert nbd.discounted_purchases(params, 52, 0.02, 4, 20, 30) == pytest.approx(
        whole * (1 - math.exp(-1.04))
    )
    for arguments in [(params, math.inf, 0), (params, 1, -1), ((1, 0), 1, 0)]:
        with pytest.raises(ValueError, match=r"endless|rate|positive"):
            nbd.discounted_purchases(*arguments, 4, 20, 30)
    with pytest.raises(ValueError, match="horizon"):
        nbd.simulate_purchases(params, math.inf, 4, 20, 30, 1, rng)
