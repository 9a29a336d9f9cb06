"""Tables of an index in five bytes a cell instead of eight: places in 16 + 8 bits, weights in half precision times a power of two a row.

Nothing is lost: fits round their weights to what is kept here. Many rows are read at once, so that an answer costs as much as before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.components.shape import scales
from regulars.recommend.serving import Places, Rows

_LOW = 16
_MOST = 1 << 24
"""Items that 24 bits tell apart."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A sparse table of which row i is ``starts[i]:starts[i + 1]`` of the other arrays."""

    starts: NDArray[np.integer]
    low: NDArray[np.uint16]
    """The lower sixteen bits of places."""
    high: NDArray[np.integer]
    """The other bits; empty where all of them are zero."""
    halves: NDArray[np.float16]
    scales: NDArray[np.float64]
    """What the weights of each row are multiplied by: powers of two."""

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return items and weights of one row."""
        _, items, weights = self.rows([number])
        return items, weights

    def rows(self, numbers: Sequence[int]) -> tuple[Places, NDArray[np.integer], NDArray[np.floating]]:
        """Return the sizes of some rows, and their items and weights one after another."""
        ends = [(int(self.starts[number]), int(self.starts[number + 1])) for number in numbers]
        sizes = np.array([end - begin for begin, end in ends], np.int64)
        if not ends:
            return sizes, np.zeros(0, np.int32), np.zeros(0)
        items = np.concatenate([self.low[begin:end] for begin, end in ends], dtype=np.int32)
        if len(self.high):
            high = np.concatenate([self.high[begin:end] for begin, end in ends], dtype=np.int32)
            items |= high << _LOW
        weights = np.concatenate([self.halves[begin:end] for begin, end in ends], dtype=np.float64)
        weights *= np.repeat(self.scales[list(numbers)], sizes)
        return sizes, items, weights

    def table(self, items: int) -> sparse.csr_array:
        """Return the same as rows × ``items``, unpacked."""
        places = self.low.astype(np.int32)
        if len(self.high):
            places |= self.high.astype(np.int32) << _LOW
        weights = self.halves.astype(np.float64) * np.repeat(self.scales, np.diff(self.starts))
        return sparse.csr_array((weights, places, self.starts), shape=(len(self), items))


def pack(rows: Rows, items: int) -> dict[str, NDArray[Any]]:
    """Return the arrays of a table whose weights were rounded as :func:`~regulars.recommend.components.shape.halves` does.

    Raises ``ValueError`` for weights that were not, as answers from files would not be those of the fit.
    """
    scale = scales(rows.table(items))
    each = np.repeat(scale, np.diff(rows.starts))
    halves = (rows.weights / each).astype(np.float16)
    if not np.array_equal(halves * each, rows.weights):
        raise ValueError("Weights must have eleven binary digits.")
    high = rows.items >> _LOW if items > 1 << _LOW else np.zeros(0)
    return {
        "starts": rows.starts.astype(np.int64),
        "low": (rows.items & ((1 << _LOW) - 1)).astype(np.uint16),
        "high": high.astype(np.uint8 if items <= _MOST else np.uint16),
        "halves": halves,
        "scales": scale,
    }
