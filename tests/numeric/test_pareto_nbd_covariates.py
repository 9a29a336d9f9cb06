"""Pareto/NBD with covariates against what was published, a second likelihood, the plain model and its own derivatives."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.numeric import covariate_fit, pareto_nbd, pareto_nbd_draws
from regulars.numeric import covariates as shared
from regulars.numeric import pareto_nbd_covariates as model
from regulars.numeric.covariates import Effects
from regulars.numeric.pareto_nbd import ParetoNBD

TRUTH = Effects(ParetoNBD(0.8, 9.0, 0.9, 20.0), (0.5, -0.3), (-0.6, 0.4))
PREDICTIONS = ("expected_purchases", "probability_of_none")


def shop(n, rng, truth=TRUTH, *, k=2):
    """Customers with one covariate of zeros and ones and others that are continuous, drawn purchase by purchase."""
    z = np.column_stack([rng.random(n) < 0.4, *rng.normal(2.0, 1.5, (k - 1, n))]).astype(float)
    T = rng.uniform(20, 60, n)
    r, alpha, s, beta = truth.base
    lam = rng.gamma(r, size=n) / (alpha * np.exp(-z @ truth.purchase))
    mu = rng.gamma(s, size=n) / (beta * np.exp(-z @ truth.dropout))
    active = np.minimum(rng.exponential(size=n) / np.maximum(mu, 1e-300), T)
    x = rng.poisson(lam * active).astype(float)
    t_x = np.where(x > 0, active * rng.random(n) ** (1 / np.maximum(x, 1)), 0.0)
    return x, t_x, T, z


@pytest.fixture(scope="module")
def small():
    return shop(900, np.random.default_rng(3))


@pytest.fixture(scope="module")
def fitted(small):
    *histories, z = small
    return model.fit(*histories, covariates=z, names=["online", "age"])


@pytest.fixture(scope="module")
def apparel(real_data):
    """The 600 customers of CLVTools in weeks up to its split at 104, with gender and channel."""
    orders = pq.read_table(real_data / "clvtools_apparel" / "transactions.parquet")
    people = pq.read_table(real_data / "clvtools_apparel" / "customers.parquet")
    day = orders["ordered_on"].to_numpy().astype("datetime64[D]").astype(int)
    end = day.min() + 7 * 104
    ids = people["customer_id"].to_pylist()
    days = {one: set() for one in ids}
    for one, when in zip(orders["customer_id"].to_pylist(), day, strict=True):
        if when <= end:
            days[one].add(int(when))
    x = np.array([len(days[one]) - 1 for one in ids])
    first, last = (np.array([reduce(days[one]) for one in ids]) for reduce in (min, max))
    z = np.column_stack([people["gender"].to_numpy(), people["channel"].to_numpy()])
    return x, (last - first) / 7, (end - first) / 7, z


@pytest.mark.real_data
def test_clvtools_figures_are_reproduced(apparel):
    # Meierer, Bachmann, Näf, Schilter & Algesheimer (2026), "Estimating Individual Customer Lifetime Values with R", 6.4.1,
    # and the package's walkthrough (AIC), as quoted to two digits by a port; every figure was found again by a BFGS on
    # a likelihood written down anew with 200 quadrature nodes.
    *histories, z = apparel
    plain = pareto_nbd.fit(*histories)
    assert plain.params == pytest.approx((1.4489, 48.635, 0.56125, 46.8825), rel=1e-4)
    assert plain.log_likelihood == pytest.approx(-5848.0978, abs=1e-4)
    fit = model.fit(*histories, covariates=z, names=["gender", "channel"])
    assert fit.params.base == pytest.approx((1.83897, 92.963, 0.5913, 49.513), rel=2e-5)
    assert fit.params.dropout == pytest.approx((-0.64187, 0.78975), abs=2e-5)
    assert fit.params.purchase == pytest.approx((0.28613, 0.62393), abs=2e-5)
    assert fit.standard_errors.base == pytest.approx((0.345, 16.975, 0.265, 36.145), abs=6e-3)
    assert fit.standard_errors.dropout == pytest.approx((0.295, 0.305), abs=5e-3)
    assert fit.standard_errors.purchase == pytest.approx((0.105, 0.105), abs=5e-3)
    assert -2 * fit.log_likelihood + 2 * 8 == pytest.approx(11658.1254, abs=1e-3)
    test = shared.likelihood_ratio(fit, plain)
    assert test.degrees_of_freedom == 4
    assert test.statistic == pytest.approx(54.0703, abs=1e-3)
    assert test.p_value < 1e-9


@pytest.mark.parametrize(("x", "t_x", "T"), [(0, 0, 38.9), (3, 30.4, 38.9), (29, 37.7, 38)])
def test_likelihood_equals_arbitrary_precision(x, t_x, T):
    z = np.array([1.0, 2.7])
    with mpmath.workdps(30):
        r, s = (mpmath.mpf(value) for value in (TRUTH.base.r, TRUTH.base.s))
        alpha = TRUTH.base.alpha * mpmath.exp(-mpmath.fdot(TRUTH.purchase, z))
        beta = TRUTH.base.beta * mpmath.exp(-mpmath.fdot(TRUTH.dropout, z))
        start = (alpha + t_x) ** -(r + x) * (beta + t_x) ** -(s + 1)
        dead = start * mpmath.quad(
            lambda t: ((alpha + t) / (alpha + t_x)) ** -(r + x) * ((beta + t) / (beta + t_x)) ** -(s + 1),
            np.linspace(t_x, T, 6).tolist(),
        )
        front = mpmath.gamma(r + x) / mpmath.gamma(r) * alpha**r * beta**s
        exact = mpmath.log(front * ((alpha + T) ** -(r + x) * (beta + T) ** -s + s * dead))
    ours = model.log_likelihood(TRUTH, x, t_x, T, covariates=z[None])
    assert ours == pytest.approx(float(exact), rel=1e-12)


def test_without_covariates_it_is_the_plain_model(cdnow):
    histories = (cdnow.x, cdnow.t_x, cdnow.T)
    plain = pareto_nbd.fit(*histories)
    n = len(cdnow.x)
    fit = model.fit(*histories, covariates=np.empty((n, 0)))
    assert fit.params.base == pytest.approx(plain.params, rel=1e-6)
    assert fit.standard_errors.base == pytest.approx(plain.standard_errors, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(plain.log_likelihood, rel=1e-12)
    assert fit.names == ParetoNBD._fields
    zeros = np.zeros((n, 2))
    for params, z in [
        (Effects(plain.params, (0.4, -2.0), (1.0, 3.0)), zeros),
        (Effects(plain.params, (0, 0), (0, 0)), zeros + 7),
    ]:
        assert model.log_likelihood(params, *histories, covariates=z) == pytest.approx(
            pareto_nbd.log_likelihood(plain.params, *histories), rel=1e-10
        )
        for name, ours, theirs in [
            (
                "alive",
                model.probability_alive(params, *histories, covariates=z),
                pareto_nbd.probability_alive(plain.params, *histories),
            ),
            *(
                (
                    f,
                    getattr(model, f)(params, 39, *histories, covariates=z),
                    getattr(pareto_nbd, f)(plain.params, 39, *histories),
                )
                for f in PREDICTIONS
            ),
            (
                "paid",
                model.discounted_purchases(params, math.inf, 0.01, *histories, covariates=z),
                pareto_nbd.discounted_purchases(plain.params, math.inf, 0.01, *histories),
            ),
        ]:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, err_msg=name)


def test_each_customer_is_one_of_the_plain_model_with_parameters_of_their_own(small):
    x, t_x, T, z = (column[:30] for column in small)
    r, alpha, s, beta = model.individual_parameters(TRUTH, z)
    assert alpha == pytest.approx(TRUTH.base.alpha * np.exp(-z @ TRUTH.purchase))
    ours = [getattr(model, name)(TRUTH, 26, x, t_x, T, covariates=z) for name in PREDICTIONS]
    paid = model.discounted_purchases(TRUTH, 26, 0.01, x, t_x, T, covariates=z)
    for i in range(30):
        own = (r, alpha[i], s, beta[i])
        for name, each in zip(PREDICTIONS, ours, strict=True):
            assert each[i] == pytest.approx(getattr(pareto_nbd, name)(own, 26, x[i], t_x[i], T[i]), rel=1e-12)
        assert paid[i] == pytest.approx(
            pareto_nbd.discounted_purchases(own, 26, 0.01, x[i], t_x[i], T[i]), rel=1e-12
        )
    # someone new, of each kind: one history for all
    new = model.expected_purchases(TRUTH, 26, 0, 0, 0, covariates=z)
    np.testing.assert_allclose(
        new,
        [pareto_nbd.purchases_of_new((r, a, s, b), 26) for a, b in zip(alpha, beta, strict=True)],
        rtol=1e-12,
    )


def test_draws_have_the_means_of_the_formulas(small):
    x, t_x, T, z = (column[:8] for column in small)
    drawn = model.posterior_draws(TRUTH, x, t_x, T, 20_000, np.random.default_rng(4), covariates=z)
    alive = model.probability_alive(TRUTH, x, t_x, T, covariates=z)
    np.testing.assert_allclose(drawn.alive.mean(axis=0), alive, atol=0.015)
    bought = model.simulate_purchases(TRUTH, 26, x, t_x, T, 20_000, np.random.default_rng(4), covariates=z)
    expected = model.expected_purchases(TRUTH, 26, x, t_x, T, covariates=z)
    error = bought.std(axis=0) / math.sqrt(20_000)
    assert np.all(np.abs(bought.mean(axis=0) - expected) < 4.5 * error)
    # where all customers are of one kind the very draws are the plain model's
    plain = pareto_nbd_draws.posterior_draws(TRUTH.base, x, t_x, T, 50, np.random.default_rng(9))
    same = model.posterior_draws(TRUTH, x, t_x, T, 50, np.random.default_rng(9), covariates=z * 0)
    np.testing.assert_allclose(same.rate, plain.rate, rtol=1e-9)


@pytest.mark.parametrize("ridge", [0.0, 3.0])
def test_gradient_and_hessian_agree_with_finite_differences(small, ridge):
    x, t_x, T, z = small
    merged = shared.profiles(x, t_x, T, z, z[:, :1])
    likelihood = covariate_fit.Likelihood(
        model.FAMILY, merged.histories, merged.purchase.T, merged.dropout.T, 1.0, 1.0, ridge
    )
    point = np.r_[np.log([0.7, 11.0, 1.1, 17.0]), 0.3, -0.2, -0.5]
    value, gradient, hessian = likelihood(point)
    params = Effects(ParetoNBD(*np.exp(point[:4])), tuple(point[4:6]), tuple(point[6:]))
    whole = model.log_likelihood(params, x, t_x, T, covariates=z, dropout_covariates=z[:, 0])
    assert value == pytest.approx(whole - ridge / 2 * (point[4:] ** 2).sum(), rel=1e-12)
    ends = [(likelihood(point + 1e-5 * e), likelihood(point - 1e-5 * e)) for e in np.eye(7)]
    np.testing.assert_allclose(
        gradient, [(up[0] - down[0]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-4
    )
    np.testing.assert_allclose(hessian, [(up[1] - down[1]) / 2e-5 for up, down in ends], rtol=1e-6, atol=1e-3)


def test_effects_come_back_with_honest_errors():
    rng = np.random.default_rng(12)
    scores = []
    for _ in range(40):
        *histories, z = shop(500, rng)
        fit = model.fit(*histories, covariates=z)
        assert fit.converged
        found, errors, truth = (
            np.r_[np.log(each.base) if log else each.base, each.purchase, each.dropout]
            for each, log in ((fit.params, True), (fit.standard_errors, False), (TRUTH, True))
        )
        errors[:4] /= np.array(fit.params.base)
        scores.append((found - truth) / errors)
    inside = np.mean(np.abs(scores) < 1.96, axis=0)
    assert np.all(inside >= 0.85), inside
    assert np.mean(inside) >= 0.92
    assert np.all(np.abs(np.median(scores, axis=0)) < 0.4)


def test_likelihood_ratios_of_nothing_are_chi_squared_and_of_something_large(small, fitted):
    *histories, z = small
    assert shared.likelihood_ratio(fitted, pareto_nbd.fit(*histories)).p_value < 1e-6
    rng = np.random.default_rng(7)
    noise = [
        shared.likelihood_ratio(
            model.fit(
                *histories,
                covariates=np.column_stack([z, rng.normal(size=len(z))]),
                names=["online", "age", "noise"],
            ),
            fitted,
        )
        for _ in range(16)
    ]
    assert all(test.degrees_of_freedom == 2 for test in noise)
    assert 0.25 < np.mean([test.p_value for test in noise]) < 0.75


def test_covariates_may_differ_between_the_processes(small):
    *histories, z = small
    fit = model.fit(
        *histories,
        covariates=z,
        dropout_covariates=z[:, 0],
        names=["online", "age"],
        dropout_names=["online"],
    )
    assert fit.names[4:] == ("purchase: online", "purchase: age", "dropout: online")
    none = model.fit(*histories, covariates=z, dropout_covariates=np.empty((len(z), 0)))
    assert none.params.dropout == ()
    assert len(none.covariance) == 6
    assert fit.log_likelihood > none.log_likelihood


def test_unit_of_time_order_weights_and_units_of_covariates_do_not_matter(small, fitted):
    x, t_x, T, z = small
    days = model.fit(x, t_x * 7, T * 7, covariates=z)
    assert days.params.base == pytest.approx(np.multiply(fitted.params.base, [1, 7, 1, 7]), rel=1e-5)
    assert days.params.purchase == pytest.approx(fitted.params.purchase, rel=1e-5)
    assert days.log_likelihood == pytest.approx(fitted.log_likelihood - x.sum() * math.log(7), rel=1e-10)

    order = np.random.default_rng(5).permutation(len(x))
    assert model.fit(x[order], t_x[order], T[order], covariates=z[order]).params == fitted.params

    twice = model.fit(x, t_x, T, covariates=z, weights=np.full(len(x), 2.0))
    again = model.fit(*(np.tile(column, 2) for column in (x, t_x, T)), covariates=np.tile(z, (2, 1)))
    assert twice.params.purchase == pytest.approx(again.params.purchase, rel=1e-6)
    assert twice.standard_errors.dropout == pytest.approx(
        np.divide(fitted.standard_errors.dropout, math.sqrt(2)), rel=1e-4
    )
    assert twice.log_likelihood == pytest.approx(2 * fitted.log_likelihood, rel=1e-10)

    moved = model.fit(x, t_x, T, covariates=z * [-2.0, 1000.0] + [1.0, 4000.0])
    assert moved.log_likelihood == pytest.approx(fitted.log_likelihood, rel=1e-12)
    for process in ("purchase", "dropout"):
        for part in ("params", "standard_errors"):
            expected = np.divide(
                getattr(getattr(fitted, part), process), [-2 if part == "params" else 2, 1000]
            )
            assert getattr(getattr(moved, part), process) == pytest.approx(expected, rel=1e-5)
    for name in PREDICTIONS:
        np.testing.assert_allclose(
            getattr(model, name)(moved.params, 26, x, t_x, T, covariates=z * [-2.0, 1000.0] + [1.0, 4000.0]),
            getattr(model, name)(fitted.params, 26, x, t_x, T, covariates=z),
            rtol=1e-5,
        )


def test_a_ridge_shrinks_and_forbids_the_test(small, fitted):
    *histories, z = small
    sizes = [np.abs(fitted.params.purchase + fitted.params.dropout).sum()]
    for ridge in (10.0, 1e3, 1e7):
        fit = model.fit(*histories, covariates=z, ridge=ridge)
        sizes.append(np.abs(fit.params.purchase + fit.params.dropout).sum())
        assert fit.log_likelihood == pytest.approx(
            model.log_likelihood(fit.params, *histories, covariates=z), rel=1e-9
        )
        assert fit.ridge == pytest.approx(ridge)
    assert np.all(np.diff(sizes) < 0)
    plain = pareto_nbd.fit(*histories)
    assert fit.params.base == pytest.approx(plain.params, rel=1e-3)
    with pytest.raises(ValueError, match="ridge"):
        shared.likelihood_ratio(fit, plain)


def test_many_profiles_are_fitted_from_a_sketch_to_the_same_maximum(monkeypatch, small, fitted):
    *histories, z = small
    monkeypatch.setattr(covariate_fit, "_SKETCH", 200)
    fit = model.fit(*histories, covariates=z)
    assert fit.params.base == pytest.approx(fitted.params.base, rel=1e-4)
    assert fit.log_likelihood == pytest.approx(fitted.log_likelihood, rel=1e-12)


def assert_sane(x, t_x, T, z, names):
    fit = model.fit(x, t_x, T, covariates=z, names=names)
    numbers = [*fit.params.base, *fit.params.purchase, *fit.params.dropout, *fit.standard_errors.base]
    numbers += [*fit.standard_errors.purchase, *fit.standard_errors.dropout, *fit.covariance.ravel()]
    assert np.all(np.isfinite([*numbers, fit.log_likelihood]))
    alive = model.probability_alive(fit.params, x, t_x, T, covariates=z)
    assert np.all((alive >= 0) & (alive <= 1))
    horizon = max(1.0, float(np.max(T)))
    # someone unlike all others too
    for kind in (z, z * 1e3 - 50):
        purchases = model.expected_purchases(fit.params, horizon, x, t_x, T, covariates=kind)
        paid = model.discounted_purchases(fit.params, horizon, 0.1 / horizon, x, t_x, T, covariates=kind)
        none = model.probability_of_none(fit.params, horizon, x, t_x, T, covariates=kind)
        assert np.all(np.isfinite(purchases) & (purchases >= 0))
        assert np.all((paid <= purchases * (1 + 1e-9)) & (paid >= 0))
        assert np.all((none >= 0) & (none <= 1))


def test_extremes_give_finite_answers(extreme):
    n = len(extreme[0])
    z = np.column_stack([np.arange(n) % 2, np.arange(n) ** 2])[:, : max(0, min(2, n - 1))]
    assert_sane(*extreme, z.astype(float), None)


@st.composite
def cases(draw):
    n, k = draw(st.integers(2, 25)), draw(st.integers(1, 3))
    unit = 10.0 ** draw(st.integers(-3, 6))
    T = np.array(draw(st.lists(st.floats(0, 1), min_size=n, max_size=n))) * unit
    x = np.array(draw(st.lists(st.sampled_from([0, 0, 0, 1, 2, 5, 40, 400]), min_size=n, max_size=n)))
    share = np.array(draw(st.lists(st.sampled_from([0, 1e-9, 0.3, 0.9, 1.0]), min_size=n, max_size=n)))
    values = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(-1e6, 1e6))
    z = np.array(draw(st.lists(st.lists(values, min_size=k, max_size=k), min_size=n, max_size=n)))
    return x, np.where(x > 0, share * T, 0.0), T, z


@given(cases())
@settings(max_examples=10, deadline=None)
def test_no_input_gives_anything_but_numbers_or_a_reason(case):
    *histories, z = case
    names = [f"column {j}" for j in range(z.shape[1])]
    try:
        assert_sane(*histories, z, names)
    except ValueError as error:
        assert "column" in str(error) or "too far from zero" in str(error)


def test_a_kind_that_never_comes_back_is_undetermined_and_finite(small):
    x, t_x, T, _ = small
    gone = np.arange(len(x)) % 10 == 0
    fit = model.fit(np.where(gone, 0, x), np.where(gone, 0, t_x), T, covariates=gone, names=["gone"])
    assert any("gone" in name for name in fit.undetermined)
    assert np.all(np.isfinite(fit.covariance))


@pytest.mark.parametrize(
    ("z", "message"),
    [
        (np.ones((6, 2)), "Covariate first is the same"),
        (np.column_stack([np.arange(6), np.arange(6) * 2 - 7]), "Covariate second is a combination of first"),
        (
            np.column_stack([np.eye(6)[:, 0], 1 - np.eye(6)[:, 0]]),
            "Covariate second is a combination of first",
        ),
        (np.full((6, 2), math.nan), "finite"),
        (np.arange(12.0).reshape(6, 2) * 1e300, "absurd size"),
        (np.arange(12.0).reshape(6, 2) * 1e-200, "Covariate first is of absurdly small size"),
        (np.arange(10.0).reshape(5, 2), "one a customer"),
        (np.zeros((6, 2, 1)), "one row a customer"),
        (np.array([["a", "b"]] * 6), "must be numbers"),
        (np.arange(6.0), "2|1 different names"),
    ],
)
def test_covariates_that_cannot_be_are_named(z, message):
    with pytest.raises(ValueError, match=message):
        model.fit([0, 1, 2, 0, 3, 1], [0, 4, 5, 0, 6, 1], [9] * 6, covariates=z, names=["first", "second"])


def test_what_does_not_fit_together_is_refused(small, fitted):
    x, t_x, T, z = small
    plain = pareto_nbd.fit(x, t_x, T)
    with pytest.raises(ValueError, match="2 purchase effects for 1"):
        model.probability_alive(fitted.params, x, t_x, T, covariates=z[:, 0])
    with pytest.raises(ValueError, match="finite"):
        model.probability_alive(Effects(TRUTH.base, (math.nan, 0), (0, 0)), x, t_x, T, covariates=z)
    with pytest.raises(ValueError, match="four positive"):
        model.log_likelihood(Effects(ParetoNBD(0, 1, 1, 1), (0, 0), (0, 0)), x, t_x, T, covariates=z)
    with pytest.raises(ValueError, match="both"):
        model.fit(x, t_x, T, covariates=z, dropout_covariates=z[1:])
    with pytest.raises(ValueError, match="ridge"):
        model.fit(x, t_x, T, covariates=z, ridge=-1)
    with pytest.raises(ValueError, match="too far from zero"):
        model.fit(x, t_x, T, covariates=z[:, 1] * 1e-3 + 5_000)
    with pytest.raises(ValueError, match="more parameters"):
        shared.likelihood_ratio(fitted, fitted)
    with pytest.raises(ValueError, match="lacks"):
        shared.likelihood_ratio(fitted, model.fit(x, t_x, T, covariates=z[:, 0], names=["other"]))
    with pytest.raises(ValueError, match="same customers"):
        shared.likelihood_ratio(fitted, pareto_nbd.fit(x[:100], t_x[:100], T[:100]))
    assert shared.likelihood_ratio(fitted, plain).degrees_of_freedom == 4
    with pytest.raises(ValueError, match="at least one"):
        model.fit([], [], [], covariates=np.empty((0, 1)))
