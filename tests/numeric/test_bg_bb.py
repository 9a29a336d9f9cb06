"""BG/BB against the paper's donors, a second likelihood, and its own simulations."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.numeric import bg_bb

DONORS = (1.204, 0.750, 0.657, 2.783)


def test_donors_have_the_published_parameters(donations):
    x, t_x, n, weights = donations
    fit = bg_bb.fit(x, t_x, n, weights=weights)
    # Fader, Hardie & Shang (2010): parameters, and what they expect of the five years to come.
    assert fit.params == pytest.approx(DONORS, abs=6e-4)
    assert fit.converged
    assert fit.undetermined == ()
    expected = bg_bb.expected_purchases(fit.params, 5, x, t_x, n)
    assert (weights * expected).sum() == pytest.approx(12_884.2, abs=0.05)
    assert bg_bb.log_likelihood(fit.params, x, t_x, n, weights=weights) == pytest.approx(
        fit.log_likelihood, rel=1e-12
    )


@pytest.mark.parametrize("params", [DONORS, (0.3, 4.0, 1.5, 0.2)])
@pytest.mark.parametrize(("x", "t_x", "n"), [(2, 5, 6), (0, 0, 3)])
def test_likelihood_equals_integration_over_both_unknowns(params, x, t_x, n):
    a, b, c, d = params
    with mpmath.workdps(25):
        ends = [0, 1e-8, 1e-3, 0.1, 0.5, 0.9, 0.999, 1]

        def over_buying(s):
            return mpmath.quad(lambda p: p ** (a - 1 + x) * (1 - p) ** (b - 1 + s - x), ends) / mpmath.beta(
                a, b
            )

        def over_stopping(s, stopped):
            inside = mpmath.quad(lambda q: q ** (c - 1 + stopped) * (1 - q) ** (d - 1 + s), ends)
            return inside / mpmath.beta(c, d)

        whole = over_buying(n) * over_stopping(n, 0)
        whole += sum(over_buying(s) * over_stopping(s, 1) for s in range(t_x, n))
    ours = bg_bb.log_likelihood(params, [x], [t_x], [n])
    assert ours == pytest.approx(float(mpmath.log(whole)), abs=2e-4)


@pytest.mark.parametrize("params", [DONORS, (0.3, 4.0, 1.5, 0.2)])
def test_likelihood_equals_the_paths_that_lead_to_it(params):
    """Every sequence of coin tosses of three occasions, weighed with exact moments of p and θ."""
    a, b, c, d = (mpmath.mpf(value) for value in params)
    chances: dict[tuple[int, int], mpmath.mpf] = {}
    for alive in range(4):
        for path in range(2**alive):
            buys = [bool(path >> i & 1) for i in range(alive)]
            x, t_x = sum(buys), max((i + 1 for i, bought in enumerate(buys) if bought), default=0)
            p = mpmath.beta(a + x, b + alive - x) / mpmath.beta(a, b)
            theta = mpmath.beta(c + (alive < 3), d + alive) / mpmath.beta(c, d)
            chances[x, t_x] = chances.get((x, t_x), mpmath.mpf(0)) + p * theta
    assert float(sum(chances.values())) == pytest.approx(1)
    for (x, t_x), together in chances.items():
        ways = math.comb(t_x - 1, x - 1) if x else 1
        ours = bg_bb.log_likelihood(params, [x], [t_x], [3])
        assert ours == pytest.approx(float(mpmath.log(together / ways)), rel=1e-10)
    for x in range(4):
        total = float(sum(chance for (count, _), chance in chances.items() if count == x))
        assert bg_bb.probability_of(params, x, 3) == pytest.approx(total, rel=1e-10)


@pytest.mark.parametrize("params", [DONORS, (0.3, 4.0, 1.5, 0.2)])
def test_derivatives_agree_with_finite_differences(donations, params):
    likelihood = bg_bb._Likelihood(bg_bb._histories(*donations), 1.0)
    point = np.log(params)
    _, gradient, hessian = likelihood(point)
    ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(4)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3
    )
    np.testing.assert_allclose(hessian, [(up[1] - down[1]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3)


def test_numbers_of_purchases_are_a_distribution_with_the_expected_mean():
    for n in (1, 6, 60):
        x = np.arange(n + 2)
        chances = bg_bb.probability_of(DONORS, x, n)
        assert chances.sum() == pytest.approx(1, rel=1e-10)
        assert chances[-1] == 0
        assert (x * chances).sum() == pytest.approx(bg_bb.expected_purchases(DONORS, n, 0, 0, 0), rel=1e-10)
        assert bg_bb.probability_of_none(DONORS, n, 0, 0, 0) == pytest.approx(chances[0], rel=1e-10)


def test_chances_and_expectations_of_donors_are_consistent(donations):
    x, t_x, n, _ = donations
    alive, ahead = (bg_bb.probability_alive(DONORS, x, t_x, n, ahead=i) for i in (0, 1))
    assert np.all((alive > 0) & (alive <= 1) & (ahead < alive))
    assert np.all(alive[t_x == n] == 1)
    horizons = [0, 1, 2, 5, 50]
    expected = np.array([bg_bb.expected_purchases(DONORS, h, x, t_x, n) for h in horizons])
    none = np.array([bg_bb.probability_of_none(DONORS, h, x, t_x, n) for h in horizons])
    assert np.all(expected[0] == 0)
    assert np.all(np.diff(expected, axis=0) > 0)
    assert np.all(np.diff(none, axis=0) < 0)
    # at one occasion there is one purchase or none
    np.testing.assert_allclose(none[1], 1 - expected[1], rtol=1e-10)
    np.testing.assert_allclose(expected[1], ahead * (DONORS[0] + x) / (DONORS[0] + DONORS[1] + n), rtol=1e-12)


def test_discounting_is_the_stated_sum_and_the_papers_closed_form():
    args = ([0, 3, 6], [0, 4, 6], 6)
    each = np.diff([bg_bb.expected_purchases(DONORS, h, *args) for h in range(700)], axis=0)
    factors = 1.1 ** -np.arange(1, 700)
    endless = bg_bb.discounted_purchases(DONORS, math.inf, 0.1, *args)
    np.testing.assert_allclose(endless, (each * factors[:, None]).sum(axis=0), rtol=1e-9)
    np.testing.assert_allclose(
        bg_bb.discounted_purchases(DONORS, 4, 0.1, *args),
        (each[:4] * factors[:4, None]).sum(axis=0),
        rtol=1e-9,
    )
    # equation 14 of the paper, with its hypergeometric function
    a, b, c, d = DONORS
    for row, (x, t_x) in enumerate([(0, 0), (3, 4), (6, 6)]):
        top = (
            mpmath.beta(a + x + 1, b + 6 - x) / mpmath.beta(a, b) * mpmath.beta(c, d + 7) / mpmath.beta(c, d)
        )
        top *= mpmath.hyp2f1(1, d + 7, c + d + 7, 1 / mpmath.mpf(1.1)) / 1.1
        exact = float(top) / math.exp(bg_bb.log_likelihood(DONORS, [x], [t_x], [6]))
        assert endless[row] == pytest.approx(exact, rel=1e-9)
    assert bg_bb.expected_purchases((1, 1, 1.5, 2), math.inf, 0, 0, 0) == pytest.approx(0.5 * 2.5 / 0.5 - 0.5)
    with pytest.raises(ValueError, match="endless"):
        bg_bb.expected_purchases(DONORS, math.inf, 0, 0, 0)


def test_simulations_agree_with_what_is_known_exactly():
    n, rng = 40_000, np.random.default_rng(2)
    made = bg_bb.simulate(DONORS, np.full(n, 6), rng)
    chances = bg_bb.probability_of(DONORS, np.arange(7), 6)
    seen = [np.mean(made.frequency == x) for x in range(7)]
    assert seen == pytest.approx(chances, abs=4.5 * 0.5 / n**0.5)
    mean = bg_bb.expected_purchases(DONORS, 6, 0, 0, 0)
    assert made.frequency.mean() == pytest.approx(mean, abs=4.5 * made.frequency.std() / n**0.5)
    alive = bg_bb.probability_alive(DONORS, made.frequency, made.recency, 6)
    for low, high in [(0, 0.3), (0.3, 0.7), (0.7, 1.1)]:
        some = (alive >= low) & (alive < high)
        assert (made.lifetime >= 6)[some].mean() == pytest.approx(
            alive[some].mean(), abs=4.5 * 0.5 / some.sum() ** 0.5
        )
    x, t_x = [0, 3, 6, 3], [0, 4, 6, 4]
    drawn = bg_bb.posterior_draws(DONORS, x, t_x, 6, n, rng)
    assert drawn.alive.mean(axis=0) == pytest.approx(
        bg_bb.probability_alive(DONORS, x, t_x, 6), abs=4.5 * 0.5 / n**0.5
    )
    counts = bg_bb.simulate_purchases(DONORS, 5, x, t_x, 6, n, rng)
    error = 4.5 * counts.std(axis=0).max() / n**0.5
    assert counts.mean(axis=0) == pytest.approx(bg_bb.expected_purchases(DONORS, 5, x, t_x, 6), abs=error)
    none = bg_bb.probability_of_none(DONORS, 5, x, t_x, 6)
    assert (counts == 0).mean(axis=0) == pytest.approx(none, abs=4.5 * 0.5 / n**0.5)


def test_parameters_come_back():
    rng = np.random.default_rng(5)
    scores = []
    for _ in range(24):
        n = rng.integers(4, 12, 2_500)
        made = bg_bb.simulate(DONORS, n, rng)
        fit = bg_bb.fit(made.frequency, made.recency, n)
        scores.append((np.log(fit.params) - np.log(DONORS)) / np.divide(fit.standard_errors, fit.params))
    assert np.all(np.mean(np.abs(scores) < 1.96, axis=0) >= 20 / 24)
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.5 / np.sqrt(24)), np.mean(scores, axis=0)


def test_weights_and_order_do_not_matter(donations):
    x, t_x, n, weights = donations
    fit = bg_bb.fit(x, t_x, n, weights=weights)
    rows = np.random.default_rng(1).permutation(np.repeat(np.arange(len(x)), weights.astype(int)))
    assert bg_bb.fit(x[rows], t_x[rows], n[rows]).params == pytest.approx(fit.params, rel=1e-6)
    doubled = bg_bb.fit(x, t_x, n, weights=weights * 2)
    assert doubled.params == pytest.approx(fit.params, rel=1e-6)
    assert doubled.log_likelihood == pytest.approx(2 * fit.log_likelihood, rel=1e-12)
    assert doubled.standard_errors == pytest.approx(np.divide(fit.standard_errors, 2**0.5), rel=1e-4)


def test_many_terms_are_taken_in_parts(donations, monkeypatch):
    whole = bg_bb.log_likelihood(DONORS, *donations[:3], weights=donations[3])
    alive = bg_bb.probability_alive(DONORS, *donations[:3])
    monkeypatch.setattr(bg_bb, "_TERMS", 10)
    assert bg_bb.log_likelihood(DONORS, *donations[:3], weights=donations[3]) == pytest.approx(
        whole, rel=1e-13
    )
    np.testing.assert_allclose(bg_bb.probability_alive(DONORS, *donations[:3]), alive, rtol=1e-13)


@st.composite
def occasions(draw):
    size = draw(st.integers(1, 20))
    n = np.array(draw(st.lists(st.sampled_from([1, 2, 6, 52, 1_000]), min_size=size, max_size=size)), float)
    share = st.lists(st.sampled_from([0.0, 0.1, 0.5, 1.0]), min_size=size, max_size=size)
    t_x = np.floor(np.array(draw(share)) * n)
    x = np.where(t_x > 0, np.maximum(np.floor(np.array(draw(share)) * t_x), 1), 0)
    return x, t_x, n


@given(occasions())
@settings(max_examples=25, deadline=None)
def test_no_valid_input_gives_anything_but_numbers(history):
    fit = bg_bb.fit(*history)
    assert np.all(
        np.isfinite([*fit.params, *fit.standard_errors, *fit.covariance.ravel(), fit.log_likelihood])
    )
    alive = bg_bb.probability_alive(fit.params, *history)
    none = bg_bb.probability_of_none(fit.params, 10, *history)
    assert np.all((alive >= 0) & (alive <= 1) & (none >= 0) & (none <= 1))
    some, more, endless = (
        bg_bb.discounted_purchases(fit.params, h, 0.01, *history) for h in (5, 10, math.inf)
    )
    assert np.all((some >= 0) & (some <= more) & (more <= endless * (1 + 1e-9)) & np.isfinite(endless))
    drawn = bg_bb.simulate_purchases(fit.params, 10, *history, 2, np.random.default_rng(1))
    assert np.all((drawn >= 0) & (drawn <= 10))
    chances = bg_bb.probability_of(fit.params, [0, 1, 5], [10, 10, 1_000])
    assert np.all((chances >= 0) & (chances <= 1 + 1e-12))


def test_what_makes_no_sense_is_refused():
    bad = [
        ([1], [0.5], [1]),
        ([2], [1], [3]),
        ([1], [1], [1.5]),
        ([1], [2], [1]),
        ([], [], []),
        ([0], [0], [0]),
    ]
    for history in bad:
        with pytest.raises(ValueError, match=r"[a-z]"):
            bg_bb.fit(*history)
    with pytest.raises(ValueError, match="positive parameters"):
        bg_bb.probability_alive((1, 1, 1), 1, 1, 2)
    for horizon in (-1, 0.5, math.nan):
        for function in (bg_bb.expected_purchases, bg_bb.probability_of_none):
            with pytest.raises(ValueError, match="horizon"):
                function(DONORS, horizon, 1, 1, 2)
    with pytest.raises(ValueError, match="rate"):
        bg_bb.discounted_purchases(DONORS, 1, -1, 1, 1, 2)
    with pytest.raises(ValueError, match="ahead"):
        bg_bb.probability_alive(DONORS, 1, 1, 2, ahead=-1)
    with pytest.raises(ValueError, match="whole numbers"):
        bg_bb.probability_of(DONORS, 0.5, 2)
    with pytest.raises(ValueError, match="occasions"):
        bg_bb.simulate(DONORS, [1.5], np.random.default_rng(1))


def test_what_the_data_do_not_tell_is_said():
    fit = bg_bb.fit([0] * 30, [0] * 30, [6] * 30)
    assert set(fit.undetermined) & {"alpha", "beta", "gamma", "delta"}
