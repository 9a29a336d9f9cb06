"""What sells now, beside what ever sold: the cheapest lever there is for things a person does not know yet."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from regulars.numeric.fit import Floats
from regulars.numeric.repeat_purchase import times_bought

__all__ = ["buyers", "recent_share", "trend"]


def buyers(person: ArrayLike, item: ArrayLike, items: int) -> Floats:
    """Return how many different people bought each item (people and items numbered from zero)."""
    pairs = times_bought(person, item, items)
    return np.bincount(pairs.indices, minlength=items).astype(float)


def recent_share(recent: ArrayLike, ever: ArrayLike, *, strength: float = 10.0) -> Floats:
    """Return the share of each item's buyers who bought it lately, drawn towards the share over all items.

    ``recent`` and ``ever`` count buyers, recent ≤ ever; ``strength`` is how many buyers the average counts for. Raises
    ``ValueError`` for counts that contradict each other, or a strength that is not above zero.
    """
    new, all_time = np.asarray(recent, float), np.asarray(ever, float)
    if not strength > 0:
        raise ValueError("strength must be above zero.")
    if new.shape != all_time.shape or np.any(~((new >= 0) & (new <= all_time))):
        raise ValueError("There must be as many counts of each, and no more recent buyers than buyers.")
    overall = new.sum() / max(all_time.sum(), 1.0)
    return (new + strength * overall) / (all_time + strength)


def trend(recent: ArrayLike, ever: ArrayLike, *, strength: float = 10.0, power: float = 1.0) -> Floats:
    """Return a factor for each item's score: its recent share over that of all items, to a power.

    Above one is on its way up; zero power switches it off, and so does a time in which nobody bought anything.
    """
    share = recent_share(recent, ever, strength=strength)
    overall = float(np.sum(recent)) / max(float(np.sum(ever)), 1.0)
    return (share / overall) ** power if overall > 0 else np.ones_like(share)
