"""How good a list of recommendations was: what of it came true, and how far up it stood.

``ranked`` is people × k item numbers, best first, -1 where a list is shorter; ``relevant`` is people × items, not zero
where the person really chose the item. Each figure is one number a person, NaN for people who chose nothing:
they say nothing about a list. Definitions as in Järvelin and Kekäläinen (2002) and Voorhees (1999).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["Interval", "bootstrap", "catalogue_coverage", "hit", "ndcg", "recall", "reciprocal_rank", "top_k"]

_RESAMPLED = 1 << 22


class Interval(NamedTuple):
    """A mean and the interval around it."""

    mean: float
    low: float
    high: float


def top_k(scores: ArrayLike, k: int) -> NDArray[np.int64]:
    """Return people × k: the columns of the highest scores, best first, equal ones by the lower column.

    Minus infinity is never listed: -1 stands where fewer are left. Raises ``ValueError`` for NaN or a k below one.
    """
    table = np.asarray(scores, float)
    if k < 1 or table.ndim != 2 or np.isnan(table).any():
        raise ValueError("scores must be a table of numbers, and k one or more.")
    width = min(k, table.shape[1])
    found = np.full((len(table), k), -1)
    if not width:
        return found
    edge = np.partition(table, -width, axis=1)[:, [-width]]
    row, column = np.nonzero((table >= edge) & (table > -np.inf))
    order = np.lexsort((column, -table[row, column], row))
    row, column = row[order], column[order]
    place = np.arange(len(row)) - np.searchsorted(row, row)
    kept = place < width
    found[row[kept], place[kept]] = column[kept]
    return found


def ndcg(ranked: ArrayLike, relevant: sparse.csr_array, k: int = 10) -> Floats:
    """Return the normalised discounted cumulative gain at k: 1 is every place taken by something chosen."""
    found, chosen = _found(ranked, relevant, k)
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.concatenate([[np.nan], np.cumsum(discount)])[np.minimum(chosen, k)]
    return found @ discount[: found.shape[1]] / best


def recall(ranked: ArrayLike, relevant: sparse.csr_array, k: int = 20) -> Floats:
    """Return the share of what each person chose that stands in the first k places."""
    found, chosen = _found(ranked, relevant, k)
    return found.sum(axis=1) / _or_nan(chosen)


def reciprocal_rank(ranked: ArrayLike, relevant: sparse.csr_array, k: int = 10) -> Floats:
    """Return one over the place of the first item that was chosen, zero when none of the first k was."""
    found, chosen = _found(ranked, relevant, k)
    first = np.where(found.any(axis=1), 1 / (1 + found.argmax(axis=1)), 0.0)
    return np.where(chosen > 0, first, np.nan)


def hit(ranked: ArrayLike, relevant: sparse.csr_array, k: int = 10) -> Floats:
    """Return 1 for each person of whose choices at least one stands in the first k places, else 0."""
    found, chosen = _found(ranked, relevant, k)
    return np.where(chosen > 0, found.any(axis=1), np.nan)


def catalogue_coverage(ranked: ArrayLike, items: int) -> float:
    """Return the share of ``items`` that stand in anybody's list."""
    shown = np.unique(np.asarray(ranked))
    return float(np.sum(shown >= 0)) / max(items, 1)


def bootstrap(
    ours: ArrayLike,
    theirs: ArrayLike | None = None,
    *,
    level: float = 0.95,
    repetitions: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return the mean over people with its percentile interval; of ``ours - theirs`` where both are given (paired).

    People whose figure is NaN are left out, in a pair if either is. Resamples people; the same seed gives the same
    interval. Raises ``ValueError`` when nobody is left, lengths differ, or the level lies outside (0, 1).
    """
    values = np.asarray(ours, float) - (0.0 if theirs is None else np.asarray(theirs, float))
    values = values[~np.isnan(values)]
    if not len(values) or not 0 < level < 1 or repetitions < 1:
        raise ValueError("There must be somebody to resample, a level in (0, 1) and one repetition or more.")
    rng, means = np.random.default_rng(seed), np.empty(repetitions)
    step = max(1, _RESAMPLED // len(values))
    for start in range(0, repetitions, step):
        count = min(step, repetitions - start)
        means[start : start + count] = values[rng.integers(len(values), size=(count, len(values)))].mean(
            axis=1
        )
    low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def _found(
    ranked: ArrayLike, relevant: sparse.csr_array, k: int
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """Return which of the first k places hold something chosen, and how much each person chose."""
    lists = np.asarray(ranked, np.int64)
    if lists.ndim != 2 or len(lists) != relevant.shape[0] or k < 1:
        raise ValueError("There must be one list a person, and k must be one or more.")
    lists = lists[:, :k]
    items = relevant.shape[1]
    if lists.size and lists.max() >= items:
        raise ValueError("Lists name items that are not there.")
    chosen = sparse.coo_array(relevant)
    there = chosen.data != 0
    cells = np.unique(chosen.row[there].astype(np.int64) * items + chosen.col[there])
    wanted = np.arange(len(lists))[:, None] * items + lists
    count = np.bincount(cells // max(items, 1), minlength=len(lists))
    return np.isin(wanted, cells) & (lists >= 0), count


def _or_nan(counts: NDArray[np.int64]) -> Floats:
    return np.where(counts > 0, counts, np.nan)
