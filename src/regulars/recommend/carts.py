"""Cart completion held against orders of the window: hide one of what each held, and see who brings it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.numeric import ranking
from regulars.numeric.ranking import Interval
from regulars.recommend.components.shape import Scores
from regulars.recommend.interactions import told_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from regulars.recommend.model import Model
    from regulars.recommend.windows import Window

TITLES = {
    "together": mark("Bought together"),
    "cosine": mark("Cosine of shared orders"),
    "popularity": mark("What most orders hold"),
}
MOST_CARTS = 10_000
_CELLS = 1 << 23


@dataclass(frozen=True)
class CartScore:
    """How often the hidden item was among the first ten, and how far up."""

    name: str
    carts: int
    hit: Interval
    mrr: float


def scores(window: Window, model: Model) -> tuple[CartScore, ...]:
    """Score cart completion and its baselines; nothing where no order of the window holds two listed items."""
    carts, hidden = hide_one(window)
    if not len(hidden):
        return ()
    cosine, counts = _cosine(model.data.orders)
    ways: dict[str, Callable[[sparse.csr_array], Scores]] = {
        "together": model.together.scores,
        "cosine": lambda rows: np.asarray((rows @ cosine).toarray()),
        "popularity": lambda rows: np.broadcast_to(counts, rows.shape),
    }
    return tuple(_score(name, way, carts, hidden, window.listed) for name, way in ways.items())


def hide_one(window: Window, seed: int = 0) -> tuple[sparse.csr_array, NDArray[np.int64]]:
    """Return the orders with two or more listed items, without one of them each, and which one that was."""
    listed = sparse.diags_array(window.listed.astype(float))
    orders = sparse.csr_array(window.after.known.orders @ listed)
    orders.eliminate_zeros()
    orders = orders[np.flatnonzero(np.diff(orders.indptr) >= 2)[:MOST_CARTS]]
    size = np.diff(orders.indptr)
    place = orders.indptr[:-1] + np.random.default_rng(seed).integers(size) if len(size) else size
    hidden = orders.indices[place].astype(np.int64)
    orders.data[place] = 0.0
    orders.eliminate_zeros()
    return orders, hidden


def _score(
    name: str,
    way: Callable[[sparse.csr_array], Scores],
    carts: sparse.csr_array,
    hidden: NDArray[np.int64],
    listed: NDArray[np.bool_],
) -> CartScore:
    hits, ranks = [], []
    step = max(1, _CELLS // carts.shape[1])
    for start in range(0, len(hidden), step):
        rows, wanted = carts[start : start + step], hidden[start : start + step]
        held = np.where(listed & ~(rows.toarray() > 0), way(rows), -np.inf)
        lists = ranking.top_k(held, 20)
        truth = sparse.csr_array((np.ones(len(wanted)), (np.arange(len(wanted)), wanted)), shape=rows.shape)
        hits.append(ranking.hit(lists, truth, 10))
        ranks.append(ranking.reciprocal_rank(lists, truth, 20))
    found = np.concatenate(hits)
    return CartScore(name, len(hidden), ranking.bootstrap(found), float(np.mean(np.concatenate(ranks))))


def _cosine(orders: sparse.csr_array) -> tuple[sparse.csr_array, NDArray[np.float64]]:
    pairs = told_apart(orders)
    gram = sparse.csr_array(pairs.T @ pairs)
    counts = np.asarray(orders.sum(axis=0), float).ravel()
    root = sparse.diags_array(1 / np.sqrt(np.maximum(counts, 1.0)))
    gram.setdiag(0.0)
    return sparse.csr_array(root @ gram @ root), counts
