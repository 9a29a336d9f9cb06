"""The best of each row are those that a full table would give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from regulars.numeric import sparse_rows
from regulars.numeric.ranking import top_k
from regulars.numeric.sparse_rows import best_of_rows, trimmed


@pytest.mark.parametrize("cells", [1 << 22, 40])
@pytest.mark.parametrize("k", [1, 3, 50])
def test_same_as_of_the_full_table(monkeypatch, cells, k):
    monkeypatch.setattr(sparse_rows, "_CELLS", cells)
    rng = np.random.default_rng(0)
    table = rng.integers(-1, 4, (30, 17)) * (rng.random((30, 17)) < 0.5)
    table[4] = 0
    rows = sparse.csr_array(table.astype(float))
    columns, values = best_of_rows(rows, k)
    assert columns.tolist() == top_k(np.where(table > 0, table, -np.inf), k).tolist()
    assert np.all(values[columns < 0] == 0)
    row, place = np.nonzero(columns >= 0)
    assert values[row, place].tolist() == table[row, columns[row, place]].tolist()
    cut = trimmed(rows, k)
    assert cut.has_sorted_indices
    wanted = np.zeros_like(table)
    wanted[row, columns[row, place]] = table[row, columns[row, place]]
    assert cut.toarray().tolist() == wanted.tolist()


def test_order_of_columns_within_a_row_does_not_matter():
    turned = sparse.csr_array(
        (np.array([1.0, 2.0, 2.0]), np.array([3, 2, 0]), np.array([0, 3])), shape=(1, 4)
    )
    columns, values = best_of_rows(turned, 2)
    assert (columns.tolist(), values.tolist()) == ([[0, 2]], [[2.0, 2.0]])


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.int64])
def test_rows_of_all_lengths_and_equal_values(kind):
    rng = np.random.default_rng(3)
    table = rng.integers(-1, 6, (200, 300)) * (rng.random((200, 300)) < rng.random((200, 1)) ** 3)
    columns, values = best_of_rows(sparse.csr_array(table.astype(kind)), 7)
    assert columns.tolist() == top_k(np.where(table > 0, table, -np.inf), 7).tolist()
    row, place = np.nonzero(columns >= 0)
    assert values[row, place].tolist() == table[row, columns[row, place]].tolist()


def test_nothing_and_bad_k():
    for shape in ((0, 4), (3, 0), (3, 4)):
        columns, _ = best_of_rows(sparse.csr_array(shape), 2)
        assert columns.tolist() == [[-1, -1]] * shape[0]
        assert trimmed(sparse.csr_array(shape), 2).shape == shape
    with pytest.raises(ValueError, match="one or more"):
        best_of_rows(sparse.csr_array((1, 1)), 0)
