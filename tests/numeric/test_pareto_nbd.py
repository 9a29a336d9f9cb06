"""Pareto/NBD against what was published, against a second likelihood, and against its own derivatives."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from regulars.numeric import lifetime_integral, pareto_nbd
from regulars.numeric.histories import distinct
from regulars.numeric.newton import maximise

BTYD = (0.55, 10.58, 0.61, 11.67)
"""The rounded CDNOW parameters with which the BTYD package's documentation works its examples."""


@pytest.fixture(scope="module")
def fitted(cdnow):
    return pareto_nbd.fit(cdnow.x, cdnow.t_x, cdnow.T)


def brute(params, x, t_x, T):
    """The likelihood of one history by arbitrary-precision integration over the moment of stopping."""
    with mpmath.workdps(30):
        r, alpha, s, beta = (mpmath.mpf(value) for value in params)
        x, t_x, T = mpmath.mpf(x), mpmath.mpf(t_x), mpmath.mpf(T)
        front = mpmath.gamma(r + x) / mpmath.gamma(r) * alpha**r * beta**s
        stop = [t_x + (T - t_x) * mpmath.mpf(10) ** -k for k in (8, 6, 5, 4, 3, 2, 1.5, 1, 0.5, 0)]
        # relative to the integrand's start, because mpmath stops at an absolute error
        start = (alpha + t_x) ** -(r + x) * (beta + t_x) ** -(s + 1)
        dead = start * mpmath.quad(
            lambda t: ((alpha + t) / (alpha + t_x)) ** -(r + x) * ((beta + t) / (beta + t_x)) ** -(s + 1),
            [t_x, *stop],
        )
        return front * ((alpha + T) ** -(r + x) * (beta + T) ** -s + s * dead)


def test_cdnow_parameters_errors_and_likelihood_are_the_published_ones(fitted):
    # Fader & Hardie (2005), BTYD and CLVTools vignettes.
    assert fitted.params == pytest.approx((0.5533, 10.5776, 0.6062, 11.6679), abs=1e-4)
    assert fitted.standard_errors == pytest.approx((0.0476264, 0.8427222, 0.1872594, 6.2105), rel=2e-4)
    assert fitted.log_likelihood == pytest.approx(-9594.974, abs=1e-3)
    assert fitted.converged
    assert fitted.undetermined == ()


def test_worked_examples_of_btyd():
    assert pareto_nbd.expected_purchases(BTYD, 10, [132, 133], 200, 200) == pytest.approx(
        [6.20605, 6.25287], abs=5e-6
    )
    assert pareto_nbd.expected_purchases(
        (0.5533, 10.5776, 0.6062, 11.6679), 52, 26, 30.86, 31
    ) == pytest.approx(25.46, abs=0.005)
    assert pareto_nbd.probability_alive((0.5533, 10.5776, 0.6062, 11.6679), 26, 30.86, 31) == pytest.approx(
        0.9979, abs=5e-5
    )


@pytest.mark.parametrize(
    "params",
    [BTYD, (0.05, 0.4, 3.0, 900.0), (5.0, 60.0, 0.05, 0.2), (0.3, 12.0, 1.0, 12.0), (1e-3, 1e-2, 8.0, 1e4)],
)
@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        (0, 0, 38.86),
        (2, 30.43, 38.86),
        (1, 1.71, 38.86),
        (29, 37.7, 38),
        (320, 100, 365),
        (3, 50, 50),
        (0, 0, 0.01),
    ],
)
def test_likelihood_equals_arbitrary_precision(params, x, t_x, T):
    expected = float(mpmath.log(brute(params, x, t_x, T)))
    assert pareto_nbd.log_likelihood(params, [x], [t_x], [T]) == pytest.approx(expected, rel=1e-12, abs=1e-11)


