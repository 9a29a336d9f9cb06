"""What those who stop by the coin will do: exact sums, their own simulations, and histories that break others."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betainc
from tests.numeric.strategies import histories

from regulars.numeric import beta_geometric, beta_geometric_future, bg_nbd, cnbd_k, mbg_nbd

ROUNDED = (0.243, 4.414, 0.793, 2.426)
"""CDNOW as the BTYD package's documentation rounds it."""
SHOP = (0.9, 4.4, 0.79, 2.4)
FORMS = [beta_geometric.Form("form", k, first) for k in (1, 2, 5) for first in (0, 1)]


def test_worked_probabilities_of_btyd():
    assert bg_nbd.probability_of(ROUNDED, 0, 39) == pytest.approx(0.5737864, abs=5e-8)
    assert bg_nbd.probability_of(ROUNDED, 10, 2) == pytest.approx(1.07869e-07, abs=5e-13)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_purchases_to_come_are_the_sum_over_their_numbers(form):
    """E = Σ_i E[(1-p)^(i-1)] P(M >= ik - j): exact, and far slower than what is used."""
    rng = np.random.default_rng(form.k + form.first)
    i = np.arange(1, 20_000)
    for x in (0, 0, 1, 4, 30):
        r, a, b = 10 ** rng.uniform(-1.5, 1, 3)
        reach = 10 ** rng.uniform(-2, 1.3)
        active = beta_geometric_future._Active(form, np.array([r, 0.5, a, b]), float(x), np.array([0.5]))
        ours = active.expected(np.array([reach]))[:, 0]
        still = b + x + form.first + i[:-1] - 1
        kept = np.concatenate([[1], np.cumprod(still / (a + still))])
        for j in {0, form.k - 1}:
            chance = betainc(i * form.k - j, r + form.k * x + j, reach / (1 + reach))
            assert ours[j] == pytest.approx((kept * chance).sum(), rel=1e-7, abs=1e-13)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_numbers_of_purchases_are_a_distribution_with_the_expected_mean(form):
    n = np.arange(6_000)
    for params, t in [(SHOP, 39.0), ((0.05, 0.3, 0.3, 0.4), 3.0), ((4.0, 3.0, 2.0, 30.0), 20.0)]:
        chances = beta_geometric_future.probability_of(form, params, n, t)
        assert np.all((chances >= 0) & (chances <= 1))
        assert chances.sum() == pytest.approx(1, abs=1e-9)
        mean = beta_geometric_future.discounted_purchases(form, params, t, 0, 0, 0, 0)
        assert (n * chances).sum() == pytest.approx(mean, rel=1e-8)
    assert beta_geometric_future.probability_of(form, SHOP, [0, 1, 5], 0.0) == pytest.approx([1, 0, 0])
    alone = beta_geometric.probability_of_none(form, SHOP, 39.0, 0, 0, 0)
    assert alone == pytest.approx(beta_geometric_future.probability_of(form, SHOP, 0, 39.0), rel=1e-12)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_simulations_agree_with_what_is_known_exactly(form):
    n, rng = 40_000, np.random.default_rng(6)
    made = beta_geometric_future.simulate(form, SHOP, np.full(n, 39.0), rng)
    assert np.all((made.recency <= 39) & ((made.frequency > 0) | (made.recency == 0)))
    mean = beta_geometric_future.discounted_purchases(form, SHOP, 39, 0, 0, 0, 0)
    assert made.frequency.mean() == pytest.approx(mean, abs=4.5 * made.frequency.std() / n**0.5)
    chances = beta_geometric_future.probability_of(form, SHOP, np.arange(4), 39.0)
    seen = [np.mean(made.frequency == count) for count in range(4)]
    assert seen == pytest.approx(chances, abs=4.5 * 0.5 / n**0.5)
    # whether those who were made are alive is what the model says of their histories
    alive = beta_geometric.probability_alive(form, SHOP, made.frequency, made.recency, 39.0)
    truth = np.isinf(made.lifetime)
    for low, high in [(0, 0.3), (0.3, 0.7), (0.7, 1.1)]:
        some = (alive >= low) & (alive < high)
        assert truth[some].mean() == pytest.approx(alive[some].mean(), abs=4.5 * 0.5 / some.sum() ** 0.5)
    for x, t_x, T in [(0, 0.0, 20.0), (2, 12.0, 30.0), (9, 25.0, 25.0)]:
        drawn = beta_geometric_future.posterior_draws(form, SHOP, x, t_x, T, n, rng)
        exact = beta_geometric.probability_alive(form, SHOP, x, t_x, T)
        assert drawn.alive.mean() == pytest.approx(exact, abs=4.5 * 0.5 / n**0.5)
        counts = beta_geometric_future.simulate_purchases(form, SHOP, 26, x, t_x, T, n, rng)
        expected = beta_geometric_future.discounted_purchases(form, SHOP, 26, 0, x, t_x, T)
        assert counts.mean() == pytest.approx(expected, abs=4.5 * counts.std() / n**0.5)
        none = beta_geometric.probability_of_none(form, SHOP, 26, x, t_x, T)
        assert np.mean(counts == 0) == pytest.approx(none, abs=4.5 * 0.5 / n**0.5)


