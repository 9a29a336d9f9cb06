"""Item-to-item neighbours that know who came after whom: what was bought soon after something counts most.

A basket is one visit of one person, and a step leads from one visit to the next. Item j is near item i when people who
buy i buy j with it or a few steps later; the other way round counts less. Large baskets say little about each of
their pairs, and old ones little about today. The idea of decay along a sequence is that of Garg et al., "Sequence and
Time Aware Neighborhood for Session-based Recommendations" (SIGIR 2019); the asymmetric normalisation that of Deshpande
and Karypis, "Item-Based Top-N Recommendation Algorithms" (2004).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["Sequence", "best_per_row", "neighbours", "profiles"]

_CELLS = 1 << 25
"""How many cells of the item × item table are held at a time."""


@dataclass(frozen=True, slots=True)
class Sequence:
    """How much a pair of items in two baskets of one person counts, and how counts become nearness."""

    window: int = 10
    """Steps between two baskets beyond which a pair is none."""
    step: float = 0.8
    """What each step leaves of a pair's weight."""
    backward: float = 0.5
    """Weight of a pair whose target came first."""
    together: float = 1.0
    """Weight of a pair within one basket."""
    size_power: float = 0.5
    """A basket of s items weighs s to minus this power; both baskets of a pair do, a pair within one has it once."""
    source_power: float = 0.5
    target_power: float = 0.6
    """A pair's count is divided by its items' own masses, each to a power: a higher one favours rarer items."""


def neighbours(
    baskets: sparse.csr_array,
    owner: ArrayLike,
    weight: ArrayLike,
    sequence: Sequence | None = None,
    *,
    top: int = 100,
) -> sparse.csr_array:
    """Return items × items, row i holding the ``top`` nearest of item i: [i, j] says how much i speaks for j.

    ``baskets`` is baskets × items with ones, in the order of ``owner`` (whole numbers, ascending) and, within an owner, of
    time. ``weight`` (≥ 0, one a basket) counts the later basket of a pair; ``0.5 ** (age / half-life)`` forgets. Nothing
    is its own neighbour; equal nearness goes to the lower item. Raises ``ValueError`` for shapes or numbers that cannot be.
    """
    how = sequence or Sequence()
    who, weights = _checked(baskets, owner, weight)
    if top < 1 or how.window < 0:
        raise ValueError("top must be one or more, and the window no less than zero.")
    size = np.maximum(np.diff(baskets.indptr), 1).astype(float) ** how.size_power
    light = sparse.csr_array(sparse.diags_array(1 / size) @ baskets).astype(np.float32)
    heard = sparse.csr_array(sparse.diags_array(weights / size) @ baskets).astype(np.float32)
    earlier = sparse.csr_array(_links(who, how.window, how.step).astype(np.float32) @ light)
    # Items hardly ever bought would divide by next to nothing.
    mass = np.asarray(heard.sum(axis=0)).ravel() + 1.0
    scale = (mass**-how.target_power).astype(np.float32)
    held = baskets.astype(np.float32)
    if baskets.shape[1] ** 2 <= _CELLS:
        # What came before is what comes after, seen from the other item: one product serves both ways.
        counts = (earlier.T @ heard).toarray()
        counts = counts + how.backward * counts.T + how.together * (held.T @ heard).toarray()
        np.fill_diagonal(counts, 0.0)
        parts = [best_per_row(counts * scale, 0, top)]
    else:
        led = sparse.csr_array(earlier + np.float32(how.together) * held)
        parts = [
            best_per_row(_nearness(led, earlier, heard, rows, how.backward) * scale, rows.start, top)
            for rows in _chunks(baskets.shape[1])
        ]
    near = _stacked(parts, baskets.shape[1])
    return sparse.csr_array(sparse.diags_array(mass**-how.source_power) @ near)


def _nearness(
    led: sparse.csr_array, earlier: sparse.csr_array, heard: sparse.csr_array, rows: slice, backward: float
) -> Floats:
    """Return the counts of some source items with all targets, densely; pairs within a basket go with what led to it."""
    counts = (led[:, rows].T @ heard).toarray()
    counts += np.float32(backward) * (heard[:, rows].T @ earlier).toarray()
    counts[np.arange(counts.shape[0]), np.arange(rows.start, rows.stop)] = 0.0
    return counts


