"""Association against hand-worked counts, scipy's own Fisher test and a plain step-up procedure."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control, fisher_exact

from regulars.numeric.association import associate, benjamini_hochberg, fisher_greater


def test_by_hand():
    rules = associate([30, 10], [50, 50], [60, 20], 100)
    assert rules.support.tolist() == [0.3, 0.1]
    assert rules.confidence.tolist() == [0.6, 0.2]
    assert rules.lift == pytest.approx([1.0, 1.0])
    # tea tasting: all four of four right among eight cups
    assert associate(4, 4, 4, 8).p_value == pytest.approx(1 / 70)


@st.composite
def counts(draw):
    n = draw(st.integers(1, 300))
    a, b = draw(st.integers(1, n)), draw(st.integers(1, n))
    return draw(st.integers(max(0, a + b - n), min(a, b))), a, b, n


@given(st.lists(counts(), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_fisher_is_scipys(rules):
    ours = fisher_greater(*np.array(rules).T)
    for p, (k, a, b, n) in zip(ours, rules, strict=True):
        table = [[k, a - k], [b - k, n - a - b + k]]
        assert p == pytest.approx(fisher_exact(table, alternative="greater").pvalue, rel=1e-7, abs=1e-14)


def test_fisher_far_in_the_tail_is_small_and_not_negative():
    p = fisher_greater([5_000, 900], [6_000, 1_000], [7_000, 1_000], 1_000_000)
    assert np.all((p >= 0) & (p < 1e-300))


@given(st.lists(st.floats(0, 1), max_size=30))
@settings(deadline=None)
def test_benjamini_hochberg_is_scipys(p):
    ours = benjamini_hochberg(p)
    if p:
        np.testing.assert_allclose(ours, false_discovery_control(p, method="bh"), rtol=1e-12, atol=1e-300)
        assert np.all(ours >= np.array(p) * (1 - 1e-12) - 1e-300)
    else:
        assert len(ours) == 0


def test_false_discoveries_stay_below_their_share():
    rng = np.random.default_rng(0)
    shares = []
    for _ in range(200):
        p = np.concatenate([rng.random(180), rng.random(20) * 1e-4])
        kept = benjamini_hochberg(p) <= 0.1
        shares.append(kept[:180].sum() / max(1, kept.sum()))
    assert np.mean(shares) < 0.12


@pytest.mark.parametrize(
    "wrong", [(3, 2, 5, 10), (0, 6, 6, 10), (1, 0, 1, 10), (1, 11, 1, 10), (0.5, 1, 1, 10), (1, 1, 1, np.nan)]
)
def test_counts_that_contradict_each_other_are_refused(wrong):
    with pytest.raises(ValueError, match=r"[a-z]"):
        associate(*wrong)


def test_what_is_no_p_value_is_refused():
    for wrong in ([1.2], [-0.1], [np.nan]):
        with pytest.raises(ValueError, match="p-values"):
            benjamini_hochberg(wrong)