@pytest.mark.parametrize("form", FORMS[1::2], ids=str)
def test_discounting_is_the_stated_sum(form):
    args = ([0, 2, 9], [0.0, 12.0, 25.0], [20.0, 30.0, 26.0])

    def total(horizon, rate):
        return beta_geometric_future.discounted_purchases(form, SHOP, horizon, rate, *args)

    fine = np.arange(0, 52.01, 0.5)
    steps = np.diff([total(h, 0) for h in fine], axis=0)
    summed = (steps * np.exp(-0.02 * (fine[1:] - 0.25))[:, None]).sum(axis=0)
    np.testing.assert_allclose(total(52, 0.02), summed, rtol=1e-4)
    np.testing.assert_allclose(total(52, 1e-12), total(52, 0), rtol=1e-7)
    np.testing.assert_allclose(total(math.inf, 0.02), total(2_000, 0.02), rtol=1e-7)
    assert np.all(total(math.inf, 0.02) > total(52, 0.02))
    with pytest.raises(ValueError, match="endless"):
        total(math.inf, 0)
    # without discounting everybody active buys until the coin says stop, 1/p times
    loyal = (0.9, 4.4, 1.5, 2.4)
    alive = beta_geometric.probability_alive(form, loyal, 2, 12.0, 30.0)
    endless = beta_geometric_future.discounted_purchases(form, loyal, math.inf, 0, 2, 12.0, 30.0)
    assert endless == pytest.approx(alive * (0.5 + 4.4 + form.first) / 0.5)


def assert_sane(fit, k, form, x, t_x, T):
    """Everything that comes out of a fit and its predictions is a finite number in its range."""
    assert np.all(
        np.isfinite([*fit.params, *fit.standard_errors, *fit.covariance.ravel(), fit.log_likelihood])
    )
    assert min(fit.params) > 0
    args, how = (x, t_x, T), {"k": k, "form": form}
    horizon = max(1.0, float(np.max(T)))
    alive = cnbd_k.probability_alive(fit.params, *args, **how)
    some, more = (cnbd_k.expected_purchases(fit.params, h, *args, **how) for h in (horizon / 2, horizon))
    none = cnbd_k.probability_of_none(fit.params, horizon, *args, **how)
    worth = cnbd_k.discounted_purchases(fit.params, horizon, 0.1 / horizon, *args, **how)
    endless = cnbd_k.discounted_purchases(fit.params, math.inf, 0.1 / horizon, *args, **how)
    drawn = cnbd_k.simulate_purchases(fit.params, horizon, *args, 3, np.random.default_rng(1), **how)
    chances = cnbd_k.probability_of(fit.params, [0, 1, 400], horizon, **how)
    for share in (alive, none, chances):
        assert np.all((share >= 0) & (share <= 1 + 1e-12))
    assert np.all(np.isfinite(more) & (some >= 0) & (some <= more * (1 + 1e-6) + 1e-9))
    assert np.all((worth >= 0) & (worth <= more * (1 + 1e-5) + 1e-9))
    assert np.all(np.isfinite(endless) & (endless >= worth * (1 - 1e-5) - 1e-9))
    assert np.all(drawn >= 0)


@pytest.mark.parametrize(("k", "form"), [(1, "mbg"), (3, "bg")])
def test_extremes_give_finite_answers(extreme, k, form):
    assert_sane(cnbd_k.fit(*extreme, k=k, form=form), k, form, *extreme)


