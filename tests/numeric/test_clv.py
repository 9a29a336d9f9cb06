"""Value and its interval against plain simulation of every purchase, one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from regulars.numeric import (
    beta_geometric_future,
    bg_nbd,
    clv,
    cnbd_k,
    gamma_gamma,
    mbg_nbd,
    pareto_nbd,
    pareto_nbd_draws,
)
from regulars.numeric.futures import ParetoFutures

PARETO = pareto_nbd.ParetoNBD(0.8, 9.0, 0.7, 20.0)
GAMMA = gamma_gamma.GammaGamma(4.0, 3.0, 30.0)
HORIZON, RATE = 52.0, 0.002


def customers(n, seed=1):
    rng = np.random.default_rng(seed)
    T = rng.integers(1, 150, n).astype(float)
    made = pareto_nbd_draws.simulate(PARETO, T, rng)
    m = made.frequency + 1
    return made.frequency, made.recency, T, m, gamma_gamma.simulate(GAMMA, m, rng), made


def brute(x, t_x, T, m, z, draws, rng):
    """Draw discounted spend of one customer by walking through the purchases."""
    drawn = pareto_nbd_draws.posterior_draws(PARETO, x, t_x, T, draws, rng)
    until = np.minimum(rng.exponential(1, draws) / drawn.dropout[:, 0], HORIZON) * drawn.alive[:, 0]
    counts = rng.poisson(drawn.rate[:, 0] * until)
    nu = rng.gamma(GAMMA.q + GAMMA.p * m, 1 / (GAMMA.gamma + m * z), draws)
    total = np.zeros(draws)
    for number in range(counts.max()):
        here = counts > number
        when = rng.random(here.sum()) * until[here]
        total[here] += np.exp(-RATE * when) * rng.gamma(GAMMA.p, 1 / nu[here])
    return total


@pytest.mark.parametrize(
    ("x", "t_x", "T", "m", "z"),
    [
        (6, 60.0, 62.0, 7, 40.0),
        (1, 5.0, 30.0, 2, 10.0),
        (25, 100.0, 104.0, 20, 15.0),
        (2, 3.0, 100.0, 3, 25.0),
        (0, 0.0, 3.0, 0, 0.0),
    ],
)
def test_interval_and_mean_match_simulation_of_every_purchase(x, t_x, T, m, z):
    rng = np.random.default_rng(7)
    total = brute(x, t_x, T, m, z, 20_000, rng)
    mean = clv.expected(PARETO, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=RATE)
    assert total.mean() == pytest.approx(mean, abs=5 * total.std() / np.sqrt(20_000))
    low, high = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=RATE, draws=2048)
    # where the simulated distribution function stands at our quantiles; at zero it jumps
    assert np.mean(total < low) <= 0.1 + 0.012
    assert np.mean(total <= low) >= 0.1 - 0.012
    assert np.mean(total < high) <= 0.9 + 0.012
    assert np.mean(total <= high) >= 0.9 - 0.012


def test_intervals_hold_what_happens_to_new_shops():
    x, t_x, T, m, z, made = customers(6_000, seed=12)
    rng = np.random.default_rng(5)
    until = np.clip(made.lifetime - T, 0, HORIZON)
    counts = rng.poisson(made.rate * until)
    nu = rng.gamma(GAMMA.q + GAMMA.p * m, 1 / (GAMMA.gamma + m * z))
    spent = rng.standard_gamma(GAMMA.p * counts) / nu
    low, high = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=0.0)
    told = high > 0
    above, below = np.mean(spent > high), np.mean(spent[low > 0] < low[low > 0])
    assert told.sum() > 1_000
    assert np.mean(spent[told] > high[told]) == pytest.approx(0.1, abs=0.025)
    assert above <= 0.1 + 0.015
    assert below == pytest.approx(0.1, abs=0.04)


def test_a_customers_interval_depends_on_nobody_else_and_not_on_the_order():
    x, t_x, T, m, z, _ = customers(700)
    args = {"horizon": HORIZON, "rate": RATE, "draws": 128, "seed": 4}
    low, high = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, **args)
    order = np.random.default_rng(0).permutation(700)
    shuffled = clv.intervals(PARETO, GAMMA, *(v[order] for v in (x, t_x, T, m, z)), **args)
    assert np.array_equal(shuffled[0], low[order])
    assert np.array_equal(shuffled[1], high[order])
    one = int(np.argmax(high))
    alone = clv.intervals(PARETO, GAMMA, x[one], t_x[one], T[one], m[one], z[one], **args)
    assert alone == (pytest.approx(low[one], rel=1e-12), pytest.approx(high[one], rel=1e-12))
    other = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, **{**args, "seed": 5})
    assert not np.array_equal(other[1], high)
    assert np.median(np.abs(other[1] - high)[high > 0] / high[high > 0]) < 0.1


def test_intervals_are_ordered_and_grow_with_the_horizon():
    x, t_x, T, m, z, _ = customers(400)
    before = np.zeros(400)
    for horizon in (0.0, 4.0, 26.0, 52.0, 500.0):
        low, high = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, horizon=horizon, rate=0.0, draws=256)
        assert np.all((low >= 0) & (low <= high))
        assert np.all(high >= before - 1e-9)
        before = high
    half = clv.intervals(PARETO, GAMMA, x, t_x, T, m, z, horizon=500.0, rate=0.0, draws=256, margin=0.5)
    np.testing.assert_allclose(half[1], before / 2)


def test_whoever_will_most_likely_not_come_back_has_zero():
    low, high = clv.intervals(PARETO, GAMMA, 3, 2.0, 400.0, 4, 50.0, horizon=52.0, rate=0.0)
    assert (low, high) == (0.0, 0.0)


def test_an_interval_from_zero_holds_as_much_as_it_says():
    x, t_x, T, m, z, made = customers(12_000, seed=12)
    rng = np.random.default_rng(5)
    counts = rng.poisson(made.rate * np.clip(made.lifetime - T, 0, HORIZON))
    nu = rng.gamma(GAMMA.q + GAMMA.p * m, 1 / (GAMMA.gamma + m * z))
    spent = rng.standard_gamma(GAMMA.p * counts) / nu
    none = pareto_nbd.probability_of_none(PARETO, HORIZON, x, t_x, T)
    for interval in (0.8, 0.9):
        low, high = clv.intervals(
            PARETO, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=0.0, levels=clv.holding(interval)
        )
        held = (spent >= low) & (spent <= high)
        for kind in ((none < 0.1) & (none < (1 - interval) / 2), (none > 0.15) & (none < interval - 0.05)):
            assert kind.sum() > 100
            assert held[kind].mean() == pytest.approx(interval, abs=4 * np.sqrt(0.2 / kind.sum()))
    with pytest.raises(ValueError, match="interval"):
        clv.holding(1.0)


def test_outcomes_stand_evenly_among_what_was_foreseen():
    x, t_x, T, m, z, made = customers(6_000, seed=3)
    rng = np.random.default_rng(6)
    counts = rng.poisson(made.rate * np.clip(made.lifetime - T, 0, HORIZON))
    nu = rng.gamma(GAMMA.q + GAMMA.p * m, 1 / (GAMMA.gamma + m * z))
    spent = rng.standard_gamma(GAMMA.p * counts) / nu
    below, at_most = clv.cumulative(PARETO, GAMMA, x, t_x, T, m, z, spent, horizon=HORIZON)
    assert np.all((below >= 0) & (below <= at_most) & (at_most <= 1))
    assert np.array_equal(below < at_most, spent == 0)
    places = below + (at_most - below) * rng.random(len(x))
    assert stats.kstest(places, "uniform").pvalue > 0.01
    # The quantile of a place is the outcome again.
    some = np.flatnonzero((spent > 0) & (at_most < 0.98))[:20]
    for one in some:
        again, _ = clv.intervals(
            PARETO,
            GAMMA,
            *(v[one] for v in (x, t_x, T, m, z)),
            horizon=HORIZON,
            rate=0.0,
            levels=(at_most[one], 0.99),
        )
        assert again == pytest.approx(spent[one], rel=0.15)
    with pytest.raises(ValueError, match="amount"):
        clv.cumulative(PARETO, GAMMA, 1, 1.0, 2.0, 2, 5.0, -1.0, horizon=52.0)


COIN = (0.9, 12.0, 0.8, 3.0)


@pytest.mark.parametrize("form", [bg_nbd.FORM, mbg_nbd.FORM, cnbd_k.form_of(3)], ids=lambda form: form.name)
@pytest.mark.parametrize(
    ("x", "t_x", "T", "m", "z"), [(6, 60.0, 64.0, 7, 40.0), (2, 20.0, 45.0, 3, 25.0), (0, 0.0, 8.0, 1, 30.0)]
)
def test_intervals_of_those_who_stop_by_the_coin_match_simulation(form, x, t_x, T, m, z):
    rng = np.random.default_rng(11)
    r, alpha, a, b = COIN
    params = (r, alpha / form.k, a, b)
    counts = beta_geometric_future.simulate_purchases(form, params, HORIZON, x, t_x, T, 40_000, rng).ravel()
    nu = rng.gamma(GAMMA.q + GAMMA.p * m, 1 / (GAMMA.gamma + m * z), len(counts))
    total = rng.standard_gamma(GAMMA.p * counts) / nu
    low, high = clv.intervals(
        params, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=0.0, draws=2048, form=form
    )
    for level, bound in ((0.1, low), (0.9, high)):
        assert np.mean(total < bound) <= level + 0.012
        assert np.mean(total <= bound) >= level - 0.012
    later = clv.intervals(params, GAMMA, x, t_x, T, m, z, horizon=HORIZON, rate=0.01, draws=2048, form=form)
    assert 0.6 * high < later[1] < high
    below, at_most = clv.cumulative(
        params, GAMMA, x, t_x, T, m, z, float(np.median(total) + 1), horizon=HORIZON, draws=2048, form=form
    )
    assert below == at_most == pytest.approx(np.mean(total <= np.median(total) + 1), abs=0.02)


def test_shared_points_invert_the_poisson_law():
    futures = ParetoFutures(PARETO, GAMMA[:2], (HORIZON, RATE), 256, 3)
    mean = np.random.default_rng(0).gamma(0.4, 40, (400, 1)) * np.ones((1, futures.draws))
    assert mean.max() > 40
    assert np.array_equal(futures._counts(mean), stats.poisson.ppf(futures.u_count, mean))
    counts = np.array([[0, 1, 5, 256, 257, 4_000] + [1] * 250] * 1)
    assert counts.shape == (1, 256)
    exact = stats.gamma.ppf(futures.u_sum, GAMMA.p * np.maximum(counts, 1)) * (counts > 0)
    np.testing.assert_allclose(futures._spent(counts), exact, rtol=1e-4)


def test_extremes_give_finite_answers(extreme):
    x, t_x, T = extreme
    pareto = pareto_nbd.fit(x, t_x, T).params
    horizon = max(1.0, float(T.max()))
    for z in (0.01, 1e7):
        low, high = clv.intervals(
            pareto, GAMMA, x, t_x, T, x + 1, z, horizon=horizon, rate=0.1 / horizon, draws=64
        )
        mean = clv.expected(pareto, GAMMA, x, t_x, T, x + 1, z, horizon=horizon, rate=0.1 / horizon)
        assert np.all(np.isfinite(low) & np.isfinite(high) & np.isfinite(mean) & (low >= 0) & (low <= high))


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": (0.9, 0.1)},
        {"levels": (0.1, 1.0)},
        {"draws": 0},
        {"horizon": -1.0},
        {"horizon": np.inf},
        {"rate": -0.1},
    ],
)
def test_senseless_questions_are_refused(wrong):
    asked = {"horizon": 52.0, "rate": 0.0, **wrong}
    with pytest.raises(ValueError, match=r"[a-z]"):
        clv.intervals(PARETO, GAMMA, 1, 1.0, 2.0, 2, 5.0, **asked)
