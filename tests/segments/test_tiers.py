"""Tiers cut the customers at fixed shares, the same way every time."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from regulars.segments.tiers import TIERS, tier


def test_a_hundred_customers_fall_into_5_15_30_50() -> None:
    worth = np.random.default_rng(1).permutation(100).astype(float)
    tiers = tier(worth, np.arange(100))
    assert np.bincount(tiers).tolist() == [5, 15, 30, 50]
    assert (
        worth[tiers == 0].min() > worth[tiers == 1].max() > worth[tiers == 2].max() > worth[tiers == 3].max()
    )


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1, 0, 0, 0]), (2, [1, 0, 0, 1]), (7, [1, 1, 2, 3]), (20, [1, 3, 6, 10])]
)
def test_small_shops_round_each_cut_up(count: int, sizes: list[int]) -> None:
    tiers = tier(np.arange(float(count)), np.arange(count))
    assert np.bincount(tiers, minlength=4).tolist() == sizes


def test_equal_worth_is_ordered_by_key_and_unknown_worth_comes_last() -> None:
    key = np.array([40, 10, 30, 20])
    assert tier(np.full(4, 7.0), key, (25, 25, 25, 25)).tolist() == [3, 0, 2, 1]
    assert tier(np.array([1.0, np.nan, 2.0, 3.0]), key, (25, 25, 25, 25)).tolist() == [2, 3, 1, 0]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([-3.0, 0.0, 1.0, 2.5, math.nan]), max_size=60), st.randoms())
def test_tiers_are_a_partition_that_does_not_depend_on_row_order(worth: list[float], random: object) -> None:
    key = np.arange(len(worth))
    tiers = tier(np.array(worth), key)
    assert set(tiers.tolist()) <= set(range(len(TIERS)))
    shuffle = np.array(sorted(range(len(worth)), key=lambda _: random.random()), dtype=int)
    assert tier(np.array(worth)[shuffle], key[shuffle]).tolist() == tiers[shuffle].tolist()
