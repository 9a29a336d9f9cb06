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
        _fill(table, rows, columns[rows], values[rows])
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


def _parts(lengths: NDArray[np.integer]) -> Iterator[slice]:
    """Yield rows in parts that are small even when each row is as long as the longest."""
    step = max(1, _CELLS // max(int(lengths.max(initial=0)), 1))
    for start in range(0, len(lengths), step):
        yield slice(start, min(start + step, len(lengths)))


def _fill(table: sparse.csr_array, rows: slice, columns: NDArray[np.int64], values: Floats) -> None:
    """Write the best of some rows into their places."""
    begin, end = int(table.indptr[rows.start]), int(table.indptr[rows.stop])
    length = np.diff(table.indptr[rows.start : rows.stop + 1])
    width, k = int(length.max(initial=0)), columns.shape[1]
    if not width:
        return
    there = np.arange(width) < length[:, None]
    held = np.zeros(there.shape, table.data.dtype)
    held[there] = table.data[begin:end]
    edge = np.partition(held, -k, axis=1)[:, [-k]] if k < width else 0
    row, place = np.nonzero((held >= edge) & (held > 0))
    named = table.indices[table.indptr[rows.start] + (np.cumsum(length) - length)[row] + place]
    found = held[row, place]
    order = np.lexsort((named, -found, row))
    row, named, found = row[order], named[order], found[order]
    at = np.arange(len(row)) - np.searchsorted(row, row)
    kept = at < k
    columns[row[kept], at[kept]] = named[kept]
    values[row[kept], at[kept]] = found[kept]