def profiles(
    baskets: sparse.csr_array, owner: ArrayLike, people: int, *, decay: float = 0.5
) -> sparse.csr_array:
    """Return people × items: what each person bought, weighing ``decay`` a step less the longer ago it was.

    ``owner`` numbers the people from zero; their latest basket weighs one. Raises ``ValueError`` as :func:`neighbours` does,
    and for a decay outside (0, 1].
    """
    who, _ = _checked(baskets, owner, np.ones(baskets.shape[0]))
    if not 0 < decay <= 1:
        raise ValueError("decay must lie in (0, 1].")
    if len(who) and not 0 <= who[0] <= who[-1] < people:
        raise ValueError("owners must be numbered from zero, below people.")
    count = np.bincount(who, minlength=people)
    ago = np.cumsum(count)[who] - 1 - np.arange(len(who))
    # Two hundred steps back is nothing at all, and powers beyond it only cost time.
    weight = np.where(ago < 200, decay ** np.minimum(ago, 200), 0.0)
    chooser = sparse.csr_array((weight, (who, np.arange(len(who)))), shape=(people, len(who)))
    found = sparse.csr_array(chooser @ baskets)
    found.eliminate_zeros()
    return found


def best_per_row(scores: Floats, first: int, top: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
    """Return (row, column, score) of the ``top`` positive scores a row, best first; ties go to the lower column.

    ``first`` is the number of the first row, for tables that come in parts.
    """
    held = scores
    if top < scores.shape[1]:
        edge = np.partition(scores, -top, axis=1)[:, [-top]]
        held = np.where(scores >= edge, scores, 0)
    row, column = (place.astype(np.int64) for place in np.nonzero(held > 0))
    value = held[row, column]
    order = np.lexsort((column, -value, row))
    row, column, value = row[order], column[order], value[order]
    starts = np.searchsorted(row, np.arange(scores.shape[0]))
    kept = np.arange(len(row)) - starts[row] < top
    return row[kept] + first, column[kept], value[kept]


def _links(who: NDArray[np.int64], window: int, step: float) -> sparse.csr_array:
    """Return baskets × baskets: each one's weight on the baskets of its owner up to ``window`` steps before it."""
    n, rows, columns, weights = len(who), [], [], []
    for back in range(1, min(window, n - 1) + 1):
        later = np.flatnonzero(who[back:] == who[:-back]) + back
        rows.append(later)
        columns.append(later - back)
        weights.append(np.full(len(later), step**back))
    if not rows:
        return sparse.csr_array((n, n))
    cells = np.concatenate(weights), (np.concatenate(rows), np.concatenate(columns))
    return sparse.csr_array(cells, shape=(n, n))


def _chunks(items: int) -> Iterator[slice]:
    size = max(1, _CELLS // max(items, 1))
    for start in range(0, items, size):
        yield slice(start, min(start + size, items))


def _stacked(
    parts: list[tuple[NDArray[np.int64], NDArray[np.int64], Floats]], items: int
) -> sparse.csr_array:
    if not parts:
        return sparse.csr_array((items, items))
    row, column, value = (np.concatenate(found) for found in zip(*parts, strict=True))
    return sparse.csr_array((value.astype(float), (row, column)), shape=(items, items))


def _checked(
    baskets: sparse.csr_array, owner: ArrayLike, weight: ArrayLike
) -> tuple[NDArray[np.int64], Floats]:
    who, weights = np.asarray(owner, np.int64).ravel(), np.asarray(weight, float).ravel()
    if not len(who) == len(weights) == baskets.shape[0]:
        raise ValueError("There must be one owner and one weight a basket.")
    if np.any(np.diff(who) < 0):
        raise ValueError("Baskets must come owner by owner, in ascending order.")
    if not np.isfinite(weights).all() or np.any(weights < 0):
        raise ValueError("Weights must be finite and not negative.")
    return who, weights
