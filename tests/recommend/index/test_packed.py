"""Five bytes a cell hold all that a fit says, whatever the number of items."""

from __future__ import annotations

import numpy as np
import pytest
from bench.recommend import made
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from regulars.recommend.components.shape import halves
from regulars.recommend.index import build, open_index
from regulars.recommend.index.packed import Packed, pack
from regulars.recommend.serving import Rows, rows_of


def table(items: int, seed: int, rows: int = 30) -> sparse.csr_array:
    """Rows of all lengths, of positive and negative weights over nine decades."""
    rng = np.random.default_rng(seed)
    held = sparse.lil_array((rows, items))
    for row in range(rows):
        places = rng.choice(items, rng.integers(0, min(items, 40) + 1), replace=False)
        held[row, places] = rng.normal(size=len(places)) * 10.0 ** rng.integers(-9, 9)
    return sparse.csr_array(held)


@given(st.sampled_from([1, 40, 65_536, 65_537, 100_000, 17_000_000]), st.integers(0, 20))
def test_a_table_is_read_as_it_was_fitted(items, seed):
    fitted = halves(table(items, seed))
    rows = rows_of(fitted)
    held = Packed(**pack(rows, items))
    assert (len(held.high) > 0) == (items > 65_536 and fitted.nnz > 0)
    for number in range(len(rows)):
        for mine, theirs in zip(held.row(number), rows.row(number), strict=True):
            assert mine.tolist() == theirs.tolist()
    some = [3, 29, 3, 0]
    for mine, theirs in zip(held.rows(some), rows.rows(some), strict=True):
        assert mine.tolist() == theirs.tolist()
    assert [len(part) for part in held.rows([])] == [0, 0, 0]
    whole = held.table(items)
    assert (whole.data.tolist(), whole.indices.tolist()) == (rows.weights.tolist(), rows.items.tolist())


@given(st.integers(0, 50))
def test_what_rounding_takes(seed):
    fitted = table(60, seed)
    rounded = halves(fitted.copy())
    best = np.repeat(abs(fitted).max(axis=1).toarray().ravel(), np.diff(fitted.indptr))
    assert np.all(abs(rounded.data - fitted.data) <= abs(fitted.data) / 2048 + best * 1e-9)
    again = halves(rounded.copy())
    assert again.data.tolist() == rounded.data.tolist()


def test_nothing_at_all():
    for shape in ((0, 0), (3, 3)):
        assert halves(sparse.csr_array(shape)).nnz == 0
        held = Packed(**pack(rows_of(halves(sparse.csr_array(shape))), shape[1]))
        assert held.table(shape[1]).shape == shape


def test_weights_that_would_not_be_kept_are_refused():
    rows = Rows(np.array([0, 1]), np.array([0]), np.array([1 + 2**-12]))
    with pytest.raises(ValueError, match="eleven binary digits"):
        pack(rows, 1)


def test_a_shop_of_more_items_than_sixteen_bits(tmp_path):
    recommender = made.full_rows(66_000, near=12, together=8)
    build(recommender, tmp_path)
    index = open_index(tmp_path)
    names = recommender.catalogue.product_ids
    for asked in ([names[65_999]], [names[65_535], names[65_536]], list(names[100:110])):
        assert index.because_viewed(asked, 20) == recommender.because_viewed(asked, 20)
        assert index.for_cart(asked, 20) == recommender.for_cart(asked, 20)
