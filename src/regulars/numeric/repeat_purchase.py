"""What a person will buy again: how often and how lately they bought it, times how often it is bought again at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["decayed_frequency", "repeat_rate"]


def decayed_frequency(
    person: ArrayLike, item: ArrayLike, age_days: ArrayLike, shape: tuple[int, int], *, half_life_days: float
) -> sparse.csr_array:
    """Return people × items: the sum over purchases of ½ to the power age / half-life.

    One entry of ``person``, ``item`` (numbered from zero) and ``age_days`` (≥ 0) a purchase; ``shape`` is (people, items).
    Raises ``ValueError`` for a half-life that is not above zero, or an age below zero.
    """
    age = np.asarray(age_days, float)
    if not half_life_days > 0:
        raise ValueError("The half-life must be above zero.")
    if np.any(~(age >= 0)):
        raise ValueError("Ages must not be negative.")
    cells = 0.5 ** (age / half_life_days), (np.asarray(person, np.int64), np.asarray(item, np.int64))
    return sparse.csr_array(sparse.coo_array(cells, shape=shape))


def repeat_rate(person: ArrayLike, item: ArrayLike, items: int, *, strength: float = 5.0) -> Floats:
    """Return for each item the share of its buyers who bought it more than once, drawn towards that of all items.

    One entry a purchase: a person who buys an item twice has two. ``strength`` is how many buyers the average over all
    items counts for. Raises ``ValueError`` unless it is above zero.
    """
    if not strength > 0:
        raise ValueError("strength must be above zero.")
    of, times = _pairs(person, item, items)
    buyers = np.bincount(of, minlength=items).astype(float)
    again = np.bincount(of[times > 1], minlength=items).astype(float)
    overall = again.sum() / max(buyers.sum(), 1.0)
    return (again + strength * overall) / (buyers + strength)


def _pairs(person: ArrayLike, item: ArrayLike, items: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the item of each person–item pair, and how often the person bought it."""
    cell = np.asarray(person, np.int64) * max(items, 1) + np.asarray(item, np.int64)
    pairs, times = np.unique(cell, return_counts=True)
    return pairs % max(items, 1), times
