"""Ranking figures against worked lists and plain loops; the bootstrap against what it must cover."""

from __future__ import annotations

from math import log2

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from regulars.numeric.ranking import (
    bootstrap,
    catalogue_coverage,
    hit,
    ndcg,
    recall,
    reciprocal_rank,
    top_k,
)


def table(rows, items=6):
    found = np.zeros((len(rows), items))
    for number, row in enumerate(rows):
        found[number, list(row)] = 1
    return sparse.csr_array(found)


def test_by_hand():
    ranked, chosen = [[3, 0, 5], [1, 2, -1]], table([{0, 1}, set()])
    gain, best = 1 / log2(3), 1 + 1 / log2(3)
    assert ndcg(ranked, chosen, 3)[0] == pytest.approx(gain / best)
    assert recall(ranked, chosen, 3)[0] == 0.5
    assert reciprocal_rank(ranked, chosen, 3)[0] == 0.5
    assert hit(ranked, chosen, 3)[0] == 1
    assert hit(ranked, chosen, 1)[0] == reciprocal_rank(ranked, chosen, 1)[0] == 0
    for figure in (ndcg, recall, reciprocal_rank, hit):
        assert np.isnan(figure(ranked, chosen, 3)[1])
    assert catalogue_coverage(ranked, 10) == 0.5


def test_a_short_list_can_still_be_perfect():
    assert ndcg([[2, 4]], table([{2, 4}]), 10).tolist() == [1.0]


@st.composite
def lists(draw):
    people, k = draw(st.integers(1, 4)), draw(st.integers(1, 5))
    ranked = [draw(st.permutations(range(6)))[:k] for _ in range(people)]
    chosen = [draw(st.sets(st.integers(0, 5))) for _ in range(people)]
    return ranked, chosen, k


@given(lists())
def test_as_plain_loops_count(drawn):
    ranked, chosen, k = drawn
    figures = [figure(ranked, table(chosen), k) for figure in (ndcg, recall, reciprocal_rank, hit)]
    for number, (row, wanted) in enumerate(zip(ranked, chosen, strict=True)):
        told = [found[number] for found in figures]
        if not wanted:
            assert np.isnan(told).all()
            continue
        places = [place for place, item in enumerate(row) if item in wanted]
        best = sum(1 / log2(place + 2) for place in range(min(k, len(wanted))))
        assert told == pytest.approx(
            [
                sum(1 / log2(place + 2) for place in places) / best,
                len(places) / len(wanted),
                1 / (places[0] + 1) if places else 0,
                float(bool(places)),
            ]
        )


scores = st.lists(
    st.lists(st.sampled_from([-np.inf, 0.0, 1.0, 2.0]), min_size=5, max_size=5), min_size=1, max_size=4
)


@given(scores, st.integers(1, 7))
def test_top_k_is_a_stable_sort(rows, k):
    found = top_k(np.array(rows), k)
    for row, got in zip(rows, found.tolist(), strict=True):
        order = [at for at in sorted(range(5), key=lambda at: (-row[at], at)) if row[at] > -np.inf][:k]
        assert got == order + [-1] * (k - len(order))


def test_the_bootstrap_covers_and_repeats():
    rng = np.random.default_rng(1)
    inside = 0
    for seed in range(100):
        low, high = bootstrap(rng.normal(1, 2, 80), level=0.8, repetitions=200, seed=seed)[1:]
        inside += low <= 1 <= high
    assert 68 <= inside <= 92
    ours, theirs = rng.random(50), rng.random(50)
    assert bootstrap(ours, theirs) == bootstrap(ours, theirs)
    assert bootstrap(ours + 1, ours) == pytest.approx((1, 1, 1))
    assert bootstrap([1, np.nan, 3]).mean == 2


def test_what_cannot_be_is_refused():
    for wrong in ([[np.nan]], [1.0, 2.0]):
        with pytest.raises(ValueError, match="scores"):
            top_k(wrong, 1)
    with pytest.raises(ValueError, match="scores"):
        top_k([[1.0]], 0)
    with pytest.raises(ValueError, match="list"):
        ndcg([[0]], table([{0}, {1}]))
    with pytest.raises(ValueError, match="not there"):
        ndcg([[6]], table([{0}]))
    for values, level in (([np.nan], 0.9), ([1.0], 1.0)):
        with pytest.raises(ValueError, match="somebody"):
            bootstrap(values, level=level)