@given(histories(), st.sampled_from([1, 2, 4]), st.sampled_from(["bg", "mbg"]))
@settings(max_examples=6, deadline=None)
def test_no_valid_input_gives_anything_but_numbers(given_histories, k, form):
    assert_sane(cnbd_k.fit(*given_histories, k=k, form=form), k, form, *given_histories)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_newcomers_purchases_are_those_expected_of_an_empty_history(form):
    horizons = np.array([[0.0, 1.0], [7.5, 300.0]])
    found = beta_geometric_future.purchases_of_new(form, SHOP, horizons)
    asked = [
        beta_geometric_future.discounted_purchases(form, SHOP, float(h), 0.0, 0, 0.0, 0.0)
        for h in horizons.ravel()
    ]
    np.testing.assert_allclose(found.ravel(), asked, rtol=1e-10, atol=1e-14)
    with pytest.raises(ValueError, match="t must"):
        beta_geometric_future.purchases_of_new(form, SHOP, -1.0)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_the_wait_for_the_next_purchase_holds_in_draws(form):
    rng = np.random.default_rng(2)
    for x, t_x, T in ((0, 0.0, 5.0), (4, 30.0, 33.0)):
        drawn = beta_geometric_future.posterior_draws(form, SHOP, x, t_x, T, 60_000, rng)
        alive = drawn.alive[:, 0]
        beats = rng.standard_gamma(form.k - drawn.beats[alive, 0]) / drawn.rate[alive, 0]
        for share in (0.25, 0.5, 0.75):
            wait = beta_geometric_future.wait_for_next(form, SHOP, share, x, t_x, T)
            assert np.mean(beats <= wait) == pytest.approx(share, abs=0.012)
    assert beta_geometric_future.wait_for_next(form, SHOP, 0.0, [0], [0], [1])[0] == 0
    with pytest.raises(ValueError, match="share"):
        beta_geometric_future.wait_for_next(form, SHOP, 1.0, 0, 0, 1)


def test_a_fit_begun_elsewhere_ends_at_the_same_place():
    made = cnbd_k.simulate(SHOP, np.linspace(5, 60, 800), np.random.default_rng(4), k=2)
    history = (made.frequency, made.recency, np.linspace(5, 60, 800))
    cold = cnbd_k.fit(*history, k=2)
    warm = cnbd_k.fit(*history, k=2, start=cold.params)
    assert warm.log_likelihood == pytest.approx(cold.log_likelihood, rel=1e-9)
    assert warm.iterations < cold.iterations


def test_no_time_is_no_purchase():
    for form in FORMS:
        assert beta_geometric_future.discounted_purchases(form, SHOP, 0.0, 0.01, 3, 2.0, 5.0) == 0


@pytest.mark.parametrize("model", [bg_nbd, mbg_nbd])
@pytest.mark.parametrize("params", [(0.24, 4.4, 0.8, 2.4), (3.0, 0.01, 0.02, 5.0), (0.05, 900.0, 40.0, 0.3)])
@pytest.mark.parametrize(("horizon", "rate"), [(39.0, 0.0), (52.0, 0.002), (0.01, 3.0), (5_000.0, 0.05)])
def test_those_between_the_chebyshev_points_are_as_if_alone(model, params, horizon, rate):
    """Many ages with one count of purchases are interpolated; one customer alone never is."""
    T = np.concatenate([np.linspace(0.1, 3.0, 80), np.geomspace(3.0, 2_000.0, 120)])
    for x in (0.0, 1.0, 40.0):
        t_x = T / 3 if x else np.zeros_like(T)
        every = model.discounted_purchases(params, horizon, rate, x, t_x, T)
        alone = [
            model.discounted_purchases(params, horizon, rate, x, *one) for one in zip(t_x, T, strict=True)
        ]
        np.testing.assert_allclose(every, alone, rtol=2e-11, atol=1e-13 * max(alone))


@pytest.mark.parametrize("k", [2, 5])
@pytest.mark.parametrize(("horizon", "rate"), [(39.0, 0.0), (52.0, 0.002), (5_000.0, 0.05)])
def test_regular_buyers_between_the_chebyshev_points_are_as_if_alone(k, horizon, rate):
    T = np.concatenate([np.linspace(0.1, 3.0, 80), np.geomspace(3.0, 2_000.0, 120)])
    params = (0.6, 3.0, 0.8, 2.4)
    for x in (0.0, 4.0):
        t_x = T / 3 if x else np.zeros_like(T)
        every = cnbd_k.discounted_purchases(params, horizon, rate, x, t_x, T, k=k)
        alone = [
            cnbd_k.discounted_purchases(params, horizon, rate, x, *one, k=k)
            for one in zip(t_x, T, strict=True)
        ]
        np.testing.assert_allclose(every, alone, rtol=2e-11, atol=1e-13 * max(alone))
