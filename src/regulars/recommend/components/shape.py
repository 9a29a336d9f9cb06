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
