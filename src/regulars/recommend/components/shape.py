"""What every component can do, so that blends, evaluation and serving need not know which one they hold."""

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

    def seeds(self, profile: sparse.csr_array, item: int, most: int) -> tuple[int, ...]:
        """Return the items of a single profile that speak most for an item, the strongest first."""


def strongest(weights: Scores, items: NDArray[np.int64], most: int) -> tuple[int, ...]:
    """Return the items with the highest weights above zero, ties by the lower item."""
    order = np.lexsort((items, -weights))[:most]
    return tuple(int(items[at]) for at in order if weights[at] > 0)


def contributions(
    profile: sparse.csr_array, weights: sparse.csr_array, item: int, most: int
) -> tuple[int, ...]:
    """Return the items of a profile that contribute most to ``profile @ weights`` at an item."""
    column = weights[profile.indices, [item] * len(profile.indices)]
    return strongest(np.asarray(column).ravel() * profile.data, profile.indices.astype(np.int64), most)
