"""Draws follow the laws they claim, and parameters come back from what they made."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from scipy import stats

from regulars.numeric import pareto_nbd, pareto_nbd_draws
from regulars.numeric.histories import distinct

PARAMS = pareto_nbd.ParetoNBD(0.9, 8.0, 1.2, 30.0)


def test_parameters_and_their_errors_come_back():
    """Over many shops the errors match the spread, and 95% intervals in log parameters hold the truth as often."""
    rng = np.random.default_rng(2026)
    inside, scores = [], []
    for _ in range(60):
        T = rng.uniform(20, 100, 1_500)
        made = pareto_nbd_draws.simulate(PARAMS, T, rng)
        fit = pareto_nbd.fit(made.frequency, made.recency, T)
        assert fit.converged
        error = np.divide(fit.standard_errors, fit.params)
        score = (np.log(fit.params) - np.log(PARAMS)) / error
        scores.append(score)
        inside.append(np.abs(score) < 1.96)
    covered = np.mean(inside, axis=0)
    # 60 shops: a true 95% gives at least 51 hits with probability .997
    assert np.all(covered >= 51 / 60), covered
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.5 / np.sqrt(60)), np.mean(scores, axis=0)
    assert np.all((np.std(scores, axis=0) > 0.7) & (np.std(scores, axis=0) < 1.35))


def test_simulated_histories_have_the_probabilities_of_the_likelihood():
    """The share of customers with x purchases is the model's, and the shares sum to one."""
    rng = np.random.default_rng(3)
    T = 40.0
    made = pareto_nbd_draws.simulate(PARAMS, np.full(200_000, T), rng)
    assert np.all(made.recency <= T)
    assert np.all(made.recency[made.frequency == 0] == 0)
    none = np.exp(pareto_nbd.log_likelihood(PARAMS, [0], [0], [T]))
    assert np.mean(made.frequency == 0) == pytest.approx(none, abs=4 * np.sqrt(none * (1 - none) / 200_000))

    def probability(x: int) -> float:
        # density in t_x: the likelihood times the volume of the x - 1 earlier moments, t_x^(x-1) / (x-1)!
        def density(t: float) -> float:
            t = float(t)
            return (
                np.exp(pareto_nbd.log_likelihood(PARAMS, [x], [t], [T]))
                * t ** (x - 1)
                / float(mpmath.factorial(x - 1))
            )

        return float(mpmath.quad(density, [0, T / 2, T], maxdegree=5))

    few = [none, *(probability(x) for x in (1, 2, 3))]
    seen = [np.mean(made.frequency == x) for x in range(4)]
    assert seen == pytest.approx(few, abs=0.005)
    assert sum(few) < 1


def test_probabilities_of_all_counts_sum_to_one():
    z, w = np.polynomial.legendre.leggauss(30)
    T, params = 25.0, (0.55, 10.58, 0.61, 11.67)
    t = (z + 1) / 2 * T
    total = np.exp(pareto_nbd.log_likelihood(params, [0], [0], [T]))
    for x in range(1, 400):
        each = pareto_nbd._individual(params, distinct(x, t, T))
        logs = each + (x - 1) * np.log(t) - float(mpmath.loggamma(x))
        total += float(w @ np.exp(logs)) * T / 2
        if x > 30 and np.exp(logs).max() < 1e-14:
            break
    assert total == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("x", "t_x", "T"), [(0, 0.0, 60.0), (2, 10.0, 60.0), (14, 30.0, 45.0), (3, 50.0, 50.0)]
)
def test_draws_given_a_history_match_what_is_known_exactly(x, t_x, T):
    n, horizon = 40_000, 30.0
    rng = np.random.default_rng(x)
    drawn = pareto_nbd_draws.posterior_draws(PARAMS, x, t_x, T, n, rng)
    alive = pareto_nbd.probability_alive(PARAMS, x, t_x, T)
    assert drawn.alive.mean() == pytest.approx(alive, abs=4 * np.sqrt(alive * (1 - alive) / n) + 1e-12)
    r, alpha, s, beta = PARAMS
    living = drawn.alive[:, 0]
    for values, law in [
        (drawn.rate[living, 0], stats.gamma(r + x, scale=1 / (alpha + T))),
        (drawn.dropout[living, 0], stats.gamma(s, scale=1 / (beta + T))),
    ]:
        assert stats.kstest(values[:20_000], law.cdf).pvalue > 1e-4
    counts = pareto_nbd_draws.simulate_purchases(PARAMS, horizon, x, t_x, T, n, rng)[:, 0]
    expected = pareto_nbd.expected_purchases(PARAMS, horizon, x, t_x, T)
    assert counts.mean() == pytest.approx(expected, abs=4.5 * counts.std() / np.sqrt(n))
    none = pareto_nbd.probability_of_none(PARAMS, horizon, x, t_x, T)
    assert np.mean(counts == 0) == pytest.approx(none, abs=4.5 * np.sqrt(none * (1 - none) / n))


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0.0, 60.0), (2, 10.0, 60.0), (14, 30.0, 45.0)])
def test_rates_over_all_draws_follow_the_posterior(x, t_x, T):
    """E[λ | history] = L(x + 1 at the same moments) / L, whatever became of the customer.

    Multiplying the likelihood by λ turns Γ(r+x) (α+·)^-(r+x) into the same with x + 1; t_x stays.
    """
    n = 40_000
    drawn = pareto_nbd_draws.posterior_draws(PARAMS, x, t_x, T, n, np.random.default_rng(1))
    r, alpha, s, beta = PARAMS

    def mass(power: float) -> float:
        dead = mpmath.quad(lambda t: (alpha + t) ** -power * (beta + t) ** -(s + 1), [t_x, (t_x + T) / 2, T])
        return float((alpha + T) ** -power * (beta + T) ** -s + s * dead)

    mean = (r + x) * mass(r + x + 1) / mass(r + x)
    assert drawn.rate.mean() == pytest.approx(mean, abs=4.5 * drawn.rate.std() / np.sqrt(n))


def test_the_moment_of_stopping_is_drawn_right_in_odd_corners():
    rng = np.random.default_rng(9)
    for a, b, A, B, span in [
        (0.2, 1.5, 0.01, 50.0, 900.0),
        (1.0, 1.0 + 1e-12, 5.0, 5.0, 20.0),
        (80, 3, 60, 2, 10),
    ]:
        n = 20_000
        drawn = pareto_nbd_draws._time_to_stop(
            np.full(n, float(a)), b, np.full(n, float(A)), np.full(n, float(B)), np.full(n, float(span)), rng
        )
        assert np.all((drawn >= 0) & (drawn <= span))
        grid = np.concatenate([[0], np.geomspace(span * 1e-8, span, 20_001)])
        density = (1 + grid / A) ** -a * (1 + grid / B) ** -b
        area = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2 * np.diff(grid))])
        area /= area[-1]
        assert stats.kstest(drawn, lambda u, g=grid, c=area: np.interp(u, g, c)).pvalue > 1e-4
