"""Trending and new arrivals: what people nobody knows are shown, and what fills a list that has nothing better left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.trend import buyers
from regulars.recommend.interactions import Interactions

RECENT_DAYS = 14
NEW_DAYS = 28


@dataclass(frozen=True)
class Trending:
    """What is bought now, and what was not there before; one score an item."""

    now: NDArray[np.float64]
    """Buyers in the last 14 days; among equals those with more buyers ever."""
    arrivals: NDArray[np.float64]
    """Buyers a day since it was first bought, zero for what was there more than 28 days ago."""
    ever: NDArray[np.float64]
    """Buyers of all days."""
    near: sparse.csr_array
    """Countries × items: buyers in the last 14 days by where their orders went; no rows where no order names a country."""
    countries: tuple[str, ...] = ()
    """Those that the rows are of."""


def fit(data: Interactions) -> Trending:
    """Count buyers; each guest's order is one of its own."""
    ever = _buyers(data)
    now = _buyers(data.recent(RECENT_DAYS)) + ever / (ever.sum() + 1.0)
    first = np.full(data.items, data.end)
    np.minimum.at(first, data.item, data.day)
    age = data.end - first
    began = int(data.day.min()) if len(data) else data.end
    new = (ever > 0) & (age <= NEW_DAYS) & (first > began)
    return Trending(
        now, np.where(new, ever / np.maximum(age, 1), 0.0), ever, _by_country(data), data.countries
    )


def _buyers(data: Interactions) -> NDArray[np.float64]:
    return buyers(_who(data), data.item, data.items)


def _who(data: Interactions) -> NDArray[np.int64]:
    _, order = np.unique(data.order, return_inverse=True)
    return np.where(data.person >= 0, data.person, data.people + order)


def _by_country(data: Interactions) -> sparse.csr_array:
    shape = len(data.countries), data.items
    if data.place is None:
        return sparse.csr_array(shape)
    recent = data.recent(RECENT_DAYS)
    place = np.asarray(recent.place)
    rows = np.unique(np.column_stack([_who(recent), place, recent.item])[place >= 0], axis=0)
    return sparse.csr_array(sparse.coo_array((np.ones(len(rows)), (rows[:, 1], rows[:, 2])), shape=shape))
