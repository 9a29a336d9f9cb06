"""Gamma-Gamma against what was published, a second likelihood, and its own derivatives."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from regulars.numeric import gamma_gamma

PUBLISHED = (6.24994, 3.74452, 15.44749)


def test_cdnow_is_the_published_one(cdnow):
    # Fader & Hardie (2013); 946 repeat customers, repeat purchases only.
    fit = gamma_gamma.fit(cdnow.m, cdnow.z, include_first=False)
    assert (cdnow.m > 0).sum() == 946
    assert fit.params == pytest.approx((6.2488, 3.7446, 15.4477), abs=1e-4)
    assert fit.log_likelihood == pytest.approx(-4055.923, abs=1e-3)
    assert fit.converged
    first_ten = gamma_gamma.expected_spend(fit.params, cdnow.m, cdnow.z)[:10]
    assert first_ten == pytest.approx(
        [24.65, 18.91, 35.17, 35.17, 35.17, 71.46, 18.91, 35.17, 27.28, 35.17], abs=0.01
    )


def brute(params, m, z):
    """The log-likelihood by arbitrary-precision integration over the customer's own ν."""
    p, q, gamma = params

    def joint(nu):
        nu = mpmath.mpf(nu)
        spend = (
            (nu * m) ** (p * m) * mpmath.mpf(z) ** (p * m - 1) * mpmath.exp(-nu * m * z) / mpmath.gamma(p * m)
        )
        own = gamma**q * nu ** (q - 1) * mpmath.exp(-gamma * nu) / mpmath.gamma(q)
        return spend * own

    # over its value in the middle, because mpmath stops at an absolute error
    middle = (p * m + q) / (gamma + m * z)
    most = joint(middle)
    edges = [0, middle / 4, middle / 2, middle, 2 * middle, 4 * middle, 20 * middle, mpmath.inf]
    return mpmath.log(mpmath.quad(lambda nu: joint(nu) / most, edges)) + mpmath.log(most)


@pytest.mark.parametrize("params", [PUBLISHED, (0.7, 1.3, 200.0), (30.0, 12.0, 1.0)])
@pytest.mark.parametrize(("m", "z"), [(1, 11.77), (2, 22.35), (9, 80.0), (3, 0.01)])
def test_likelihood_equals_integration(params, m, z):
    assert gamma_gamma.log_likelihood(params, [m], [z]) == pytest.approx(
        float(brute(params, m, z)), rel=1e-9, abs=1e-9
    )


@pytest.mark.parametrize("params", [PUBLISHED, (1.2, 1.5, 30.0), (20.0, 40.0, 2.0)])
def test_gradient_and_hessian_agree_with_finite_differences(cdnow, params):
    keep = cdnow.m > 0
    m, z = cdnow.m[keep], cdnow.z[keep]
    likelihood = gamma_gamma._Likelihood(m, z, np.ones_like(m))
    point = np.log(params)
    value, gradient, hessian = likelihood(point)
    assert value == pytest.approx(gamma_gamma.log_likelihood(params, m, z), rel=1e-12)
    step = 1e-5
    ends = [(likelihood(point + step * e), likelihood(point - step * e)) for e in np.eye(3)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / (2 * step) for up, down in ends], rtol=1e-6, atol=1e-3
    )
    np.testing.assert_allclose(
        hessian, [(up[1] - down[1]) / (2 * step) for up, down in ends], rtol=1e-6, atol=1e-3
    )


def test_unit_of_money_order_of_rows_and_weights_do_not_matter(cdnow):
    m, z = cdnow.m, cdnow.z
    plain = gamma_gamma.fit(m, z, include_first=False)
    cents = gamma_gamma.fit(m, z * 100, include_first=False)
    assert cents.params == pytest.approx(np.multiply(plain.params, [1, 1, 100]), rel=1e-6)
    assert cents.log_likelihood == pytest.approx(plain.log_likelihood - 946 * math.log(100), rel=1e-10)
    order = np.random.default_rng(2).permutation(len(m))
    assert gamma_gamma.fit(m[order], z[order], include_first=False).params == pytest.approx(
        plain.params, rel=1e-8
    )
    tripled = gamma_gamma.fit(m, z, weights=np.full(len(m), 3.0), include_first=False)
    assert tripled.params == pytest.approx(plain.params, rel=1e-6)
    assert tripled.standard_errors == pytest.approx(np.divide(plain.standard_errors, math.sqrt(3)), rel=1e-3)
    twice = gamma_gamma.fit(np.tile(m, 3), np.tile(z, 3), include_first=False)
    assert twice.log_likelihood == pytest.approx(tripled.log_likelihood, rel=1e-10)


