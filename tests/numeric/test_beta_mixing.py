"""Quadrature over Beta distributions against hypergeometric functions at arbitrary precision."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

from regulars.numeric import beta_mixing


@pytest.mark.parametrize("steepness", [0.3, 10, 299, 1e4, 1e6, 1e9])
def test_means_of_powers_are_right_however_steep(steepness):
    """E[(1 - (1 + p·z)^-n) / p] over Beta(a, b) = (a+b-1)/(a-1) · (1 - 2F1(n, a-1; a+b-1; -z))."""
    rng = np.random.default_rng(3)
    for _ in range(8):
        a, b, n = 10 ** rng.uniform(-2, 2), 10 ** rng.uniform(-1.5, 3), 10 ** rng.uniform(-1, 2.5)
        with mpmath.workdps(40):
            one = mpmath.mpf(a)
            series = mpmath.hyp2f1(n, one - 1, one + b - 1, -mpmath.mpf(steepness))
            exact = (one + b - 1) / (one - 1) * (1 - series)
        p, share = beta_mixing.nodes(a, b, max(n, 1) * steepness)
        assert share.sum() == pytest.approx(1, abs=1e-12)
        ours = (share * -np.expm1(-n * np.log1p(steepness * p)) / p).sum()
        assert ours == pytest.approx(float(exact), rel=2e-6), (a, b, n)


@pytest.mark.parametrize(
    ("a", "b", "factor"),
    [
        (0.7, 1.2, 1 / 1.1),
        (0.7, 1.2, 1 - 1e-9),
        (1.0, 3.0, 0.9999),
        (0.01, 0.01, 1 - 1e-5),
        (50, 50, 0.999),
        (2.0, 5.0, 1 - 1e-7),
    ],
)
def test_endless_geometric_sums_are_gauss_functions(a, b, factor):
    with mpmath.workdps(40):
        exact = float(mpmath.hyp2f1(1, b, mpmath.mpf(a) + b, mpmath.mpf(factor)))
    assert beta_mixing.geometric_sum(a, b, factor, math.inf) == pytest.approx(exact, rel=1e-10)


@pytest.mark.parametrize("terms", [0, 1, 2, 1_024, 1_025, 5_000])
@pytest.mark.parametrize("factor", [1.0, 0.9999, 0.8])
def test_geometric_sums_are_sums(terms, factor):
    steps = np.arange(max(terms - 1, 0))
    ratios = factor * (1.2 + steps) / (1.9 + steps)
    exact = sum([1.0, *np.cumprod(ratios)]) if terms else 0.0
    assert beta_mixing.geometric_sum(0.7, 1.2, factor, terms) == pytest.approx(exact, rel=1e-12)


def test_sums_without_an_end_or_a_value_are_refused():
    assert beta_mixing.geometric_sum(2.0, 5.0, 1.0, math.inf) == pytest.approx(6.0)
    with pytest.raises(ValueError, match="endless"):
        beta_mixing.geometric_sum(1.0, 5.0, 1.0, math.inf)
