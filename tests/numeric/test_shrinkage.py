"""Shares are drawn together by what they say of each other, and by nothing else."""

from __future__ import annotations

import numpy as np
import pytest

from regulars.numeric.shrinkage import prior_strength, shrunk_share


@pytest.mark.parametrize(("a", "b"), [(2.0, 8.0), (0.5, 1.5), (30.0, 70.0)])
def test_recovers_the_beta_that_shares_were_drawn_from(a, b):
    rng = np.random.default_rng(3)
    trials = rng.integers(1, 200, 20_000)
    successes = rng.binomial(trials, rng.beta(a, b, len(trials)))
    assert prior_strength(successes, trials) == pytest.approx(a + b, rel=0.08)


def test_what_differs_by_chance_only_is_one_share():
    rng = np.random.default_rng(4)
    trials = rng.integers(1, 50, 5_000)
    successes = rng.binomial(trials, 0.3)
    assert prior_strength(successes, trials) > 300
    assert np.ptp(shrunk_share(successes, trials)) < 0.05


def test_by_hand():
    # Shares 0 and 1 of ten trials each: Pearson's statistic is 20, ρ = (20 - 2) / 18 = 1.
    assert prior_strength([0, 10], [10, 10]) == 1.0
    # Shares .3 and .7: 2 × 4 / 2.5 = 3.2, ρ = 1.2 / 18.
    assert prior_strength([3, 7], [10, 10]) == pytest.approx(14.0)
    assert shrunk_share([5, 0], [10, 40], 10).tolist() == pytest.approx([0.3, 1 / 50])


def test_the_estimated_strength_predicts_better_than_none_and_than_one_for_all():
    rng = np.random.default_rng(5)
    trials = rng.integers(1, 40, 4_000)
    true = rng.beta(3, 9, len(trials))
    successes = rng.binomial(trials, true)

    def error(strength):
        return np.mean((shrunk_share(successes, trials, strength) - true) ** 2)

    best = error(None)
    assert best < 0.9 * error(1e-9)
    assert best < 0.9 * error(1e6)
    assert best <= 1.01 * min(error(s) for s in np.geomspace(1, 100, 30))


@pytest.mark.parametrize(
    ("successes", "trials"),
    [([], []), ([0], [0]), ([0, 0], [5, 9]), ([5, 9], [5, 9]), ([1, 0, 1], [1, 1, 1])],
)
def test_where_nothing_can_be_told_all_are_one(successes, trials):
    assert prior_strength(successes, trials) == 1e6
    shares = shrunk_share(successes, trials)
    assert np.isfinite(shares).all()


@pytest.mark.parametrize(("successes", "trials"), [([2], [1]), ([-1], [3]), ([1, 2], [3]), ([np.nan], [3])])
def test_counts_that_cannot_be(successes, trials):
    with pytest.raises(ValueError, match="successes"):
        prior_strength(successes, trials)
    with pytest.raises(ValueError, match="successes"):
        shrunk_share(successes, trials)


def test_a_strength_that_cannot_be():
    with pytest.raises(ValueError, match="strength"):
        shrunk_share([1], [2], 0)
