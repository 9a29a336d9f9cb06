"""BG/NBD with covariates against the plain model customer by customer, its own derivatives and simulated shops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.numeric import bg_nbd, covariate_fit
from regulars.numeric import bg_nbd_covariates as model
from regulars.numeric import covariates as shared
from regulars.numeric.bg_nbd import BGNBD
from regulars.numeric.covariates import Effects

TRUTH = Effects(BGNBD(0.8, 9.0, 0.7, 2.0), (0.5, -0.3), (-0.6, 0.4))


def shop(n, rng):
    """Customers with a covariate of zeros and ones and one that is continuous."""
    z = np.column_stack([rng.random(n) < 0.4, rng.normal(1.0, 1.0, n)]).astype(float)
    T = rng.integers(20, 60, n).astype(float)
    r, alpha, a, b = TRUTH.base
    x, t_x = np.zeros(n), np.zeros(n)
    for i in range(n):
        drawn = bg_nbd.simulate(
            (r, alpha * np.exp(-z[i] @ TRUTH.purchase), a * np.exp(z[i] @ TRUTH.dropout), b),
            T[i : i + 1],
            rng,
        )
        x[i], t_x[i] = drawn.frequency[0], drawn.recency[0]
    return x, t_x, T, z


@pytest.fixture(scope="module")
def small():
    return shop(800, np.random.default_rng(3))


def test_each_customer_is_one_of_the_plain_model_with_parameters_of_their_own(small):
    x, t_x, T, z = (column[:25] for column in small)
    r, alpha, a, b = model.individual_parameters(TRUTH, z)
    own = [(r, alpha[i], a[i], b) for i in range(25)]
    rows = [(x[i], t_x[i], T[i]) for i in range(25)]
    each = [bg_nbd.log_likelihood(p, *row) for p, row in zip(own, rows, strict=True)]
    assert model.log_likelihood(TRUTH, x, t_x, T, covariates=z) == pytest.approx(sum(each), rel=1e-12)
    alive = model.probability_alive(TRUTH, x, t_x, T, covariates=z)
    assert alive == pytest.approx(
        [bg_nbd.probability_alive(p, *row) for p, row in zip(own, rows, strict=True)]
    )
    for name, more in (
        ("expected_purchases", ()),
        ("probability_of_none", ()),
        ("discounted_purchases", (0.01,)),
    ):
        ours = getattr(model, name)(TRUTH, 26, *more, x, t_x, T, covariates=z)
        theirs = [getattr(bg_nbd, name)(p, 26, *more, *row) for p, row in zip(own, rows, strict=True)]
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, err_msg=name)


def test_without_covariates_it_is_the_plain_model(cdnow):
    histories, n = (cdnow.x, cdnow.t_x, cdnow.T), len(cdnow.x)
    plain = bg_nbd.fit(*histories)
    fit = model.fit(*histories, covariates=np.empty((n, 0)))
    assert fit.params.base == pytest.approx(plain.params, rel=1e-6)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    params, z = Effects(plain.params, (3.0,), (-2.0,)), np.zeros(n)
    assert model.log_likelihood(params, *histories, covariates=z) == pytest.approx(
        bg_nbd.log_likelihood(plain.params, *histories), rel=1e-12
    )
    np.testing.assert_allclose(
        model.expected_purchases(params, 39, *histories, covariates=z),
        bg_nbd.expected_purchases(plain.params, 39, *histories),
        rtol=1e-10,
    )


def test_gradient_and_hessian_agree_with_finite_differences(small):
    x, t_x, T, z = small
    merged = shared.profiles(x, t_x, T, z, z[:, :1])
    likelihood = covariate_fit.Likelihood(
        model._FAMILY, merged.histories, merged.purchase.T, merged.dropout.T, 1.0, 1.0, 2.0
    )
    point = np.r_[np.log([0.7, 11.0, 1.1, 1.7]), 0.3, -0.2, -0.5]
    value, gradient, hessian = likelihood(point)
    params = Effects(BGNBD(*np.exp(point[:4])), tuple(point[4:6]), tuple(point[6:]))
    whole = model.log_likelihood(params, x, t_x, T, covariates=z, dropout_covariates=z[:, 0])
    assert value == pytest.approx(whole - (point[4:] ** 2).sum(), rel=1e-12)
    ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(7)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-4
    )
    np.testing.assert_allclose(hessian, [(up[1] - down[1]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3)


def test_effects_come_back_with_honest_errors():
    rng = np.random.default_rng(21)
    scores = []
    for _ in range(20):
        *histories, z = shop(500, rng)
        fit = model.fit(*histories, covariates=z)
        assert fit.converged
        found, truth = (np.r_[each.purchase, each.dropout] for each in (fit.params, TRUTH))
        scores.append((found - truth) / np.r_[fit.standard_errors.purchase, fit.standard_errors.dropout])
    assert np.mean(np.abs(scores) < 1.96) >= 0.88
    assert np.all(np.abs(np.median(scores, axis=0)) < 0.8)


def test_shifts_scales_and_units_of_time_do_not_matter(small):
    x, t_x, T, z = small
    fit = model.fit(x, t_x, T, covariates=z)
    moved = model.fit(x, t_x * 7, T * 7, covariates=z * [-2.0, 10.0] + [1.0, 40.0])
    assert moved.params.purchase == pytest.approx(np.divide(fit.params.purchase, [-2, 10]), rel=1e-5)
    assert moved.params.dropout == pytest.approx(np.divide(fit.params.dropout, [-2, 10]), rel=1e-5)
    assert moved.log_likelihood == pytest.approx(fit.log_likelihood - x.sum() * math.log(7), rel=1e-10)
    np.testing.assert_allclose(
        model.expected_purchases(
            moved.params, 182, x, t_x * 7, T * 7, covariates=z * [-2.0, 10.0] + [1.0, 40.0]
        ),
        model.expected_purchases(fit.params, 26, x, t_x, T, covariates=z),
        rtol=1e-5,
    )
    test = shared.likelihood_ratio(fit, bg_nbd.fit(x, t_x, T))
    assert test.degrees_of_freedom == 4
    assert test.p_value < 1e-6


@st.composite
def cases(draw):
    n = draw(st.integers(2, 20))
    T = np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))) * 10.0 ** draw(st.integers(-3, 5))
    x = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 40, 400]), min_size=n, max_size=n)))
    share = np.array(draw(st.lists(st.sampled_from([0, 1e-9, 0.3, 0.9, 1.0]), min_size=n, max_size=n)))
    values = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(-1e6, 1e6))
    return x, np.where(x > 0, share * T, 0.0), T, np.array(draw(st.lists(values, min_size=n, max_size=n)))


def assert_sane(x, t_x, T, z):
    fit = model.fit(x, t_x, T, covariates=z, names=["kind"])
    errors = fit.standard_errors
    numbers = [*fit.params.base, *fit.params.purchase, *fit.params.dropout, *errors.base, fit.log_likelihood]
    assert np.all(np.isfinite([*numbers, *errors.purchase, *errors.dropout, *fit.covariance.ravel()]))
    horizon = max(1.0, float(np.max(T)))
    # someone unlike all others too
    for kind in (z, z * 1e3 - 50):
        alive = model.probability_alive(fit.params, x, t_x, T, covariates=kind)
        none = model.probability_of_none(fit.params, horizon, x, t_x, T, covariates=kind)
        bought = model.expected_purchases(fit.params, horizon, x, t_x, T, covariates=kind)
        assert np.all((alive >= 0) & (alive <= 1))
        assert np.all((none >= 0) & (none <= 1))
        assert np.all(np.isfinite(bought) & (bought >= 0))


def test_extremes_give_finite_answers(extreme):
    if len(extreme[0]) > 1:
        assert_sane(*extreme, np.arange(len(extreme[0])) % 2)


@given(cases())
@settings(max_examples=8, deadline=None)
def test_no_input_gives_anything_but_numbers_or_a_reason(case):
    try:
        assert_sane(*case)
    except ValueError as error:
        assert "kind" in str(error) or "too far from zero" in str(error)
