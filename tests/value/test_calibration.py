"""Intervals hold what they say: by themselves where the model is right, by the shop's own past where it is not."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.numeric import clv
from regulars.value.calibration import Calibration, Places


def stood(rng, *, narrow: float = 1.0, customers: int = 5000) -> Places:
    """Outcomes among those foreseen; ``narrow`` < 1 has the model surer than it may be."""
    none = rng.uniform(0, 1, customers) ** 2
    z = rng.normal(0, 1 / narrow, customers)
    from scipy.stats import norm

    places = norm.cdf(z)
    nothing = places < none
    return Places(places, none, nothing)


def test_a_right_model_is_left_alone():
    rng = np.random.default_rng(1)
    seen = stood(rng, customers=40_000)
    calibration = Calibration(seen.places, seen.none, 3)
    for interval in (0.5, 0.8, 0.9):
        plain, ours = clv.holding(interval), calibration.levels(interval)
        for none in (np.array([0.0, 0.04]), np.array([0.3, 0.7])):
            np.testing.assert_allclose(ours(none), plain(none), atol=0.02)
    assert dict(seen.reliability(Calibration.untested())) == pytest.approx(
        {step / 10: step / 10 for step in range(1, 10)}, abs=0.02
    )
    assert seen.histogram() == pytest.approx([0.1] * 10, abs=0.01)


def test_too_narrow_a_model_is_widened_on_new_outcomes():
    rng = np.random.default_rng(2)
    before, after = stood(rng, narrow=0.6), stood(rng, narrow=0.6)
    plain = dict(after.reliability(Calibration.untested()))
    ours = dict(after.reliability(Calibration(before.places, before.none, 3)))
    assert plain[0.8] < 0.72
    assert abs(ours[0.8] - 0.8) < abs(plain[0.8] - 0.8) / 2
    assert abs(ours[0.9] - 0.9) < abs(plain[0.9] - 0.9) / 2


def test_little_past_moves_little():
    rng = np.random.default_rng(3)
    seen = stood(rng, narrow=0.3, customers=10)
    one = Calibration(seen.places, seen.none, 1).levels(0.8)(np.array([0.0]))
    assert one == (pytest.approx([0.1], abs=0.02), pytest.approx([0.9], abs=0.02))
    assert Calibration.untested().levels(0.8)(np.array([0.0, 0.5]))[1].tolist() == [0.9, 0.8]


def test_levels_stay_in_bounds_whatever_happened():
    wild = Calibration(np.ones(10_000), np.repeat([0.0, 0.9], 5000), 30)
    low, high = wild.levels(0.9)(np.array([0.0, 0.5, 1.0]))
    assert np.all((low >= 0) & (low <= high) & (high < 1))