def test_parameters_and_their_errors_come_back():
    rng = np.random.default_rng(8)
    truth = (2.5, 3.0, 60.0)
    inside = []
    for _ in range(60):
        m = rng.geometric(0.4, 1_500)
        fit = gamma_gamma.fit(m, gamma_gamma.simulate(truth, m, rng))
        assert fit.converged
        error = np.divide(fit.standard_errors, fit.params)
        inside.append(np.abs(np.log(fit.params) - np.log(truth)) < 1.96 * error)
    assert np.all(np.mean(inside, axis=0) >= 51 / 60)


def test_expected_spend_is_the_mean_of_the_posterior():
    rng = np.random.default_rng(4)
    m, z = np.array([0, 1, 6]), np.array([0.0, 100.0, 20.0])
    drawn = gamma_gamma.posterior_draws(PUBLISHED, m, z, 200_000, rng)
    assert drawn.shape == (200_000, 3)
    error = drawn.std(axis=0) / math.sqrt(200_000)
    assert np.all(np.abs(drawn.mean(axis=0) - gamma_gamma.expected_spend(PUBLISHED, m, z)) < 4.5 * error)
    p, q, gamma = PUBLISHED
    law = stats.gamma(q + p * 6, scale=1 / (gamma + 6 * 20.0))
    assert stats.kstest(p / drawn[:20_000, 2], law.cdf).pvalue > 1e-4


def test_with_the_first_purchase_nobody_has_none():
    with pytest.raises(ValueError, match="first purchase"):
        gamma_gamma.fit([1, 0], [10.0, 0.0])
    assert gamma_gamma.fit([1, 0, 2], [10.0, 0.0, 30.0], include_first=False).params.p > 0


EXTREMES = {
    "one customer": ([1], [25.0]),
    "one price": ([1, 2, 3] * 20, [9.99] * 60),
    "one giant": ([1] * 30 + [5], [1.0] * 30 + [1e9]),
    "grains": ([1, 2, 3], [1e-9, 2e-9, 5e-9]),
    "wild": ([1] * 6, [1e-6, 1e-3, 1.0, 1e3, 1e6, 1e9]),
    "constant customers": ([50, 80, 100] * 5, [10.0, 20.0, 30.0] * 5),
    "many purchases": ([100_000, 3], [12.0, 13.0]),
}


@pytest.mark.parametrize(("m", "z"), EXTREMES.values(), ids=EXTREMES.keys())
def test_extremes_give_finite_answers(m, z):
    assert_sane(np.array(m, float), np.array(z))


def assert_sane(m, z):
    fit = gamma_gamma.fit(m, z)
    numbers = [*fit.params, *fit.standard_errors, *fit.covariance.ravel(), fit.log_likelihood]
    assert np.all(np.isfinite(numbers))
    assert min(fit.params) > 0
    assert fit.params.q >= gamma_gamma.Q_FLOOR * (1 - 1e-12)
    spend = gamma_gamma.expected_spend(fit.params, m, z)
    newcomer = gamma_gamma.expected_spend(fit.params, 0, 0.0)
    assert np.all(np.isfinite(spend) & (spend > 0))
    assert np.isfinite(newcomer)
    assert newcomer > 0


@given(
    st.lists(
        st.tuples(st.sampled_from([1, 1, 1, 2, 3, 20, 5_000]), st.floats(1e-6, 1e9)), min_size=1, max_size=30
    )
)
@settings(max_examples=40, deadline=None)
def test_no_valid_input_gives_anything_but_numbers(rows):
    assert_sane(*(np.array(column, float) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize(
    ("m", "z"),
    [
        ([1], [0.0]),
        ([1], [-5.0]),
        ([-1], [5.0]),
        ([1.5], [5.0]),
        ([1], [math.nan]),
        ([math.inf], [1.0]),
        ([], []),
        ([1, 2, 3], [1.0, 2.0]),
    ],
)
def test_what_is_no_spending_is_refused(m, z):
    with pytest.raises(ValueError, match=r"[a-z]"):
        gamma_gamma.fit(m, z)


def test_bad_parameters_and_infinite_means_are_refused():
    with pytest.raises(ValueError, match="three positive"):
        gamma_gamma.expected_spend((1, 2), 1, 1.0)
    with pytest.raises(ValueError, match="infinite"):
        gamma_gamma.expected_spend((1.0, 0.9, 1.0), 0, 0.0)
