"""Accuracy figures worked by hand, and the same for any order of the rows."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import rankdata, spearmanr

from regulars.numeric import accuracy


def test_gini_by_hand():
    # actual 6, 3, 1 in the best order: curve .6 .9 1; Gini = (2·2.5 - 4) / 3 = 1/3. The order 3, 6, 1: .3 .9 1 → 2/15.
    assert accuracy.normalised_gini([1, 3, 6], [10, 20, 30]) == 1.0
    assert accuracy.normalised_gini([6, 3, 1], [2, 3, 1]) == pytest.approx((2 * 2.2 - 4) / (2 * 2.5 - 4))
    assert accuracy.normalised_gini([1, 3, 6], [3, 2, 1]) == pytest.approx(-1)
    assert accuracy.normalised_gini([1, 3, 6], [7, 7, 7]) == pytest.approx(0)
    assert accuracy.normalised_gini([2, 2], [1, 5]) == 0.0
    assert accuracy.normalised_gini([0, 0], [1, 5]) == 0.0


def test_top_share_by_hand():
    actual, predicted = [50, 30, 15, 5], [9, 8, 7, 1]
    assert accuracy.top_share_capture(actual, predicted, 0.25) == 0.5
    assert accuracy.top_share_capture(actual, predicted, 0.5) == 0.8
    assert accuracy.top_share_capture(actual, predicted, 0.125) == 0.25  # half a customer
    assert accuracy.top_share_capture(actual, [1, 1, 1, 1], 0.25) == pytest.approx(0.25)
    assert accuracy.top_share_capture([0, 0], [1, 2]) == 0.0


def test_level_by_hand():
    assert accuracy.bias([10, 10], [5, 11]) == pytest.approx(-0.2)
    assert accuracy.bias([0, 0], [0, 0]) == 0.0
    assert accuracy.bias([0, 0], [1, 0]) == math.inf
    assert accuracy.mae([1, 2], [4, 1]) == 2.0
    assert accuracy.rmse([1, 2], [4, 1]) == pytest.approx(math.sqrt(5))
    assert accuracy.coverage([1, 2, 3, 4], [1, 0, 4, 4], [1, 1, 5, 4]) == 0.5


def test_deciles_by_hand():
    actual = np.arange(20.0)
    table = accuracy.decile_table(actual, actual * 2)
    assert [row.number for row in table] == list(range(1, 11))
    assert table[0] == accuracy.Decile(1, 2.0, 18.5, 37.0)
    assert table[-1] == accuracy.Decile(10, 2.0, 0.5, 1.0)
    assert accuracy.decile_error(actual, actual * 2) == pytest.approx(1.0)
    assert accuracy.decile_error(actual, actual) == 0.0
    assert len(accuracy.decile_table([1, 2, 3], [1, 2, 3])) == 3
    assert accuracy.decile_error([0, 0], [0, 0]) == 0.0
    assert accuracy.decile_error([0, 0], [0, 1]) == math.inf


pairs = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), min_size=1, max_size=40)


@given(pairs, st.randoms(use_true_random=False))
@settings(deadline=None)
def test_order_of_rows_does_not_matter(rows, random):
    shuffled = list(rows)
    random.shuffle(shuffled)
    first, second = (np.array(given, float).T for given in (rows, shuffled))
    for figure in (
        accuracy.normalised_gini,
        accuracy.spearman,
        accuracy.top_share_capture,
        accuracy.bias,
        accuracy.mae,
        accuracy.rmse,
        accuracy.decile_table,
        accuracy.decile_error,
    ):
        assert figure(*first) == figure(*second)
    gini = accuracy.normalised_gini(*first)
    assert -1 - 1e-9 <= gini <= 1 + 1e-9
    table = accuracy.decile_table(*first)
    assert sum(row.customers * row.actual for row in table) == pytest.approx(first[0].sum())
    assert sum(row.customers * row.predicted for row in table) == pytest.approx(first[1].sum())


@given(pairs)
@settings(deadline=None)
def test_spearman_is_scipys(rows):
    actual, predicted = np.array(rows, float).T
    ours = accuracy.spearman(actual, predicted)
    if len(set(actual)) > 1 and len(set(predicted)) > 1:
        assert ours == pytest.approx(spearmanr(actual, predicted).statistic)
    else:
        assert ours == 0.0


def test_ties_count_as_the_mean_over_their_orders():
    rng = np.random.default_rng(0)
    actual, predicted = rng.gamma(1, 1, 60), rng.integers(0, 4, 60).astype(float)
    ours = accuracy.normalised_gini(actual, predicted)
    broken = [accuracy.normalised_gini(actual, predicted + 1e-6 * rng.random(60)) for _ in range(3_000)]
    assert ours == pytest.approx(np.mean(broken), abs=0.01)


@pytest.mark.parametrize(
    ("actual", "predicted"), [([], []), ([1], [1, 2]), ([math.nan], [1]), ([1], [math.inf])]
)
def test_what_cannot_be_scored_is_refused(actual, predicted):
    for figure in (
        accuracy.normalised_gini,
        accuracy.bias,
        accuracy.mae,
        accuracy.spearman,
        accuracy.decile_error,
    ):
        with pytest.raises(ValueError, match=r"[a-z]"):
            figure(actual, predicted)


def test_other_refusals():
    with pytest.raises(ValueError, match="negative"):
        accuracy.normalised_gini([-1, 2], [1, 2])
    with pytest.raises(ValueError, match="share"):
        accuracy.top_share_capture([1], [1], 0)
    with pytest.raises(ValueError, match="length"):
        accuracy.coverage([1], [1], [])
    with pytest.raises(ValueError, match="finite"):
        accuracy.coverage([1], [math.nan], [1])


@given(st.lists(st.sampled_from([0.0, 1.0, 1.5, -2.0, 1e300]) | st.floats(-5, 5), max_size=30))
@settings(deadline=None)
def test_mean_ranks_are_scipys(values):
    np.testing.assert_array_equal(accuracy.mean_ranks(values), rankdata(values))
