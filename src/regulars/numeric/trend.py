"""What sells now, beside what ever sold: the cheapest lever there is for things a person does not know yet."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from regulars.numeric.fit import Floats
from regulars.numeric.repeat_purchase import times_bought
from regulars.numeric.shrinkage import shrunk_share

__all__ = ["buyers", "recent_share", "trend"]


def buyers(person: ArrayLike, item: ArrayLike, items: int) -> Floats:
    """Return how many different people bought each item (people and items numbered from zero)."""
    pairs = times_bought(person, item, items)
    return np.bincount(pairs.indices, minlength=items).astype(float)


def recent_share(recent: ArrayLike, ever: ArrayLike, *, strength: float | None = None) -> Floats:
    """Return the share of each item's buyers who bought it lately, drawn towards the share over all items.

    ``recent`` and ``ever`` count buyers, recent ≤ ever; ``strength`` is how many buyers the average counts for, by default as many
    as the shares themselves say (:func:`~regulars.numeric.shrinkage.prior_strength`): where nothing is on its way up or down beyond
    chance, all items have one share. Raises ``ValueError`` for counts that contradict each other, or a strength that is not above zero.
    """
    return shrunk_share(recent, ever, strength)


def trend(recent: ArrayLike, ever: ArrayLike, *, strength: float | None = None, power: float = 1.0) -> Floats:
    """Return a factor for each item's score: its recent share over that of all items, to a power.

    Above one is on its way up; zero power switches it off, and so does a time in which nobody bought anything. ``strength`` as in
    :func:`recent_share`.
    """
    share = recent_share(recent, ever, strength=strength)
    overall = float(np.sum(recent)) / max(float(np.sum(ever)), 1.0)
    return (share / overall) ** power if overall > 0 else np.ones_like(share)
