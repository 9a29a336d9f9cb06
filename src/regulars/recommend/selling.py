"""Up-sell and cross-sell: which of the things that go together cost a little more, or are of another kind."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.catalogue import NONE, Catalogue

LEAST_RATIO, MOST_RATIO = 1.1, 1.8
"""A step up costs more than the thing itself, but not so much that it is another decision."""


def step_up(catalogue: Catalogue, item: int) -> NDArray[np.float64]:
    """Return a factor an item: its margin (or its price, where costs are unknown) if it is a step up, zero if not.

    A step up is of the same category and costs 1.1 to 1.8 times as much; nothing is where category or price is unknown.
    """
    price = catalogue.prices
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = price / price[item]
        fits = (ratio >= LEAST_RATIO) & (ratio <= MOST_RATIO) & _same_kind(catalogue, [item])
        left = np.where(np.isnan(catalogue.costs), price, price - catalogue.costs)
    return np.where(fits, np.maximum(left, 0.0), 0.0)


def other_kind(catalogue: Catalogue, items: Sequence[int]) -> NDArray[np.float64]:
    """Return a factor an item: one outside the categories of some items, zero within them or where it has none."""
    return ((catalogue.kinds.codes != NONE) & ~_same_kind(catalogue, items)).astype(float)


def _same_kind(catalogue: Catalogue, items: Sequence[int]) -> NDArray[np.bool_]:
    codes = catalogue.kinds.codes
    return np.isin(codes, [kind for kind in set(codes[list(items)].tolist()) if kind != NONE])