@given(
    a=st.floats(1e-4, 500),
    s=st.floats(1e-4, 50),
    A=st.floats(1e-4, 1e5),
    B=st.floats(1e-4, 1e5),
    span=st.floats(0, 1e4),
)
@example(a=0.0625, s=0.5, A=1.0, B=0.0078125, span=141.0)
@settings(max_examples=40, deadline=None)
def test_quadrature_is_right_in_every_corner(a, s, A, B, span):
    ours = lifetime_integral.integral(np.array([a]), s + 1, np.array([A]), np.array([B]), np.array([span]))[0]
    with mpmath.workdps(25):
        a_, b_, A_, B_ = (mpmath.mpf(value) for value in (a, s + 1, A, B))
        edges = [
            0,
            *(mpmath.mpf(span) * mpmath.mpf(10) ** mpmath.mpf(-k) / 2 for k in range(10, -1, -1)),
            span,
        ]
        exact = mpmath.quad(lambda u: (1 + u / A_) ** -a_ * (1 + u / B_) ** -b_, edges)
    assert ours == pytest.approx(float(exact), rel=1e-10)


@pytest.mark.parametrize("s", [1e-4, 0.3, 2.0, 50.0])
def test_quadrature_agrees_with_six_thousand_nodes(s):
    rng = np.random.default_rng(2)
    a, A, B, span = (
        10 ** rng.uniform(*np.log10(ends), 4000)
        for ends in ((1e-4, 500), (1e-4, 1e5), (1e-4, 1e5), (1e-3, 1e4))
    )
    unit = np.minimum(A, B) / (a + s + 1)
    width = np.log1p(span / unit) / 300
    nodes, weights = np.polynomial.legendre.leggauss(20)
    exact = np.zeros(len(a))
    for panel in range(300):
        y = (panel + (nodes[:, None] + 1) / 2) * width
        u = unit * np.expm1(y)
        inside = np.exp(y - a * np.log1p(u / A) - (s + 1) * np.log1p(u / B))
        exact += unit * width * (weights[:, None] / 2 * inside).sum(axis=0)
    np.testing.assert_allclose(lifetime_integral.integral(a, s + 1, A, B, span), exact, rtol=5e-11)


@pytest.mark.parametrize("params", [BTYD, (0.2, 3.0, 1.5, 40.0), (3.0, 20.0, 0.2, 2.0)])
def test_gradient_and_hessian_agree_with_finite_differences(cdnow, params):
    likelihood = pareto_nbd._Likelihood(distinct(cdnow.x, cdnow.t_x, cdnow.T), 1.0, 1.0)
    point = np.log(params)
    value, gradient, hessian = likelihood(point)
    assert value == pytest.approx(pareto_nbd.log_likelihood(params, cdnow.x, cdnow.t_x, cdnow.T), rel=1e-13)
    step = 1e-5
    ends = [(likelihood(point + step * e), likelihood(point - step * e)) for e in np.eye(4)]
    slopes = np.array([(up[0] - down[0]) / (2 * step) for up, down in ends])
    curves = np.array([(up[1] - down[1]) / (2 * step) for up, down in ends])
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-4)
    np.testing.assert_allclose(hessian, curves, rtol=1e-6, atol=1e-4)


def test_unit_of_time_order_of_rows_and_weights_do_not_matter(cdnow, fitted):
    x, t_x, T = cdnow.x, cdnow.t_x, cdnow.T
    days = pareto_nbd.fit(x, t_x * 7, T * 7)
    assert days.params == pytest.approx(np.multiply(fitted.params, [1, 7, 1, 7]), rel=1e-6)
    assert days.standard_errors == pytest.approx(np.multiply(fitted.standard_errors, [1, 7, 1, 7]), rel=1e-6)
    assert days.log_likelihood == pytest.approx(fitted.log_likelihood - x.sum() * math.log(7), rel=1e-10)

    order = np.random.default_rng(5).permutation(len(x))
    assert pareto_nbd.fit(x[order], t_x[order], T[order]).params == fitted.params

    merged = distinct(x, t_x, T)
    assert len(merged.x) < len(x)
    assert pareto_nbd.fit(merged.x, merged.t_x, merged.T, weights=merged.weight).params == pytest.approx(
        fitted.params, rel=1e-6
    )
    doubled = pareto_nbd.fit(x, t_x, T, weights=np.full(len(x), 2.0))
    assert doubled.params == pytest.approx(fitted.params, rel=1e-6)
    assert doubled.log_likelihood == pytest.approx(2 * fitted.log_likelihood, rel=1e-10)
    assert doubled.standard_errors == pytest.approx(np.divide(fitted.standard_errors, np.sqrt(2)), rel=1e-4)


