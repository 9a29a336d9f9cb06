"""The models beside the default one: BG/NBD as published, NBD as the limit without drop-out."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from regulars.numeric import beta_geometric, bg_nbd, nbd, pareto_nbd
from regulars.numeric.histories import distinct

PUBLISHED = (0.2426, 4.4135, 0.7929, 2.4258)


def test_bg_nbd_on_cdnow_is_the_published_one(cdnow):
    # Fader, Hardie & Lee (2005).
    fit = bg_nbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    assert fit.params == pytest.approx((0.2426, 4.4135, 0.7929, 2.4258), abs=2e-4)
    assert fit.standard_errors == pytest.approx((0.0126, 0.378, 0.186, 0.705), rel=0.01)
    assert fit.log_likelihood == pytest.approx(-9582.4256, abs=2e-3)
    assert fit.converged
    assert bg_nbd.expected_purchases(PUBLISHED, 39, 2, 30.43, 38.86) == pytest.approx(1.226, abs=5e-4)


def test_bg_nbd_derivatives_agree_with_finite_differences(cdnow):
    likelihood = beta_geometric.Likelihood(bg_nbd.FORM, distinct(cdnow.x, cdnow.t_x, cdnow.T), 1.0, 1.0)
    for params in (PUBLISHED, (1.5, 20.0, 0.2, 0.4)):
        point = np.log(params)
        _, gradient, hessian = likelihood(point)
        ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(4)]
        slopes = [(up[0] - down[0]) / 2e-5 for up, down in ends]
        curves = [(up[1] - down[1]) / 2e-5 for up, down in ends]
        np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-3)
        np.testing.assert_allclose(hessian, curves, rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize("a", [0.1, 0.999, 1.0, 1.001, 3.0])
@pytest.mark.parametrize(("x", "t_x", "T", "h"), [(0, 0, 30, 52), (3, 20, 30, 52), (40, 90, 100, 400)])
def test_bg_nbd_expectation_is_the_closed_form_or_its_limit(a, x, t_x, T, h):
    r, alpha, b = 0.3, 5.0, 2.4
    ours = bg_nbd.expected_purchases((r, alpha, a, b), h, x, t_x, T)
    alive = bg_nbd.probability_alive((r, alpha, a, b), x, t_x, T)
    with mpmath.workdps(40):
        near = mpmath.mpf(a) + (mpmath.mpf(10) ** -15 if a == 1 else 0)
        k, bx = mpmath.mpf(r) + x, mpmath.mpf(b) + x
        z = mpmath.mpf(h) / (alpha + T + h)
        series = mpmath.hyp2f1(k, bx, near + bx - 1, z)
        exact = (near + bx - 1) / (near - 1) * (1 - (1 - z) ** k * series)
    assert ours == pytest.approx(alive * float(exact), rel=1e-6)


def test_bg_nbd_extremes(extreme):
    fit = bg_nbd.fit(*extreme)
    numbers = [*fit.params, *fit.standard_errors, fit.log_likelihood]
    alive = bg_nbd.probability_alive(fit.params, *extreme)
    purchases = bg_nbd.expected_purchases(fit.params, 30, *extreme)
    assert np.all(np.isfinite(numbers))
    assert np.all((alive >= 0) & (alive <= 1))
    assert np.all(np.isfinite(purchases) & (purchases >= 0))


def test_nbd_is_the_pareto_nbd_in_which_nobody_stops(cdnow):
    fit = nbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    assert fit.converged
    limit = pareto_nbd.log_likelihood((*fit.params, 1e-13, 1.0), cdnow.x, cdnow.t_x, cdnow.T)
    assert fit.log_likelihood == pytest.approx(limit, abs=1e-3)
    assert fit.log_likelihood < -9594.974
    for moved in np.vstack([np.eye(2), -np.eye(2)]) * 0.01:
        beside = np.array(fit.params) * np.exp(moved)
        assert pareto_nbd.log_likelihood((*beside, 1e-13, 1.0), cdnow.x, cdnow.t_x, cdnow.T) < limit
    ours = nbd.expected_purchases(fit.params, 39, cdnow.x, cdnow.t_x, cdnow.T)
    theirs = pareto_nbd.expected_purchases((*fit.params, 1e-13, 1.0), 39, cdnow.x, cdnow.t_x, cdnow.T)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    # the NBD keeps the total: what the sample did is what it expects of a new sample like it
    r, alpha = fit.params
    assert (r / alpha * cdnow.T).sum() == pytest.approx(cdnow.x.sum(), rel=0.01)


def test_nbd_errors_come_back():
    rng = np.random.default_rng(3)
    inside = []
    for _ in range(60):
        T = rng.uniform(5, 50, 500)
        x = rng.poisson(rng.gamma(0.7, 1 / 6.0, 500) * T)
        fit = nbd.fit(x, np.where(x > 0, T / 2, 0), T)
        error = np.divide(fit.standard_errors, fit.params)
        inside.append(np.abs(np.log(fit.params) - np.log((0.7, 6.0))) < 1.96 * error)
    assert np.all(np.mean(inside, axis=0) >= 51 / 60)


def test_nbd_extremes(extreme):
    fit = nbd.fit(*extreme)
    purchases = nbd.expected_purchases(fit.params, 30, *extreme)
    assert np.all(np.isfinite([*fit.params, *fit.standard_errors, fit.log_likelihood]))
    assert np.all(np.isfinite(purchases) & (purchases >= 0))


@pytest.mark.parametrize("model", [nbd, bg_nbd])
def test_peers_refuse_what_the_default_refuses(model):
    for history in [([-1], [0], [1]), ([1], [2], [1]), ([1], [math.nan], [1]), ([], [], [])]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            model.fit(*history)
    with pytest.raises(ValueError, match="positive parameters"):
        model.expected_purchases((1.0, -1.0) * (1 if model is nbd else 2), 1, 1, 1, 2)
