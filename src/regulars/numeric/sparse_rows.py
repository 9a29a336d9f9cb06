"""The best of each row of a sparse table, without ever laying the table out."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["best_of_rows", "trimmed"]

_CELLS = 1 << 22


def best_of_rows(table: sparse.csr_array, k: int) -> tuple[NDArray[np.int64], Floats]:
    """Return rows × k columns and their values, best first, equal ones by the lower column; -1 and 0 where fewer are there.

    Only values above zero count. Raises ``ValueError`` for a k below one.
    """
    if k < 1:
        raise ValueError("k must be one or more.")
    columns = np.full((table.shape[0], k), -1, np.int64)
    values = np.zeros((table.shape[0], k))
    for rows in _parts(np.diff(table.indptr)):
        _fill(table, rows, columns, values)
    return columns, values


def trimmed(table: sparse.csr_array, k: int) -> sparse.csr_array:
    """Return the table with no more than the k best of each row, in ascending order of columns."""
    columns, values = best_of_rows(table, k)
    kept = columns >= 0
    order = np.argsort(np.where(kept, columns, table.shape[1]), axis=1, kind="stable")
    columns, values = np.take_along_axis(columns, order, 1), np.take_along_axis(values, order, 1)
    kept = columns >= 0
    starts = np.concatenate([[0], np.cumsum(kept.sum(axis=1))])
    return sparse.csr_array((values[kept], columns[kept], starts), shape=table.shape)


def _parts(lengths: NDArray[np.integer]) -> Iterator[NDArray[np.int64]]:
    """Yield rows of about the same length, few enough to be laid out side by side; rows without a cell are left out."""
    order = np.argsort(lengths, kind="stable")
    sizes = lengths[order]
    start = int(np.searchsorted(sizes, 0, side="right"))
    while start < len(order):
        alike = int(np.searchsorted(sizes, 2 * sizes[start] + 16, side="right"))
        stop = min(alike, start + max(1, _CELLS // int(sizes[alike - 1])))
        yield order[start:stop]
        start = stop


def _fill(
    table: sparse.csr_array, rows: NDArray[np.int64], columns: NDArray[np.int64], values: Floats
) -> None:
    """Write the best of some rows into their places."""
    begin = table.indptr[rows].astype(np.int64)
    length = table.indptr[rows + 1] - begin
    width, k = int(length.max()), columns.shape[1]
    there = np.arange(width) < length[:, None]
    cells = (begin[:, None] + np.arange(width))[there]
    held = np.zeros(there.shape, table.data.dtype)
    held[there] = table.data[cells]
    edge = np.partition(held, -k, axis=1)[:, [-k]] if k < width else 0
    row, place = np.nonzero((held >= edge) & (held > 0))
    named, found = table.indices[begin[row] + place], held[row, place]
    order = np.lexsort((named, -found, row))
    row, named, found = row[order], named[order], found[order]
    at = np.arange(len(row)) - np.searchsorted(row, row)
    kept = at < k
    columns[rows[row[kept]], at[kept]] = named[kept]
    values[rows[row[kept]], at[kept]] = found[kept]