def test_an_end_date_off_by_one_day_moves_the_answer_as_known(cdnow):
    # β falls from 11.668 weeks by more than a tenth of its own standard error: the end date is part of the data.
    late = pareto_nbd.fit(cdnow.x, cdnow.t_x, cdnow.T + 1 / 7)
    assert abs(late.params.beta - 11.6679) > 0.3


def test_many_histories_are_fitted_from_a_sketch_to_the_same_maximum():
    rng = np.random.default_rng(11)
    T = rng.uniform(5, 80, 40_000)
    lam, mu = rng.gamma(0.55, 1 / 10.58, 40_000), rng.gamma(0.61, 1 / 11.67, 40_000)
    active = np.minimum(rng.exponential(1, 40_000) / mu, T)
    x = rng.poisson(lam * active)
    t_x = np.where(x > 0, active * rng.random(40_000) ** (1 / np.maximum(x, 1)), 0)
    likelihood = pareto_nbd._Likelihood(distinct(x, t_x, T), 1.0, 1.0)
    assert likelihood.sketch(2_000) is not likelihood
    fit = pareto_nbd.fit(x, t_x, T)
    direct = maximise(likelihood, np.log([1, 10, 1, 10.0]), np.full(4, -12.0), np.full(4, 12.0))
    assert fit.params == pytest.approx(np.exp(direct.point), rel=1e-4)
    assert fit.log_likelihood == pytest.approx(direct.value, rel=1e-12)


def test_probabilities_are_probabilities_and_expectations_grow(cdnow, fitted):
    x, t_x, T, params = cdnow.x, cdnow.t_x, cdnow.T, fitted.params
    alive = pareto_nbd.probability_alive(params, x, t_x, T)
    assert np.all((alive >= 0) & (alive <= 1))
    assert pareto_nbd.probability_alive(params, 5, 30, 30) == 1.0
    horizons = [0, 1, 13, 39, 52, 520]
    purchases = np.array([pareto_nbd.expected_purchases(params, h, x, t_x, T) for h in horizons])
    none = np.array([pareto_nbd.probability_of_none(params, h, x, t_x, T) for h in horizons])
    assert np.all(purchases[0] == 0)
    assert np.all(none[0] == 1)
    assert np.all(np.diff(purchases, axis=0) > 0)
    assert np.all(np.diff(none, axis=0) <= 0)
    assert np.all(none >= 1 - alive - 1e-12)
    assert np.all(1 - none <= purchases + 1e-12)  # P(N >= 1) <= E[N]


def test_probability_of_none_equals_integration_over_the_unknown(cdnow):
    # P(none) = 1 - p + p · E[e^(-λ·time active)], the expectation integrated by brute force over the time to stop.
    r, alpha, s, beta = BTYD
    x, t_x, T, h = 3, 20.0, 38.0, 26.0
    alive = pareto_nbd.probability_alive(BTYD, x, t_x, T)
    B, k = beta + T, r + x
    outlive = (B / (B + h)) ** s * ((alpha + T) / (alpha + T + h)) ** k
    stop = mpmath.quad(
        lambda u: s * B**s / (B + u) ** (s + 1) * ((alpha + T) / (alpha + T + u)) ** k, [0, h / 4, h]
    )
    expected = 1 - alive + alive * (outlive + float(stop))
    assert pareto_nbd.probability_of_none(BTYD, h, x, t_x, T) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("s", [0.2, 0.999_999_999, 1.0, 1.000_001, 1.7, 40.0])
