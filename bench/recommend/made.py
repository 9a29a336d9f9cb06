"""Shops of a chosen size, made by numpy: orders by popularity and taste, and tables as full as they can be."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from regulars.recommend import Interactions, Recommender
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components.buy_again import BuyAgain
from regulars.recommend.components.neighbours import Neighbours
from regulars.recommend.components.shape import halves
from regulars.recommend.components.together import Together
from regulars.recommend.components.trending import Trending
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.tuning import Tuned

PEOPLE = 1000


def catalogue(items: int) -> Catalogue:
    """Return products with ids, titles of forty letters, categories, prices and costs."""
    ids = tuple(f"sku-{item:07d}" for item in range(items))
    prices = np.random.default_rng(0).uniform(1, 100, items)
    titles = tuple(f"{name}, something with a title of a length" for name in ids)
    return Catalogue(ids, titles, tuple(f"category {item % 40}" for item in range(items)), prices, prices / 2)


def orders(lines: int, people: int, items: int, seed: int = 0) -> Interactions:
    """Return about so many lines over two years: popular items by a power law, half of the lines of one taste in fifty."""
    rng = np.random.default_rng(seed)
    count = lines // 3
    who = np.sort(rng.integers(people, size=count))
    day = rng.integers(19_000, 19_730, count)
    size = np.minimum(rng.geometric(1 / 3, count), 40)
    order = np.repeat(np.arange(count), size)
    person = who[order]
    place = (items * rng.random(len(order)) ** 2.2).astype(np.int64)
    tasteful = rng.random(len(order)) < 0.5
    item = np.where(tasteful, place - place % 50 + person % 50, place).clip(0, items - 1)
    # Items come in no order of popularity.
    item = rng.permutation(items)[item]
    keys = np.unique(order * items + item)
    order, item = keys // items, keys % items
    rank = np.lexsort((item, order, day[order], who[order]))
    order, item = order[rank], item[rank]
    return Interactions(
        who[order],
        order,
        item,
        day[order],
        19_730,
        tuple(f"customer {person:07d}" for person in range(people)),
        catalogue(items),
    )


def full_rows(items: int, near: int, together: int) -> Recommender:
    """Return a recommender whose every row is full, which is the most an index of so many items can hold."""
    data = orders(20_000, PEOPLE, items)
    model = Model(data, Parameters())
    rng = np.random.default_rng(2)
    held = {
        "neighbours": Neighbours(
            _full(items, near, rng), rng.uniform(0.5, 2, items), _people(data.owned, rng)
        ),
        "again": BuyAgain(_people(data.owned, rng), rng.uniform(0.1, 1, items), rng.uniform(0, 1, items)),
        "together": Together(_full(items, together, rng)),
        "trending": Trending(
            rng.exponential(1, items),
            np.zeros(items),
            np.full(items, 100.0),
            sparse.csr_array((0, items)),
        ),
    }
    model.__dict__.update(held)
    return Recommender(model, Tuned(Parameters(), 0))


def _full(items: int, width: int, rng: np.random.Generator) -> sparse.csr_array:
    columns = np.sort(rng.integers(0, items - width, (items, width)), axis=1) + np.arange(width)
    weights = rng.random(items * width)
    starts = np.arange(items + 1) * width
    return halves(sparse.csr_array((weights, columns.ravel(), starts), shape=(items, items)))


def _people(owned: sparse.csr_array, rng: np.random.Generator) -> sparse.csr_array:
    weights = rng.random(owned.nnz).astype(np.float32).astype(float)
    return sparse.csr_array((weights, owned.indices, owned.indptr), shape=owned.shape)
