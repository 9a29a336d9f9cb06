"""Shifted beta-geometric against the paper's two cohorts, plain sums, and simulated subscribers."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.numeric import sbg

HIGH_END = [100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1]
REGULAR = [100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1]
"""Per cent left after 0 to 7 years, table 1 of Fader & Hardie (2007)."""


def fitted(*cohorts):
    seen = sbg.lives(cohorts)
    return sbg.fit(seen.age, seen.churned, weights=seen.weights)


@pytest.mark.parametrize(
    ("cohort", "params", "likelihood"),
    [(HIGH_END, (0.668, 3.806), -1611.2), (REGULAR, (0.704, 1.182), -1680.3)],
)
def test_both_cohorts_have_the_published_parameters(cohort, params, likelihood):
    # The paper fits a cohort of 1,000 to seven years and prints three decimals and one of the log-likelihood.
    fit = fitted(np.multiply(cohort, 10))
    assert fit.params == pytest.approx(params, abs=5e-4)
    assert fit.log_likelihood == pytest.approx(likelihood, abs=0.06)
    assert fit.converged
    assert fit.undetermined == ()
    assert sbg.survival(fit.params, np.arange(8)) * 100 == pytest.approx(cohort, abs=2)


def test_several_cohorts_cut_off_at_different_ages_are_one_sample():
    long, short = np.multiply(REGULAR, 10), np.multiply(REGULAR[:4], 5)
    both = fitted(long, short)
    one = sbg.lives([long, short])
    # the same customers, one row each
    rows = np.repeat(np.arange(len(one.age)), np.round(one.weights).astype(int))
    again = sbg.fit(one.age[rows], one.churned[rows])
    assert again.params == pytest.approx(both.params, rel=2e-2)
    assert both.params == pytest.approx((0.704, 1.182), rel=0.1)
    assert sbg.log_likelihood(both.params, one.age, one.churned, weights=one.weights) == pytest.approx(
        both.log_likelihood, rel=1e-12
    )


def test_likelihood_equals_integration_over_theta():
    a, b = 0.668, 3.806
    for age, churned in [(1, True), (6, True), (0, False), (7, False)]:
        with mpmath.workdps(25):
            stay = age - 1 if churned else age
            exact = mpmath.quad(
                lambda p, n=stay, m=int(churned): p ** (a - 1 + m) * (1 - p) ** (b - 1 + n), [0, 1e-9, 0.1, 1]
            ) / mpmath.beta(a, b)
        ours = sbg.log_likelihood((a, b), [age, 1], [churned, True])
        ours -= math.log(sbg.probability_of((a, b), 1))
        assert ours == pytest.approx(float(mpmath.log(exact)), abs=1e-6)


@pytest.mark.parametrize("params", [(0.7, 1.2), (3.0, 0.2), (20.0, 300.0)])
def test_derivatives_agree_with_finite_differences(params):
    seen = sbg.lives([np.multiply(HIGH_END, 10), np.multiply(REGULAR[:4], 10)])
    likelihood = sbg._Likelihood(*sbg._counted(seen.age, seen.churned, seen.weights))
    point = np.log(params)
    _, gradient, hessian = likelihood(point)
    ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(2)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-4
    )
    np.testing.assert_allclose(hessian, [(up[1] - down[1]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-4)


def test_curves_are_each_others_sums_and_ratios():
    params = (0.704, 1.182)
    t = np.arange(1, 60)
    alive = sbg.survival(params, np.arange(60))
    assert alive[0] == 1
    np.testing.assert_allclose(sbg.retention(params, t), alive[1:] / alive[:-1], rtol=1e-12)
    np.testing.assert_allclose(1 - np.cumsum(sbg.probability_of(params, t)), alive[1:], rtol=1e-10)
    assert np.all(np.diff(sbg.retention(params, t)) > 0)


def test_lifetimes_are_the_stated_sums():
    params, rate = (0.668, 3.806), 0.1
    t = np.arange(4_000)
    alive = sbg.survival(params, t)
    whole = (alive / 1.1**t).sum()
    assert sbg.discounted_lifetime(params, math.inf, rate) == pytest.approx(whole, rel=1e-12)
    assert sbg.discounted_lifetime(params, 5, rate) == pytest.approx((alive / 1.1**t)[:5].sum(), rel=1e-12)
    assert sbg.discounted_lifetime(params, 0, rate) == 0
    left = [((alive[m + 1 :] / 1.1 ** np.arange(3_999 - m)) / alive[m]).sum() for m in (0, 1, 9)]
    assert sbg.residual_lifetime(params, math.inf, rate, [0, 1, 9]) == pytest.approx(left, rel=1e-12)
    # a new customer pays now, and is then one who decides a period later
    assert whole == pytest.approx(1 + left[0] / 1.1, rel=1e-12)
    assert np.all(np.diff(sbg.residual_lifetime(params, math.inf, rate, np.arange(20))) > 0)
    assert sbg.discounted_lifetime((2.0, 5.0), math.inf, 0) == pytest.approx(6.0)
    with pytest.raises(ValueError, match="endless"):
        sbg.discounted_lifetime(params, math.inf, 0)


def test_parameters_come_back():
    rng = np.random.default_rng(5)
    truth, scores = (0.8, 2.5), []
    for _ in range(30):
        made = sbg.simulate(truth, rng.integers(1, 12, 1_500), rng)
        fit = sbg.fit(made.age, made.churned)
        scores.append((np.log(fit.params) - np.log(truth)) / np.divide(fit.standard_errors, fit.params))
    assert np.all(np.mean(np.abs(scores) < 1.96, axis=0) >= 25 / 30)
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.5 / np.sqrt(30))


def test_draws_follow_the_law():
    rng = np.random.default_rng(6)
    made = sbg.simulate((0.8, 2.5), np.full(50_000, 6), rng)
    assert np.mean(~made.churned) == pytest.approx(sbg.survival((0.8, 2.5), 6), abs=0.01)
    seen = [np.mean(made.churned & (made.age == t)) for t in (1, 2, 6)]
    assert seen == pytest.approx(sbg.probability_of((0.8, 2.5), [1, 2, 6]), abs=0.01)
    theta = sbg.posterior_draws((0.8, 2.5), [0, 9], 40_000, rng)
    assert 1 - theta.mean(axis=0) == pytest.approx(sbg.retention((0.8, 2.5), [1, 10]), abs=0.005)


def test_weights_and_order_do_not_matter():
    seen = sbg.lives([np.multiply(REGULAR, 10)])
    fit = sbg.fit(seen.age, seen.churned, weights=seen.weights)
    turned = sbg.fit(seen.age[::-1], seen.churned[::-1], weights=seen.weights[::-1] * 2)
    assert turned.params == pytest.approx(fit.params, rel=1e-9)
    assert turned.log_likelihood == pytest.approx(2 * fit.log_likelihood, rel=1e-12)
    assert turned.standard_errors == pytest.approx(np.divide(fit.standard_errors, 2**0.5), rel=1e-6)


@given(
    st.lists(st.tuples(st.sampled_from([0, 1, 2, 7, 400, 100_000]), st.booleans()), min_size=1, max_size=20),
)
@example([(1, True)] * 10)
@example([(1, False)] * 10)
@example([(400, True)] * 10)
@example([(400, False)] * 10)
@settings(max_examples=40, deadline=None)
def test_no_valid_input_gives_anything_but_numbers(customers):
    age = np.array([max(t, 1) for t, _ in customers], float)
    churned = np.array([gone for _, gone in customers])
    fit = sbg.fit(age, churned)
    assert np.all(
        np.isfinite([*fit.params, *fit.standard_errors, *fit.covariance.ravel(), fit.log_likelihood])
    )
    alive = sbg.survival(fit.params, np.arange(30))
    assert np.all((alive >= 0) & (alive <= 1) & np.isfinite(alive))
    assert np.all(np.diff(alive) <= 1e-12)
    worth = [sbg.discounted_lifetime(fit.params, h, 0.01) for h in (1, 10, math.inf)]
    assert worth[0] <= worth[1] <= worth[2] <= 101.001
    assert np.all(np.isfinite(sbg.residual_lifetime(fit.params, math.inf, 0.01, age)))


def test_what_makes_no_sense_is_refused():
    for age, churned in [
        ([-1], [True]),
        ([0.5], [True]),
        ([0], [True]),
        ([math.nan], [True]),
        ([], []),
        ([0], [False]),
    ]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            sbg.fit(age, churned)
    for weights in ([-1.0], [math.nan], [1.0, 2.0]):
        with pytest.raises(ValueError, match="weights"):
            sbg.fit([1], [True], weights=weights)
    with pytest.raises(ValueError, match="length"):
        sbg.fit([1, 2, 3], [True, False])
    for cohort in ([], [1, 2], [math.inf, 1], [1, -1]):
        with pytest.raises(ValueError, match="cohort"):
            sbg.lives([cohort])
    with pytest.raises(ValueError, match="positive parameters"):
        sbg.survival((1, 0), 1)
    with pytest.raises(ValueError, match="whole numbers from 1"):
        sbg.retention((1, 1), 0)
    with pytest.raises(ValueError, match="horizon"):
        sbg.discounted_lifetime((1, 1), 1.5, 0.1)
    with pytest.raises(ValueError, match="rate"):
        sbg.discounted_lifetime((1, 1), 1, -0.1)


def test_what_the_data_do_not_tell_is_said():
    # everybody leaves with one probability, so how it is spread is at the edge of what is searched
    fit = sbg.fit([1, 2, 3, 4, 4], [True, True, True, True, False], weights=[500, 250, 125, 63, 62])
    assert fit.undetermined
    assert sbg.retention(fit.params, [1, 4]) == pytest.approx([0.5, 0.5], abs=0.01)
