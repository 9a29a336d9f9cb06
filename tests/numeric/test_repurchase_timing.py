"""How long things last, by hand, and the chance to run out, beside the integral it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from regulars.numeric import repurchase_timing


def test_gaps_by_hand():
    found = repurchase_timing.rhythm(
        [0, 0, 0, 1, 1, 0], [0, 0, 0, 0, 0, 1], [0, 10, 20, 0, 40, 5], (2, 2), strength=1
    )
    # Of item 0 there are three gaps of 60 days; of all items too: each is drawn to the average of 20.
    assert found.usual == pytest.approx([(60 + 20) / 4, 20])
    assert found.gap.toarray() == pytest.approx(np.array([[(20 + 20) / 3, 20], [(40 + 20) / 2, 0]]))
    assert (found.last.toarray() - 1).tolist() == [[20, 5], [40, -1]]


def test_two_purchases_of_a_day_are_one():
    once = repurchase_timing.rhythm([0, 0], [0, 0], [3, 9], (1, 1))
    twice = repurchase_timing.rhythm([0, 0, 0], [0, 0, 0], [3, 9, 9], (1, 1))
    assert once.gap.toarray() == twice.gap.toarray()
    assert repurchase_timing.rhythm([], [], [], (2, 3)).usual.tolist() == [365.0] * 3


@given(st.floats(0, 1000), st.floats(1, 400), st.floats(0.5, 100))
def test_due_is_the_chance_of_an_erlang_gap(elapsed, gap, within):
    lasts = stats.gamma(a=2, scale=gap / 2)
    alive = lasts.sf(elapsed)
    told = float(repurchase_timing.due(elapsed, gap, within))
    assert 0 <= told <= 1
    if alive > 1e-12:
        assert told == pytest.approx((alive - lasts.sf(elapsed + within)) / alive, rel=1e-6, abs=1e-9)


def test_what_was_just_bought_is_least_due():
    told = repurchase_timing.due([0, 10, 100, 10_000], 30, 7)
    assert np.all(np.diff(told) > 0)
    assert repurchase_timing.due(-5, 30, 7) == told[0]


def test_what_cannot_be():
    with pytest.raises(ValueError, match="strength"):
        repurchase_timing.rhythm([0], [0], [0], (1, 1), strength=0)
    with pytest.raises(ValueError, match="Days"):
        repurchase_timing.rhythm([0], [0], [-1], (1, 1))
    for gap, within in ((0, 7), (30, 0), (np.nan, 7)):
        with pytest.raises(ValueError, match="above zero"):
            repurchase_timing.due(1, gap, within)
