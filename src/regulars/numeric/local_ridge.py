"""What goes with a basket: for each item a small ridge regression on its nearest others, solved from counts alone.

Counting pairs rewards whatever is in every basket; a regression asks what each item adds once the others are known.
Solving it on an item's own neighbours only costs one small block of the Gram matrix: no table of all items against all
is ever inverted. After Ning and Karypis, "SLIM" (2011), and Steck's EASE (2019), made local.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse

from regulars.numeric.fit import Floats
from regulars.numeric.item_knn import best_per_row

__all__ = ["local_ridge"]

_CELLS = 1 << 23
_DENSE_ITEMS = 8_192
"""Up to so many items the whole Gram matrix is held as a table, where looking blocks up is quickest."""


def local_ridge(
    baskets: sparse.csr_array,
    weight: ArrayLike,
    *,
    neighbours: int = 50,
    penalty: float = 0.5,
    target_power: float = 0.25,
) -> sparse.csr_array:
    """Return items × items, column j holding the weights by which a basket's items speak for j.

    ``baskets`` is baskets × items with ones, ``weight`` one number ≥ 0 a basket. Each item is predicted from its
    ``neighbours`` most similar ones (cosine), on items scaled to unit length, with ``penalty`` on the squared weights.
    Weights are then scaled by (mass of j) ** ``target_power`` / (mass of i) ** 0.5: zero would rank as if all items were
    equally popular, 0.5 as popular as they are. Score a basket by ``basket @ result``. Raises ``ValueError`` for shapes or
    numbers that cannot be.
    """
    weights = np.asarray(weight, float).ravel()
    _check(baskets, weights, neighbours, penalty)
    heard = sparse.csr_array(sparse.diags_array(np.sqrt(weights)) @ baskets)
    items = heard.shape[1]
    gram = sparse.csr_array(heard.T @ heard)
    mass = gram.diagonal()
    root = np.where(mass > 0, np.maximum(mass, 1e-300) ** -0.5, 0.0)
    cosine = sparse.csr_array(sparse.diags_array(root) @ gram @ sparse.diags_array(root))
    cosine.setdiag(0.0)
    cosine.sort_indices()
    table = cosine.toarray() if items <= _DENSE_ITEMS else None
    count = min(neighbours, max(items - 1, 1))
    step = max(1, _CELLS // max(items, count * count, 1))
    rows, columns, values = [], [], []
    for start in range(0, items, step):
        near = _nearest(cosine, start, min(start + step, items), count)
        source, target, found = _solved(cosine, table, near, start, penalty)
        rows.append(source)
        columns.append(target)
        values.append(found)
    cells = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))) if rows else None
    weighed = sparse.csr_array(cells, shape=(items, items)) if cells else sparse.csr_array((items, items))
    return sparse.csr_array(sparse.diags_array(root) @ weighed @ sparse.diags_array(mass**target_power))


def _nearest(cosine: sparse.csr_array, start: int, stop: int, count: int) -> NDArray[np.int64]:
    """Return ``count`` neighbours of each item of a part, -1 where it has fewer."""
    row, column, _ = best_per_row(cosine[start:stop].toarray(), 0, count)
    near = np.full((stop - start, count), -1)
    place = np.arange(len(row)) - np.searchsorted(row, row)
    near[row, place] = column
    return near


def _solved(
    cosine: sparse.csr_array, table: Floats | None, near: NDArray[np.int64], start: int, penalty: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Solve (C + penalty · I) w = c for each item of a part; places without a neighbour stay zero."""
    there = near >= 0
    named = np.maximum(near, 0)
    own = np.arange(start, start + len(near))
    block = _look_up(cosine, table, named[:, :, None], named[:, None, :])
    block *= there[:, :, None] & there[:, None, :]
    aim = _look_up(cosine, table, named, own[:, None]) * there
    each = np.arange(near.shape[1])
    block[:, each, each] = 1.0 + penalty
    found = np.empty_like(aim)
    for item in range(len(near)):
        found[item] = linalg.solve(block[item], aim[item], assume_a="pos", check_finite=False)
    kept = there & (found != 0)
    return near[kept], np.broadcast_to(own[:, None], near.shape)[kept], found[kept]


def _look_up(
    cosine: sparse.csr_array, table: Floats | None, row: NDArray[np.int64], column: NDArray[np.int64]
) -> Floats:
    """Return cells of the matrix; without a table, by binary search in its sorted cells."""
    if table is not None:
        return table[row, column]
    row, column = np.broadcast_arrays(row, column)
    length = cosine.shape[1]
    cell_row = np.repeat(np.arange(cosine.shape[0], dtype=np.int64), np.diff(cosine.indptr))
    cells = cell_row * length + cosine.indices
    wanted = row.astype(np.int64) * length + column
    place = np.minimum(np.searchsorted(cells, wanted), max(len(cells) - 1, 0))
    return np.where(cells[place] == wanted, cosine.data[place], 0.0)


def _check(baskets: sparse.csr_array, weights: Floats, neighbours: int, penalty: float) -> None:
    if len(weights) != baskets.shape[0]:
        raise ValueError("There must be one weight a basket.")
    if not np.isfinite(weights).all() or np.any(weights < 0):
        raise ValueError("Weights must be finite and not negative.")
    if neighbours < 1 or not penalty > 0:
        raise ValueError("neighbours must be one or more, and the penalty above zero.")
