"""Kaplan-Meier against an example worked by hand and a plain loop."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from regulars.numeric.survival import kaplan_meier

HAND = ([6, 6, 6, 6, 7, 9, 10, 10, 11, 13], [1, 1, 1, 0, 1, 0, 1, 0, 0, 1])


def test_by_hand():
    """The first ten of Freireich's (1963) treated patients, followed on paper."""
    curve = kaplan_meier(*HAND)
    assert curve.times.tolist() == [6, 7, 10, 13]
    assert curve.at_risk.tolist() == [10, 6, 4, 1]
    assert curve.events.tolist() == [3, 1, 1, 1]
    assert curve.survival == pytest.approx([0.7, 0.7 * 5 / 6, 0.7 * 5 / 6 * 3 / 4, 0])
    greenwood = [3 / 70, 3 / 70 + 1 / 30, 3 / 70 + 1 / 30 + 1 / 12]
    assert curve.variance[:3] == pytest.approx(curve.survival[:3] ** 2 * greenwood)
    assert curve.variance[3] == 0
    se = math.sqrt(3 / 70) / abs(math.log(0.7))
    assert curve.low[0] == pytest.approx(0.7 ** math.exp(1.959963985 * se))
    assert curve.high[0] == pytest.approx(0.7 ** math.exp(-1.959963985 * se))
    assert curve.median == 10
    assert curve.quantile(0.3) == 6
    assert curve.quantile(0.31) == 7
    assert curve.at([0, 5.9, 6, 9, 99]) == pytest.approx([1, 1, 0.7, 0.7 * 5 / 6, 0])
    assert curve.longest == 13


rows = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 1), st.integers(1, 4)), min_size=1, max_size=30)


@given(rows)
@settings(deadline=None)
def test_equals_the_plain_loop_and_grouping_changes_nothing(given_rows):
    time, event, count = (np.array(column) for column in zip(*given_rows, strict=True))
    curve = kaplan_meier(time, event, count)
    single = kaplan_meier(np.repeat(time, count), np.repeat(event, count))
    alive, at = 1.0, []
    for moment in sorted(set(time[event == 1].tolist())):
        risk = sum(c for t, _, c in given_rows if t >= moment)
        died = sum(c for t, e, c in given_rows if t == moment and e)
        alive *= 1 - died / risk
        at.append(alive)
    assert curve.survival == pytest.approx(at, abs=1e-12)
    for figure in ("times", "survival", "at_risk", "variance", "low", "high"):
        np.testing.assert_array_equal(getattr(curve, figure), getattr(single, figure))
    assert np.all((curve.low <= curve.survival + 1e-12) & (curve.survival <= curve.high + 1e-12))
    assert np.all(np.isfinite(curve.variance))


def test_nothing_happened_yet():
    curve = kaplan_meier([5, 9], [0, 0])
    assert len(curve.times) == 0
    assert curve.median is None
    assert curve.at(100) == 1.0


def test_limits_hold_the_truth():
    rng = np.random.default_rng(1)
    hits = []
    for _ in range(300):
        life, watched = rng.exponential(10, 200), rng.uniform(0, 25, 200)
        curve = kaplan_meier(np.minimum(life, watched), life <= watched)
        at = np.searchsorted(curve.times, 8.0, side="right") - 1
        hits.append(curve.low[at] <= math.exp(-0.8) <= curve.high[at])
    assert 0.91 <= np.mean(hits) <= 0.985


@pytest.mark.parametrize(
    "wrong",
    [([], []), ([1], [2]), ([-1], [1]), ([math.nan], [1]), ([1, 2], [1]), ([1], [1], [-1]), ([1], [1], [0])],
)
def test_what_is_no_duration_is_refused(wrong):
    with pytest.raises(ValueError, match=r"[a-z]"):
        kaplan_meier(*wrong)
    with pytest.raises(ValueError, match="share"):
        kaplan_meier(*HAND).quantile(1)