def test_purchases_near_and_at_s_one(s):
    params = (0.7, 9.0, s, 15.0)
    T, h = 30.0, 52.0
    alive = pareto_nbd.probability_alive(params, 2, 12.0, T)
    active = float(mpmath.quad(lambda u: ((15 + T) / (15 + T + u)) ** s, [0, h]))
    expected = alive * 2.7 / (9 + T) * active
    assert pareto_nbd.expected_purchases(params, h, 2, 12.0, T) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("rate", [1e-9, 0.002, 0.3, 40.0])
@pytest.mark.parametrize("horizon", [0.5, 52.0, 5_000.0, math.inf])
def test_discounting_equals_integration_and_tricomi(rate, horizon):
    s, B = 0.61, 41.7
    ours = pareto_nbd.discounted_lifetime(s, np.array([B]), horizon, rate)[0]
    with mpmath.workdps(30):
        if math.isinf(horizon):
            exact = B * mpmath.hyperu(1, 2 - s, rate * B)
        else:
            exact = mpmath.quad(
                lambda u: mpmath.exp(-rate * u) * (B / (B + u)) ** s,
                [0, *(horizon * mpmath.mpf(10) ** -k for k in range(6, -1, -1))],
            )
    assert ours == pytest.approx(float(exact), rel=1e-8)


def test_discounting_is_the_stated_sum(cdnow, fitted):
    args = (cdnow.x, cdnow.t_x, cdnow.T)
    rate = pareto_nbd.continuous_rate(0.10, 365.25 / 7)
    assert math.exp(rate * 365.25 / 7) == pytest.approx(1.10)
    weeks = np.diff([pareto_nbd.expected_purchases(fitted.params, h, *args) for h in range(53)], axis=0)
    summed = (weeks * np.exp(-rate * (np.arange(52) + 0.5))[:, None]).sum(axis=0)
    np.testing.assert_allclose(
        pareto_nbd.discounted_purchases(fitted.params, 52, rate, *args), summed, rtol=1e-5
    )
    assert np.array_equal(
        pareto_nbd.discounted_purchases(fitted.params, 52, 0, *args),
        pareto_nbd.expected_purchases(fitted.params, 52, *args),
    )
    with pytest.raises(ValueError, match="endless"):
        pareto_nbd.discounted_purchases(fitted.params, math.inf, 0, *args)
    assert pareto_nbd.expected_purchases((1, 10, 1.5, 10), math.inf, 1, 5, 10) > 0


def assert_sane(fit, x, t_x, T):
    """Everything that comes out of a fit and its predictions is a finite number in its range."""
    numbers = [*fit.params, *fit.standard_errors, *fit.covariance.ravel(), fit.log_likelihood]
    assert np.all(np.isfinite(numbers))
    assert min(fit.params) > 0
    alive = pareto_nbd.probability_alive(fit.params, x, t_x, T)
    assert np.all((alive >= 0) & (alive <= 1))
    horizon = max(1.0, float(np.max(T)))
    purchases = pareto_nbd.expected_purchases(fit.params, horizon, x, t_x, T)
    discounted = pareto_nbd.discounted_purchases(fit.params, horizon, 0.1 / horizon, x, t_x, T)
    none = pareto_nbd.probability_of_none(fit.params, horizon, x, t_x, T)
    assert np.all(np.isfinite(purchases) & (purchases >= 0))
    assert np.all((discounted <= purchases * (1 + 1e-9)) & (discounted >= 0))
    assert np.all((none >= 0) & (none <= 1))


def test_extremes_give_finite_answers(extreme):
    fit = pareto_nbd.fit(*extreme)
    assert_sane(fit, *extreme)


@st.composite
def histories(draw):
    n = draw(st.integers(1, 25))
    unit = 10.0 ** draw(st.integers(-4, 8))
    T = np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))) * unit
    x = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 40, 400, 20_000]), min_size=n, max_size=n)))
    share = np.array(draw(st.lists(st.sampled_from([0, 1e-9, 0.3, 0.9, 1.0]), min_size=n, max_size=n)))
    return x, np.where(x > 0, share * T, 0.0), T


