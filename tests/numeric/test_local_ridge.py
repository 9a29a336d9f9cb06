"""The local ridge against a block worked by hand and against a whole regression."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import sparse

from regulars.numeric.local_ridge import local_ridge


def test_two_items_by_hand():
    # three baskets: both, both, the first alone: cosine 2 / √(3·2)
    table = sparse.csr_array(np.array([[1.0, 1], [1, 1], [1, 0]]))
    found = local_ridge(table, np.ones(3), penalty=0.5, target_power=0.5).toarray()
    cosine = 2 / np.sqrt(6)
    assert found[0, 1] == pytest.approx(cosine / 1.5 * np.sqrt(2) / np.sqrt(3))
    assert found[1, 0] == pytest.approx(cosine / 1.5 * np.sqrt(3) / np.sqrt(2))
    assert found[0, 0] == found[1, 1] == 0


def whole(table, weight, penalty, power):
    """Each item by ridge regression on all others, on columns of unit length."""
    heard = table * np.sqrt(weight)[:, None]
    mass = (heard**2).sum(axis=0)
    scaled = heard / np.sqrt(np.where(mass > 0, mass, 1))
    items = table.shape[1]
    found = np.zeros((items, items))
    for item in range(items):
        # only items ever in a basket with it are its neighbours
        others = [o for o in range(items) if o != item and scaled[:, o] @ scaled[:, item] > 1e-12]
        X, y = scaled[:, others], scaled[:, item]
        found[others, item] = np.linalg.solve(X.T @ X + penalty * np.eye(len(others)), X.T @ y)
    scale = np.where(mass > 0, 1 / np.sqrt(np.where(mass > 0, mass, 1)), 0)
    return found * scale[:, None] * (mass**power)[None, :]


tables = arrays.arrays(
    float, st.tuples(st.integers(1, 12), st.integers(2, 6)), elements=st.sampled_from([0.0, 1.0])
)


@given(tables, st.sampled_from([0.1, 2.0]), st.sampled_from([0.0, 0.4]))
def test_with_enough_neighbours_it_is_the_whole_regression(table, penalty, power):
    weight = np.linspace(0.5, 1.5, len(table))
    found = local_ridge(
        sparse.csr_array(table), weight, neighbours=10, penalty=penalty, target_power=power
    ).toarray()
    assert found == pytest.approx(whole(table, weight, penalty, power), abs=1e-9)


@pytest.mark.parametrize("neighbours", [1, 4, 50])
def test_in_parts_it_is_what_each_block_says(monkeypatch, neighbours):
    """Blocks by plain loops, from a shop in which some items have few neighbours and some none."""
    rng = np.random.default_rng(0)
    table = (rng.random((300, 40)) < rng.random(40) ** 3).astype(float)
    table[:, 7] = 0
    weight = rng.random(300)
    whole = local_ridge(sparse.csr_array(table), weight, neighbours=neighbours).toarray()
    monkeypatch.setattr("regulars.numeric.local_ridge._CELLS", 3 * neighbours**2)
    monkeypatch.setattr("regulars.numeric.local_ridge._SOLVED", 2 * neighbours**2)
    assert local_ridge(sparse.csr_array(table), weight, neighbours=neighbours).toarray() == pytest.approx(
        whole
    )
    heard = table * np.sqrt(weight)[:, None]
    mass = (heard**2).sum(axis=0)
    scaled = heard / np.sqrt(np.maximum(mass, 1e-12))
    cosine = scaled.T @ scaled
    for item in range(40):
        others = [
            o for o in np.argsort(-cosine[item], kind="stable") if o != item and cosine[item, o] > 1e-12
        ]
        others = others[:neighbours]
        block = cosine[np.ix_(others, others)] + 0.5 * np.eye(len(others))
        wanted = np.linalg.solve(block, cosine[others, item]) * mass[item] ** 0.25 / np.sqrt(mass[others])
        assert whole[others, item] == pytest.approx(wanted)
        assert np.count_nonzero(whole[:, item]) <= len(others)


def test_a_stand_in_is_not_counted_twice():
    # 0 and 1 are always bought together and with 2; 3 goes with 2 alone as often as they do
    rows = [[1, 1, 1, 0]] * 10 + [[0, 0, 1, 1]] * 10 + [[1, 1, 0, 0]] * 5 + [[0, 0, 0, 1]] * 5
    found = local_ridge(sparse.csr_array(np.array(rows, float)), np.ones(30), target_power=0.0).toarray()
    assert found[0, 2] < 0.7 * found[3, 2]


def test_nothing_at_all():
    assert local_ridge(sparse.csr_array((0, 0)), []).shape == (0, 0)
    assert local_ridge(sparse.csr_array((0, 3)), []).nnz == 0
    assert local_ridge(sparse.csr_array(np.ones((2, 1))), np.ones(2)).nnz == 0


def test_what_cannot_be_is_refused():
    table = sparse.csr_array(np.ones((2, 2)))
    for weight in ([1], [1, -1], [1, np.nan]):
        with pytest.raises(ValueError, match=r"[Ww]eight"):
            local_ridge(table, weight)
    with pytest.raises(ValueError, match="penalty"):
        local_ridge(table, [1, 1], penalty=0)
