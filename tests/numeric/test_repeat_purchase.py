"""Repeat purchases and trend, by hand and against plain counting."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from regulars.numeric.repeat_purchase import decayed_frequency, repeat_rate, times_bought
from regulars.numeric.trend import buyers, recent_share, trend

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), max_size=40)


def columns(rows):
    return [row[0] for row in rows], [row[1] for row in rows]


def test_by_hand():
    found = decayed_frequency([0, 0, 1], [2, 2, 0], [10, 20, 0], (2, 3), half_life_days=10).toarray()
    assert found.tolist() == [[0, 0, 0.75], [1, 0, 0]]
    # two of three bought item 0 again; over all items two of four: drawn a little towards a half
    rate = repeat_rate([0, 0, 1, 1, 2, 3], [0, 0, 0, 0, 0, 1], 2, strength=1)
    assert rate == pytest.approx([2.5 / 4, 0.5 / 2])


@given(pairs)
def test_rates_and_buyers_as_counted(rows):
    person, item = columns(rows)
    times = Counter(rows)
    there = [sum(1 for p, i in times if i == item) for item in range(4)]
    again = [sum(1 for (p, i), n in times.items() if i == item and n > 1) for item in range(4)]
    overall = sum(again) / max(sum(there), 1)
    assert buyers(person, item, 4).tolist() == there
    expected = [(a + 5 * overall) / (n + 5) for a, n in zip(again, there, strict=True)]
    assert repeat_rate(person, item, 4, strength=5) == pytest.approx(expected)
    table = times_bought(person, item, 4).toarray()
    assert all(table[p, i] == n for (p, i), n in times.items())
    assert table.sum() == len(rows)


def test_trend_by_hand():
    share = recent_share([5, 0], [10, 40], strength=10)
    assert share == pytest.approx([(5 + 1) / 20, 1 / 50])
    assert trend([5, 0], [10, 40], strength=10) == pytest.approx([3.0, 0.2])
    assert trend([5, 0], [10, 40], strength=10, power=0.5) == pytest.approx([3**0.5, 0.2**0.5])
    assert trend([5, 0], [10, 40], power=0).tolist() == [1, 1]
    assert trend([0, 0], [10, 40]).tolist() == [1, 1]


def test_nothing_at_all():
    assert decayed_frequency([], [], [], (0, 0), half_life_days=1).shape == (0, 0)
    assert repeat_rate([], [], 2).tolist() == [0, 0]
    assert buyers([], [], 0).tolist() == []
    assert trend([], []).tolist() == []


def test_what_cannot_be_is_refused():
    with pytest.raises(ValueError, match="half-life"):
        decayed_frequency([0], [0], [1], (1, 1), half_life_days=0)
    for age in (-1, np.nan):
        with pytest.raises(ValueError, match="Ages"):
            decayed_frequency([0], [0], [age], (1, 1), half_life_days=1)
    with pytest.raises(ValueError, match="strength"):
        repeat_rate([0], [0], 1, strength=0)
    for recent, ever in (([2], [1]), ([-1], [1]), ([1, 1], [2])):
        with pytest.raises(ValueError, match="successes"):
            recent_share(recent, ever)
    with pytest.raises(ValueError, match="strength"):
        recent_share([1], [2], strength=0)
