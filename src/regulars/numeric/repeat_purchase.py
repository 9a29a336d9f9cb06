"""What a person will buy again: how often and how lately they bought it, times how often it is bought again at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import sparse

from regulars.numeric.fit import Floats
from regulars.numeric.shrinkage import shrunk_share

__all__ = ["decayed_frequency", "repeat_rate", "times_bought"]


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


def repeat_rate(person: ArrayLike, item: ArrayLike, items: int, *, strength: float | None = None) -> Floats:
    """Return for each item the share of its buyers who bought it more than once, drawn towards that of all items.

    One entry a purchase: a person who buys an item twice has two. ``strength`` is how many buyers the average over all
    items counts for, by default as many as the shares themselves say (:func:`~regulars.numeric.shrinkage.prior_strength`). Raises
    ``ValueError`` unless it is above zero.
    """
    times = times_bought(person, item, items)
    buyers = np.bincount(times.indices, minlength=items).astype(float)
    again = np.bincount(times.indices[times.data > 1], minlength=items).astype(float)
    return shrunk_share(again, buyers, strength)


def times_bought(person: ArrayLike, item: ArrayLike, items: int) -> sparse.csr_array:
    """Return people × items: how often each person (numbered from zero) bought each item, one entry a purchase."""
    who = np.asarray(person, np.int64)
    cells = np.ones(len(who)), (who, np.asarray(item, np.int64))
    # Turning triplets into rows adds equal cells up in linear time; sorting pairs would take ten times as long.
    return sparse.csr_array(sparse.coo_array(cells, shape=(int(who.max(initial=-1)) + 1, items)))
