"""What goes with a basket: for each item a small ridge regression on its nearest others, solved from counts alone.

Counting pairs rewards whatever is in every basket; a regression asks what each item adds once the others are known.
Solving it on an item's own neighbours only costs one small block of the Gram matrix: no table of all items against all
is ever inverted or laid out. After Ning and Karypis, "SLIM" (2011), and Steck's EASE (2019), made local.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.kit.threads import in_order
from regulars.numeric.fit import Floats
from regulars.numeric.sparse_rows import best_of_rows, narrow

__all__ = ["local_ridge"]

_CELLS = 1 << 26
"""How many cells of blocks are held at a time: half a gigabyte."""
_SOLVED = 1 << 20
"""How many cells of blocks are solved at a time by one thread."""


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
    items = baskets.shape[1]
    cosine, mass, root = _cosines(baskets, weights)
    near, aim = best_of_rows(cosine, min(neighbours, max(items - 1, 1)))
    found = np.zeros(near.shape)
    for rows, block in _blocks(cosine, near):
        found[rows] = _solved(block, aim[rows], penalty)
    target, place = np.nonzero((near >= 0) & (found != 0))
    source = near[target, place]
    value = found[target, place] * root[source] * mass[target] ** target_power
    return sparse.csr_array((value, (source, target)), shape=(items, items))


def _cosines(baskets: sparse.csr_array, weights: Floats) -> tuple[sparse.csr_array, Floats, Floats]:
    """Return the cosine of each pair of items that ever met, each item's mass, and one over the root of it."""
    heard = narrow(sparse.csr_array(sparse.diags_array(np.sqrt(weights)) @ baskets))
    cosine = sparse.csr_array(heard.T @ heard)
    mass = cosine.diagonal()
    root = np.where(mass > 0, np.maximum(mass, 1e-300) ** -0.5, 0.0)
    row = np.repeat(np.arange(len(mass), dtype=cosine.indices.dtype), np.diff(cosine.indptr))
    cosine.data *= root[row]
    cosine.data *= root[cosine.indices]
    cosine.data[row == cosine.indices] = 0.0
    return cosine, mass, root


def _blocks(cosine: sparse.csr_array, near: NDArray[np.int64]) -> Iterator[tuple[slice, Floats]]:
    """Yield some items and the cosines of each one's neighbours with each other; zero where it has fewer of them."""
    items, count = near.shape
    # Who has fewer neighbours has the one beyond the last item, which is near nothing.
    laid = np.zeros(items + 1)
    step = max(1, _CELLS // (count * count))
    for start in range(0, items, step):
        rows = slice(start, start + step)
        named = np.where(near[rows] < 0, items, near[rows])
        block = np.zeros((*named.shape, count))
        each = block.reshape(-1, count)
        # One item's row is laid out at a time, and read for all whose neighbour it is.
        order = np.argsort(named, axis=None, kind="stable")
        asked = named.ravel()[order]
        ends = [0, *(np.flatnonzero(np.diff(asked)) + 1).tolist(), len(asked)]
        for begin, end in pairwise(ends):
            item, places = int(asked[begin]), order[begin:end]
            if item < items:
                cells = slice(cosine.indptr[item], cosine.indptr[item + 1])
                laid[cosine.indices[cells]] = cosine.data[cells]
                each[places] = laid[named[places // count]]
                laid[cosine.indices[cells]] = 0.0
        yield rows, block


def _solved(block: Floats, aim: Floats, penalty: float) -> Floats:
    """Solve (C + penalty · I) w = c for each item of a part; places without a neighbour are zero."""
    each = np.arange(block.shape[1])
    block[:, each, each] = 1.0 + penalty
    step = max(1, _SOLVED // max(block[:1].size, 1))

    def some(start: int) -> Floats:
        rows = slice(start, start + step)
        return np.asarray(np.linalg.solve(block[rows], aim[rows, :, None])[:, :, 0])

    return np.concatenate(list(in_order(some, range(0, len(block), step))))


def _check(baskets: sparse.csr_array, weights: Floats, neighbours: int, penalty: float) -> None:
    if len(weights) != baskets.shape[0]:
        raise ValueError("There must be one weight a basket.")
    if not np.isfinite(weights).all() or np.any(weights < 0):
        raise ValueError("Weights must be finite and not negative.")
    if neighbours < 1 or not penalty > 0:
        raise ValueError("neighbours must be one or more, and the penalty above zero.")
