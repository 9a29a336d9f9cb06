"""BG/NBD, MBG/NBD and their regular kin: what was published, a second likelihood, and parameters that come back."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest
from scipy.special import gammaln

from regulars.numeric import beta_geometric, bg_nbd, cnbd_k, mbg_nbd
from regulars.numeric.histories import distinct

SHOP = (0.9, 4.4, 0.79, 2.4)
FORMS = [beta_geometric.Form("form", k, first) for k in (1, 2, 5) for first in (0, 1)]


def brute(form, params, x, t_x, T):
    """The likelihood of one history by integration over λ and p, each by arbitrary precision."""
    with mpmath.workdps(25):
        r, alpha, a, b = (mpmath.mpf(value) for value in params)

        def over_rate(seen):
            top = mpmath.mpf(r + form.k * x) / (alpha + t_x)
            ends = [0, *(top * mpmath.mpf(2) ** e for e in range(-8, 7, 2)), mpmath.inf]
            front = alpha**r / mpmath.gamma(r)
            # λ = z^(1/r) takes the singularity at zero away
            ends = [end**r for end in ends]
            return mpmath.quad(lambda z: front / r * _seen(z ** (1 / r), seen), ends)

        def _seen(lam, seen):
            return mpmath.exp(-alpha * lam) * lam ** (form.k * x) * seen(lam)

        def over_stop(seen):
            return mpmath.quad(
                lambda p: p ** (a - 1) * (1 - p) ** (b - 1) * seen(p), [0, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1]
            ) / mpmath.beta(a, b)

        kept, gap = x + form.first, mpmath.mpf(T) - mpmath.mpf(t_x)
        whole = over_stop(lambda p: (1 - p) ** kept) * over_rate(
            lambda lam: mpmath.exp(-lam * t_x) * mpmath.gammainc(form.k, lam * gap, regularized=True)
        )
        if kept > 0:
            whole += over_stop(lambda p: p * (1 - p) ** (kept - 1)) * over_rate(
                lambda lam: mpmath.exp(-lam * t_x)
            )
        return float(mpmath.log(whole))


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 38.9), (3, 30.4, 38.9)])
def test_likelihood_equals_integration_over_both_unknowns(form, x, t_x, T):
    ours = beta_geometric.log_likelihood(form, SHOP, [x], [t_x], [T], None, log_gaps=[0.0])
    theirs = brute(form, SHOP, x, t_x, T) - x * gammaln(form.k)
    assert ours == pytest.approx(theirs, rel=1e-8)


def test_mbg_nbd_on_cdnow_is_the_published_one(cdnow):
    # Platzer & Reutterer's BTYDplus, to the digits its documentation prints.
    fit = mbg_nbd.fit(cdnow.x, cdnow.t_x, cdnow.T)
    assert fit.params == pytest.approx((0.5248, 6.183, 0.8914, 1.614), abs=6e-5)
    assert fit.log_likelihood == pytest.approx(-9582.133, abs=1e-3)
    assert fit.converged
    assert fit.undetermined == ()
    assert mbg_nbd.log_likelihood(fit.params, cdnow.x, cdnow.t_x, cdnow.T) == pytest.approx(
        fit.log_likelihood, rel=1e-12
    )


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("params", [SHOP, (1.5, 20.0, 0.2, 0.4)])
def test_derivatives_agree_with_finite_differences(cdnow, form, params):
    likelihood = beta_geometric.Likelihood(form, distinct(cdnow.x, cdnow.t_x, cdnow.T), 1.0, 1.0)
    point = np.log(params)
    _, gradient, hessian = likelihood(point)
    ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(4)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3
    )
    np.testing.assert_allclose(hessian, [(up[1] - down[1]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3)


@pytest.mark.parametrize(("form", "peer"), [("bg", bg_nbd), ("mbg", mbg_nbd)])
def test_one_beat_to_a_purchase_is_the_plain_model(cdnow, form, peer):
    x, t_x, T = cdnow.x, cdnow.t_x, cdnow.T
    ours, plain = cnbd_k.fit(x, t_x, T, k=1, form=form), peer.fit(x, t_x, T)
    assert tuple(ours.params) == tuple(plain.params)
    assert ours.log_likelihood == plain.log_likelihood
    for function in ("expected_purchases", "probability_of_none"):
        np.testing.assert_array_equal(
            getattr(cnbd_k, function)(ours.params, 39, x, t_x, T, k=1, form=form),
            getattr(peer, function)(plain.params, 39, x, t_x, T),
        )


def test_cdnow_is_bought_at_random_moments(cdnow):
    chosen = cnbd_k.choose(cdnow.x, cdnow.t_x, cdnow.T, ks=range(1, 5))
    assert chosen.k == 1
    assert sorted(chosen.log_likelihoods) == [1, 2, 3, 4]


def regular_shop(k, n, rng, first=1):
    """Customers bought by bought, gap by gap: another way to the same law, with the gaps themselves."""
    r, alpha, a, b = 1.8, 1.9, 0.8, 2.4
    T = rng.integers(30, 60, n).astype(float)
    x, t_x, log_gaps, two = np.zeros(n), np.zeros(n), np.zeros(n), []
    for i in range(n):
        lam, p = rng.gamma(r) / alpha, rng.beta(a, b)
        gaps, now = [], 0.0
        while not ((gaps or first) and rng.random() < p):
            gap = rng.gamma(k) / lam
            if now + gap > T[i]:
                break
            now += gap
            gaps.append(gap)
        x[i], t_x[i], log_gaps[i] = len(gaps), now, np.log(gaps).sum()
        two.extend([gaps[:2]] if len(gaps) > 1 else [])
    return (r, alpha, a, b), x, t_x, T, log_gaps, np.array(two)


def test_regular_buyers_are_recognised_and_their_parameters_come_back():
    rng = np.random.default_rng(8)
    scores = []
    for _ in range(12):
        truth, x, t_x, T, log_gaps, two = regular_shop(3, 700, rng)
        fit = cnbd_k.fit(x, t_x, T, k=3)
        assert fit.converged
        scores.append((np.log(fit.params) - np.log(truth)) / np.divide(fit.standard_errors, fit.params))
    assert np.mean(np.abs(scores) < 1.96) >= 0.85
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.5 / np.sqrt(12)), np.mean(scores, axis=0)
    # the last of these shops, with and without the times in between
    assert cnbd_k.choose(x, t_x, T, ks=range(1, 7), log_gaps=log_gaps).k == 3
    assert cnbd_k.choose(x, t_x, T, ks=range(1, 7)).k in {2, 3, 4}
    assert cnbd_k.regularity(two[:, 0], two[:, 1]) > 1.5


def test_regularity_of_known_gaps():
    rng = np.random.default_rng(4)
    lam = rng.gamma(1.5, 1.0, 40_000)
    for k in (1, 4):
        first, second = rng.gamma(k, 1 / lam), rng.gamma(k, 1 / lam)
        assert cnbd_k.regularity(first, second) == pytest.approx(k, rel=0.03)
    assert cnbd_k.regularity([7, 14], [7, 14]) == math.inf
    for gaps in [([0], [0]), ([], []), ([-1], [1]), ([math.nan], [1])]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            cnbd_k.regularity(*gaps)


def test_parameters_of_mbg_nbd_come_back():
    rng = np.random.default_rng(5)
    scores = []
    for _ in range(24):
        T = rng.uniform(20, 100, 2_000)
        made = mbg_nbd.simulate(SHOP, T, rng)
        fit = mbg_nbd.fit(made.frequency, made.recency, T)
        scores.append((np.log(fit.params) - np.log(SHOP)) / np.divide(fit.standard_errors, fit.params))
    assert np.all(np.mean(np.abs(scores) < 1.96, axis=0) >= 20 / 24)
    assert np.all(np.abs(np.mean(scores, axis=0)) < 3.5 / np.sqrt(24)), np.mean(scores, axis=0)


def test_unit_of_time_order_of_rows_and_weights_do_not_matter(cdnow):
    x, t_x, T = cdnow.x, cdnow.t_x, cdnow.T
    merged = distinct(x, t_x, T)
    order = np.random.default_rng(5).permutation(len(x))
    for k in (1, 3):
        fit = cnbd_k.fit(x, t_x, T, k=k)
        days = cnbd_k.fit(x, t_x * 7, T * 7, k=k)
        assert days.params == pytest.approx(np.multiply(fit.params, [1, 7, 1, 1]), rel=1e-6)
        assert days.log_likelihood == pytest.approx(fit.log_likelihood - x.sum() * math.log(7), rel=1e-10)
        assert cnbd_k.fit(x[order], t_x[order], T[order], k=k).params == fit.params
        weighed = cnbd_k.fit(merged.x, merged.t_x, merged.T, k=k, weights=merged.weight)
        assert weighed.params == pytest.approx(fit.params, rel=1e-6)
        assert weighed.log_likelihood == pytest.approx(fit.log_likelihood, rel=1e-10)
        doubled = cnbd_k.fit(x, t_x, T, k=k, weights=np.full(len(x), 2.0))
        assert doubled.log_likelihood == pytest.approx(2 * fit.log_likelihood, rel=1e-10)
        assert doubled.standard_errors == pytest.approx(np.divide(fit.standard_errors, 2**0.5), rel=1e-4)


def test_most_of_those_who_bought_once_long_ago_are_gone():
    fresh, old = mbg_nbd.probability_alive(SHOP, 0, 0, [0, 500])
    assert fresh == pytest.approx(2.4 / 3.19)
    assert old < 0.05
    assert bg_nbd.probability_alive(SHOP, 0, 0, 500) == 1


def test_what_makes_no_sense_is_refused(cdnow):
    for k in (0, 2.5, 101):
        with pytest.raises(ValueError, match="whole number"):
            cnbd_k.fit([1], [1], [2], k=k)
    with pytest.raises(ValueError, match="form"):
        cnbd_k.fit([1], [1], [2], k=2, form="gbm")
    with pytest.raises(ValueError, match="ks"):
        cnbd_k.choose([1], [1], [2], ks=[])
    with pytest.raises(ValueError, match="log_gaps"):
        cnbd_k.fit([1, 2], [1, 1], [2, 2], k=2, log_gaps=[1.0])
    for history in [([-1], [0], [1]), ([1], [2], [1]), ([1], [math.nan], [1]), ([], [], [])]:
        with pytest.raises(ValueError, match=r"[a-z]"):
            mbg_nbd.fit(*history)
    for n, t in [(-1, 1), (0.5, 1), (1, -1), (1, math.inf), ([1, 2], [1, 2, 3])]:
        with pytest.raises(ValueError, match=r"n|t"):
            mbg_nbd.probability_of(SHOP, n, t)
    with pytest.raises(ValueError, match="positive parameters"):
        mbg_nbd.expected_purchases((1, 1, 1, -1), 1, 1, 1, 2)
    with pytest.raises(ValueError, match="rate"):
        mbg_nbd.discounted_purchases(SHOP, 1, -0.1, 1, 1, 2)
    with pytest.raises(ValueError, match="horizon"):
        mbg_nbd.simulate_purchases(SHOP, math.inf, 1, 1, 2, 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="T"):
        mbg_nbd.simulate(SHOP, [math.inf], np.random.default_rng(1))
