"""What every component can do, so that blends and evaluation need not know which one they hold."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Scores = NDArray[np.float64]


class Component(Protocol):
    """Something fitted on interactions that scores profiles."""

    def scores(self, profiles: sparse.csr_array) -> Scores:
        """Return profiles × items, zero where a profile says nothing of an item; never negative, never NaN."""


def single(table: sparse.csr_array) -> sparse.csr_array:
    """Return a table of doubles that hold no more than single precision: what an index stores without losing a digit."""
    table.data = table.data.astype(np.float32).astype(float)
    return table


_LARGEST = 15
"""The binary exponent that the best of each row is brought to: half precision ends at 16, and loses digits below -14."""


def scales(table: sparse.csr_array) -> NDArray[np.float64]:
    """Return a power of two for each row, by which its weights are divided where they are stored in half precision."""
    best = np.zeros(table.shape[0])
    filled = np.flatnonzero(np.diff(table.indptr))
    if len(filled):
        best[filled] = np.maximum.reduceat(np.abs(table.data), table.indptr[filled])
    return np.ldexp(1.0, np.frexp(best)[1] - _LARGEST)


def halves(table: sparse.csr_array) -> sparse.csr_array:
    """Return a table whose weights have eleven binary digits, all of which an index stores.

    An eighth of a thousandth is what is lost of a weight on average; weights of less than a billionth of the best of their row are
    zero.
    """
    scale = np.repeat(scales(table), np.diff(table.indptr))
    table.data = (table.data / scale).astype(np.float16).astype(float) * scale
    return table
