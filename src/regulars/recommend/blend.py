"""For you: what to buy again and what is new to a person on one scale, the best of each of them measured by its own best."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.components.shape import Scores


def blend(again: Scores, new: Scores, weight: float) -> Scores:
    """Return people × items: each side divided by its best a person, and ``weight`` for the second of them."""
    return relative(again) + weight * relative(new)


def relative(scores: Scores) -> Scores:
    """Divide each row by its highest score; rows of zeros stay."""
    best = scores.max(axis=1, keepdims=True, initial=0.0)
    return np.asarray(scores / np.where(best > 0, best, 1.0))


def side_by_side(
    one: tuple[NDArray[np.int64], NDArray[np.float64]], other: tuple[NDArray[np.int64], NDArray[np.float64]]
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the items of either side in ascending order, and both sides' scores of them, zero where a side has none."""
    items = np.union1d(one[0], other[0])
    scores = np.zeros((2, len(items)))
    for row, (named, found) in zip(scores, (one, other), strict=True):
        row[np.searchsorted(items, named)] = found
    return items, scores[0], scores[1]
