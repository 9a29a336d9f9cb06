"""The best of each row of a sparse table, without ever laying the table out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["best_of_rows", "trimmed"]

_CELLS = 1 << 20
"""How many cells are laid out side by side: few enough to stay in the processor's cache."""


def best_of_rows(table: sparse.csr_array, k: int) -> tuple[NDArray[np.int64], Floats]:
    """Return rows × k columns and their values, best first, equal ones by the lower column; -1 and 0 where fewer are there.

    Only values above zero count. Raises ``ValueError`` for a k below one.
    """
    held = trimmed(table, k)
    columns = np.full((held.shape[0], k), -1, np.int64)
    values = np.zeros((held.shape[0], k))
    there = np.arange(k) < np.diff(held.indptr)[:, None]
    columns[there], values[there] = held.indices, held.data
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(columns, order, 1), np.take_along_axis(values, order, 1)


def trimmed(table: sparse.csr_array, k: int) -> sparse.csr_array:
    """Return the table with no more than the k best of each row, in ascending order of columns.

    Only values above zero count; of equal ones the lower columns stay. Raises ``ValueError`` for a k below one.
    """
    if k < 1:
        raise ValueError("k must be one or more.")
    lengths = np.diff(table.indptr)
    # Rows of about the same length lie beside each other, so that each part is one piece of memory.
    order = np.argsort(lengths, kind="stable")
    lined = table[order]
    kept = lined.data > 0
    for rows in _parts(lengths[order], k):
        cells = slice(lined.indptr[rows.start], lined.indptr[rows.stop])
        kept[cells] &= _best(lined.data[cells], lined.indices[cells], lengths[order[rows]], k)
    counts = np.zeros(len(lengths), table.indptr.dtype)
    filled = np.flatnonzero(lengths[order])
    if len(filled):
        counts[filled] = np.add.reduceat(kept, lined.indptr[filled], dtype=counts.dtype)
    starts = np.concatenate([[0], np.cumsum(counts)])
    held = sparse.csr_array((lined.data[kept], lined.indices[kept], starts), shape=table.shape)
    held = held[np.argsort(order)]
    held.sort_indices()
    return held


def narrow(table: sparse.csr_array) -> sparse.csr_array:
    """Return the table with its places as 32-bit numbers where they fit: products of it take half the time."""
    if max(table.nnz, *table.shape) > np.iinfo(np.int32).max:
        return table
    places = (table.indices.astype(np.int32, copy=False), table.indptr.astype(np.int32, copy=False))
    return sparse.csr_array((table.data, *places), shape=table.shape)


def _parts(lengths: NDArray[np.integer], k: int) -> Iterator[slice]:
    """Yield rows of more than k cells, of about the same length, few enough to be laid out; lengths are ascending."""
    start = int(np.searchsorted(lengths, k, side="right"))
    while start < len(lengths):
        alike = int(np.searchsorted(lengths, lengths[start] + lengths[start] // 4 + 16, side="right"))
        stop = min(alike, start + max(1, _CELLS // int(lengths[alike - 1])))
        yield slice(start, stop)
        start = stop


def _best(
    data: NDArray[np.floating], columns: NDArray[np.integer], lengths: NDArray[np.integer], k: int
) -> NDArray[np.bool_]:
    """Return which cells of some rows are among the k best of theirs; rows are longer than k, and have k above zero."""
    there = np.arange(int(lengths[-1])) < lengths[:, None]
    held = np.full(there.shape, -np.inf, np.result_type(data, np.float32))
    held[there] = data
    edge = np.partition(held, -k, axis=1)[:, [-k]]
    best = held >= edge
    tied = np.flatnonzero(best.sum(axis=1) > k)
    if len(tied):
        _break_ties(best, held[tied], edge[tied], tied, np.cumsum(lengths)[tied] - lengths[tied], columns, k)
    return np.asarray(best[there])


def _break_ties(
    best: NDArray[np.bool_],
    held: NDArray[np.floating],
    edge: NDArray[np.floating],
    rows: NDArray[np.int64],
    begin: NDArray[np.integer],
    columns: NDArray[np.integer],
    k: int,
) -> None:
    """Take the higher columns of those out of ``best`` that are equal at the edge of some rows."""
    room = k - np.count_nonzero(held > edge, axis=1)
    row, place = np.nonzero(held == edge)
    order = np.lexsort((columns[begin[row] + place], row))
    row, place = row[order], place[order]
    beyond = np.arange(len(row)) - np.searchsorted(row, row) >= room[row]
    best[rows[row[beyond]], place[beyond]] = False
