"""Sobol points against scipy's own, their even spread, and what they are for: integrals."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from regulars.numeric import sobol


def test_direction_numbers_are_scipys():
    """Without scrambling, 2^k points are the same set in both."""
    theirs = qmc.Sobol(sobol.MOST_DIMENSIONS, scramble=False).random_base2(9)
    number = np.arange(512, dtype=np.uint64)
    for dimension in range(sobol.MOST_DIMENSIONS):
        point = np.zeros(512, np.uint64)
        for bit in range(9):
            point ^= ((number >> np.uint64(bit)) & np.uint64(1)) * sobol._directions(dimension)[bit]
        np.testing.assert_array_equal(np.sort(point / 2.0**32), np.sort(theirs[:, dimension]))
        # and in the order of Gray's code one by one
        gray = number ^ (number >> np.uint64(1))
        np.testing.assert_array_equal((point / 2.0**32)[gray.astype(int)], theirs[:, dimension])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("power", [1, 4, 8])
def test_every_slice_of_each_side_holds_one_point(seed, power):
    points = sobol.scrambled(7, power, np.random.default_rng(seed))
    assert points.shape == (7, 1 << power)
    assert points.min() > 0
    assert points.max() < 1
    for side in points:
        np.testing.assert_array_equal(np.sort(np.floor(side * (1 << power))), np.arange(1 << power))


@pytest.mark.parametrize("seed", range(5))
def test_boxes_of_two_sides_hold_one_point_each(seed):
    """The first two dimensions are a (0, m, 2)-net: so is what scrambling leaves of them."""
    x, y, *_ = sobol.scrambled(2, 8, np.random.default_rng(seed))
    for bits in range(9):
        box = np.floor(x * 2**bits) * 2 ** (8 - bits) + np.floor(y * 2 ** (8 - bits))
        assert len(np.unique(box)) == 256


def test_means_are_unbiased_and_quicker_than_chance():
    """∏ (1 + (u - ½)) has the mean one; over seeds the mean is right, and it scatters far less than with random points."""
    means = [
        np.prod(0.5 + sobol.scrambled(7, 8, np.random.default_rng(seed)), axis=0).mean()
        for seed in range(200)
    ]
    chance = np.sqrt(((13 / 12) ** 7 - 1) / 256)
    assert abs(np.mean(means) - 1) < 4 * np.std(means) / np.sqrt(200)
    assert np.std(means) < chance / 8


def test_what_it_refuses():
    for wrong in ((0, 3), (sobol.MOST_DIMENSIONS + 1, 3), (2, -1), (2, 32)):
        with pytest.raises(ValueError, match="dimensions"):
            sobol.scrambled(*wrong, np.random.default_rng(0))