@given(histories())
@settings(max_examples=40, deadline=None)
def test_no_valid_input_gives_anything_but_numbers(given_histories):
    assert_sane(pareto_nbd.fit(*given_histories), *given_histories)


def test_what_the_data_do_not_tell_is_said():
    fit = pareto_nbd.fit([0] * 50, [0] * 50, range(1, 51))
    assert set(fit.undetermined) & {"r", "alpha"}


@pytest.mark.parametrize(
    ("x", "t_x", "T"),
    [
        ([-1], [0], [1]),
        ([1.5], [0.5], [1]),
        ([1], [-0.1], [1]),
        ([1], [2], [1]),
        ([0], [0.5], [1]),
        ([math.nan], [0], [1]),
        ([1], [math.nan], [1]),
        ([1], [0.5], [math.inf]),
        ([1, 2], [0.5, 0.5, 0.5], [1]),
        ([], [], []),
    ],
)
def test_what_is_no_history_is_refused(x, t_x, T):
    with pytest.raises(ValueError, match=r"[a-z]"):
        pareto_nbd.fit(x, t_x, T)


def test_bad_parameters_weights_and_horizons_are_refused():
    for params in [(1, 1, 1), (1, 1, 1, 0), (1, 1, 1, math.nan)]:
        with pytest.raises(ValueError, match="four positive"):
            pareto_nbd.probability_alive(params, 1, 1, 2)
    for weights in [[-1], [math.nan], [1, 2], [0]]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            pareto_nbd.fit([1], [1], [2], weights=weights)
    with pytest.raises(ValueError, match="horizon"):
        pareto_nbd.expected_purchases(BTYD, -1, 1, 1, 2)
    with pytest.raises(ValueError, match="rate"):
        pareto_nbd.discounted_purchases(BTYD, 1, -0.1, 1, 1, 2)
    with pytest.raises(ValueError, match="year"):
        pareto_nbd.continuous_rate(-1, 365)


def test_weeks_counted_in_two_ways_are_forgiven():
    T = 0.1 + 0.2
    assert pareto_nbd.probability_alive(BTYD, 1, T * (1 + 1e-12), T) == 1.0


def test_recency_tells_nothing_more_once_a_customer_is_known_to_be_active(cdnow, fitted):
    x, t_x, T = cdnow.x[:200], cdnow.t_x[:200], cdnow.T[:200]
    active = pareto_nbd.purchases_while_active(fitted.params, 39.0, 0.002, x, T)
    whole = pareto_nbd.discounted_purchases(fitted.params, 39.0, 0.002, x, t_x, T)
    np.testing.assert_allclose(
        active * pareto_nbd.probability_alive(fitted.params, x, t_x, T), whole, rtol=1e-12
    )


def test_waiting_for_the_next_purchase_of_one_who_stays():
    r, alpha, x, T = 0.7, 12.0, 3.0, 40.0
    rng = np.random.default_rng(7)
    waits = rng.exponential(1 / rng.gamma(r + x, 1 / (alpha + T), 200_000))
    for share in (0.25, 0.5, 0.9):
        found = pareto_nbd.wait_for_next((r, alpha, 1.0, 1.0), share, x, 0 * x, T)
        assert found == pytest.approx(np.quantile(waits, share), rel=0.02)
    assert pareto_nbd.wait_for_next(BTYD, 0.0, [0, 5], [0, 9], [10, 10]).tolist() == [0, 0]
    with pytest.raises(ValueError, match="share"):
        pareto_nbd.wait_for_next(BTYD, 1.0, [0], [0], [10])


def test_a_new_customer_buys_as_one_with_a_history_of_nothing():
    t = np.array([0.0, 1.0, 10.0, 52.0, 500.0])
    found = pareto_nbd.purchases_of_new(BTYD, t)
    by_history = [float(pareto_nbd.expected_purchases(BTYD, length, 0, 0, 0)) for length in t]
    np.testing.assert_allclose(found, by_history, rtol=1e-12)
    with pytest.raises(ValueError, match="t must be"):
        pareto_nbd.purchases_of_new(BTYD, -1.0)
