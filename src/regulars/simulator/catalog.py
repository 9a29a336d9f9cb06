"""The shop's products: titles from the categories' words, prices to the cent, favourites by popularity, companions."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from regulars.simulator.draws import inverse_table, stream
from regulars.simulator.world import World

FIRST_ID = 1001


@dataclass(frozen=True)
class Catalog:
    """One row a product in every array, shelves one after the other."""

    titles: list[str]
    category: NDArray[np.int64]
    price: NDArray[np.int64]
    """Cents, tax included."""
    cost: NDArray[np.int64]
    """Cents, without tax."""
    popularity: NDArray[np.float64]
    """Chance within its category when nobody has a favourite."""
    companion: NDArray[np.int64]
    """Product that follows it into the basket; itself where there is none."""
    tax_percent: NDArray[np.float64]
    refund_share: NDArray[np.float64]
    first: NDArray[np.int64]
    """(categories + 1): where each shelf begins."""
    tables: NDArray[np.int64]
    """(categories, entries): products in proportion to popularity."""

    @property
    def ids(self) -> NDArray[np.int64]:
        """Product ids as the shop writes them."""
        return np.arange(FIRST_ID, FIRST_ID + len(self.titles))


def catalog(world: World) -> Catalog:
    """Draw the products of a world."""
    rng = stream(world.seed, "catalog")
    titles: list[str] = []
    sizes = []
    for shelf in world.categories:
        names = _titles(shelf.first_words or (shelf.name,), shelf.second_words, shelf.unit)
        titles += names
        sizes.append(len(names))
    first = np.concatenate([[0], np.cumsum(sizes)])
    category = np.repeat(np.arange(len(sizes)), sizes)
    low, high = (
        np.array([getattr(c, side) for c in world.categories]) for side in ("price_low", "price_high")
    )
    price = _prices(rng, low[category], high[category])
    tax = np.array([c.tax_percent for c in world.categories], dtype=float)[category]
    cost = np.rint(price / (1 + tax / 100) * rng.uniform(0.42, 0.62, len(price))).astype(np.int64)
    popularity = np.concatenate([_zipf(rng, size) for size in sizes])
    shelves = [f + inverse_table(popularity[f:end]) for f, end in pairwise(first)]
    tables = np.stack(shelves)
    refund = np.array([c.refund_share for c in world.categories])[category]
    companion = _companions(rng, world, category, first)
    return Catalog(titles, category, price, cost, popularity, companion, tax, refund, first, tables)


def _titles(first_words: tuple[str, ...], second_words: tuple[str, ...], unit: str) -> list[str]:
    names = (
        [f"{one}, {two}" for two in second_words for one in first_words]
        if second_words
        else list(first_words)
    )
    return [f"{name}, {unit}" if unit else name for name in names]


def _prices(
    rng: np.random.Generator, low: NDArray[np.float64], high: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Prices that end in 0 or 9 tenths: 2.90, 3.00, 4.90."""
    raw = low * (high / low) ** rng.random(len(low))
    return (np.rint(raw * 10) * 10).astype(np.int64)


def _zipf(rng: np.random.Generator, size: int) -> NDArray[np.float64]:
    weight = 1.0 / (rng.permutation(size) + 2.0) ** 0.8
    return np.asarray(weight / weight.sum())


def _companions(
    rng: np.random.Generator, world: World, category: NDArray[np.int64], first: NDArray[np.int64]
) -> NDArray[np.int64]:
    names = [c.name for c in world.categories]
    companion = np.arange(len(category))
    for number, shelf in enumerate(world.categories):
        if shelf.companion not in names:
            continue
        other = names.index(shelf.companion)
        mine = category == number
        companion[mine] = rng.integers(first[other], first[other + 1], int(mine.sum()))
    return companion
