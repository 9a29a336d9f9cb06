"""Sequence-decayed neighbours against counts by hand and against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from regulars.numeric.item_knn import Sequence, neighbours, neighbours_of, profiles

PLAIN = Sequence(size_power=0.0, source_power=0.0, target_power=0.0)


def baskets(rows, items):
    table = np.zeros((len(rows), items))
    for number, held in enumerate(rows):
        table[number, list(held)] = 1
    return sparse.csr_array(table)


def test_by_hand():
    # one person: item 0, then 1 and 2 together, then 0 again
    table = baskets([{0}, {1, 2}, {0}], 3)
    near = neighbours(table, [0, 0, 0], np.ones(3), PLAIN).toarray()
    # 0 → 1: forward one step 0.8; 1 came before the second 0: backward half of 0.8
    assert near[0, 1] == pytest.approx(0.8 + 0.5 * 0.8)
    assert near[1, 0] == pytest.approx(0.8 + 0.5 * 0.8)
    assert near[1, 2] == pytest.approx(1.0)
    assert np.all(near.diagonal() == 0)


def test_the_order_matters():
    near = neighbours(baskets([{0}, {1}], 2), [7, 7], np.ones(2), PLAIN).toarray()
    assert near[0, 1] == pytest.approx(0.8)
    assert near[1, 0] == pytest.approx(0.4)


def by_loops(rows, owner, weight, how, items):
    count, mass = np.zeros((items, items)), np.ones(items)
    size = [max(len(row), 1) ** how.size_power for row in rows]
    for at, row in enumerate(rows):
        for item in row:
            mass[item] += weight[at] / size[at]
            for other in row:
                count[item, other] += how.together * weight[at] / size[at]
        for back in range(1, how.window + 1):
            before = at - back
            if before < 0 or owner[before] != owner[at]:
                break
            pair = how.step**back * weight[at] / (size[at] * size[before])
            for late in row:
                for early in rows[before]:
                    count[early, late] += pair
                    count[late, early] += how.backward * pair
    np.fill_diagonal(count, 0)
    return count / (mass[:, None] ** how.source_power * mass[None, :] ** how.target_power)


@st.composite
def shops(draw):
    items = draw(st.integers(1, 6))
    rows = draw(st.lists(st.sets(st.integers(0, items - 1), min_size=1), min_size=1, max_size=12))
    owner = sorted(draw(st.lists(st.integers(0, 3), min_size=len(rows), max_size=len(rows))))
    weight = draw(st.lists(st.sampled_from([0.0, 0.3, 1.0]), min_size=len(rows), max_size=len(rows)))
    how = Sequence(window=draw(st.integers(0, 4)), together=draw(st.sampled_from([0.0, 1.0])), size_power=0.5)
    return items, rows, owner, weight, how


@given(shops())
def test_as_plain_loops_count(shop):
    items, rows, owner, weight, how = shop
    near = neighbours(baskets(rows, items), owner, weight, how, top=items).toarray()
    assert near == pytest.approx(by_loops(rows, owner, weight, how, items), rel=1e-5, abs=1e-7)


@given(shops(), st.integers(1, 3))
def test_only_the_nearest_stay(shop, top):
    items, rows, owner, weight, how = shop
    near = neighbours(baskets(rows, items), owner, weight, how, top=top)
    whole = neighbours(baskets(rows, items), owner, weight, how, top=items).toarray()
    assert np.all(np.diff(near.indptr) <= top)
    kept, best = near.toarray(), -np.sort(-whole, axis=1)[:, :top]
    assert -np.sort(-kept, axis=1)[:, : best.shape[1]] == pytest.approx(best)


def test_in_parts_it_is_the_same(monkeypatch):
    rng = np.random.default_rng(0)
    table = sparse.csr_array((rng.random((60, 30)) < 0.2).astype(float))
    owner, weight = np.sort(rng.integers(0, 9, 60)), rng.random(60)
    whole = neighbours(table, owner, weight, top=5).toarray()
    monkeypatch.setattr("regulars.numeric.item_knn._CELLS", 70)
    monkeypatch.setattr("regulars.numeric.item_knn._BASKETS", 4)
    assert neighbours(table, owner, weight, top=5).toarray() == pytest.approx(whole, rel=1e-5)
    wide = sparse.csr_array(
        (table.data, table.indices.astype(np.int64), table.indptr.astype(np.int64)), table.shape
    )
    assert neighbours(wide, owner, weight, top=5).toarray() == pytest.approx(whole, rel=1e-5)


@pytest.mark.parametrize("item", [0, 7, 29])
def test_one_item_alone_is_its_row(item):
    rng = np.random.default_rng(1)
    table = sparse.csr_array((rng.random((80, 30)) < 0.15).astype(float))
    owner, weight = np.sort(rng.integers(0, 20, 80)), rng.random(80)
    whole = neighbours(table, owner, weight, top=9)
    items, nearness = neighbours_of(item, table, owner, weight, top=9)
    row = slice(whole.indptr[item], whole.indptr[item + 1])
    assert items.tolist() == whole.indices[row].tolist()
    assert nearness == pytest.approx(whole.data[row], rel=1e-5)
    with pytest.raises(IndexError):
        neighbours_of(30, table, owner, weight)


def test_profiles_by_hand():
    found = profiles(baskets([{0}, {0, 1}, {2}], 3), [0, 0, 1], 3, decay=0.4).toarray()
    assert found.tolist() == [[1.4, 1.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]]


def test_nothing_at_all():
    empty = sparse.csr_array((0, 0))
    assert neighbours(empty, [], []).shape == (0, 0)
    assert neighbours(sparse.csr_array((0, 3)), [], []).nnz == 0
    assert profiles(sparse.csr_array((0, 3)), [], 2).shape == (2, 3)


def test_what_cannot_be_is_refused():
    table = baskets([{0}, {1}], 2)
    for owner, weight in (([1, 0], [1, 1]), ([0], [1, 1]), ([0, 0], [1, -1]), ([0, 0], [1, np.nan])):
        with pytest.raises(ValueError, match=r"[a-z]"):
            neighbours(table, owner, weight)
    with pytest.raises(ValueError, match="top"):
        neighbours(table, [0, 0], [1, 1], top=0)
    for decay, people in ((0, 1), (1.5, 1), (0.5, 0)):
        with pytest.raises(ValueError, match=r"decay|owners"):
            profiles(table, [0, 0], people, decay=decay)
