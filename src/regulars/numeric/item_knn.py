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
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.kit.threads import in_order
from regulars.numeric.fit import Floats
from regulars.numeric.sparse_rows import narrow, trimmed

__all__ = ["Sequence", "neighbours", "neighbours_of", "profiles"]

_CELLS = 1 << 19
"""How many terms of the product of items × items are worked out at a time."""
_BASKETS = 1 << 17
"""How many baskets are paired at a time."""


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
    held, mass = _held(baskets, weights, how)
    said = _said(held, who, weights, how, mass)
    holding = sparse.csr_array(held.T)

    def best(rows: slice) -> sparse.csr_array:
        return _best(holding, said, rows, top)

    parts = list(in_order(best, _chunks(holding, said)))
    if not parts:
        return sparse.csr_array((baskets.shape[1],) * 2)
    near = sparse.csr_array(sparse.vstack(parts), dtype=float)
    near.data *= np.repeat(mass**-how.source_power, np.diff(near.indptr))
    return near


def neighbours_of(
    item: int,
    baskets: sparse.csr_array,
    owner: ArrayLike,
    weight: ArrayLike,
    sequence: Sequence | None = None,
    *,
    top: int = 100,
) -> tuple[NDArray[np.int64], Floats]:
    """Return one row of :func:`neighbours` alone: items in ascending order and their nearness.

    Costs one pass over the baskets and the pairs of those who bought the item. Raises as :func:`neighbours` does, and
    ``IndexError`` for an item that is not there.
    """
    how = sequence or Sequence()
    who, weights = _checked(baskets, owner, weight)
    if not 0 <= item < baskets.shape[1]:
        raise IndexError(item)
    held, mass = _held(baskets, weights, how)
    # Who never bought it has no pair with it.
    theirs = np.flatnonzero(np.isin(who, who[held[:, [item]].tocoo().row]))
    said = _said(held[theirs], who[theirs], weights[theirs], how, mass)
    found = _best(sparse.csr_array(held[theirs].T), said, slice(item, item + 1), top)
    return found.indices.astype(np.int64), found.data.astype(float) * mass[item] ** -how.source_power


def _held(baskets: sparse.csr_array, weights: Floats, how: Sequence) -> tuple[sparse.csr_array, Floats]:
    """Return the baskets in single precision and each item's mass: the weight of its baskets over their sizes."""
    held = narrow(baskets.astype(np.float32))
    # Items hardly ever bought would divide by next to nothing.
    return held, held.T @ (weights / _size(held, how)) + 1.0


def _size(held: sparse.csr_array, how: Sequence) -> Floats:
    return np.maximum(np.diff(held.indptr), 1).astype(float) ** how.size_power


def _said(
    held: sparse.csr_array, who: NDArray[np.int64], weights: Floats, how: Sequence, mass: Floats
) -> sparse.csr_array:
    """Return baskets × items: how much whatever is in a basket speaks for an item in it, before it or after it."""
    aimed = held.copy()
    aimed.data *= (mass**-how.target_power).astype(np.float32)[aimed.indices]
    size = _size(held, how)

    def some(rows: slice) -> sparse.csr_array:
        return sparse.csr_array(_paired(who[rows], weights[rows], size[rows], how) @ aimed[rows])

    # No pair has two owners.
    begins = np.unique(np.searchsorted(who, who[::_BASKETS])).tolist()
    parts = [slice(*ends) for ends in pairwise([*begins, len(who)])]
    return narrow(sparse.csr_array(sparse.vstack(list(in_order(some, parts))))) if parts else aimed


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


def _paired(who: NDArray[np.int64], weights: Floats, size: Floats, how: Sequence) -> sparse.csr_array:
    """Return baskets × baskets: what a pair of items counts whose source is in the one and whose target in the other."""
    here = np.arange(len(who))
    cells = [(here, here, how.together * weights / size)]
    for back in range(1, how.window + 1):
        later = np.flatnonzero(who[back:] == who[:-back]) + back
        if not len(later):
            break
        pair = how.step**back * weights[later] / (size[later] * size[later - back])
        cells += [(later - back, later, pair), (later, later - back, how.backward * pair)]
    row, column = (np.concatenate([cell[place] for cell in cells]).astype(np.int32) for place in (0, 1))
    value = np.concatenate([cell[2].astype(np.float32) for cell in cells])
    table = sparse.coo_array((value, (row, column)), shape=(len(who), len(who)))
    # No pair of baskets is named twice, and nothing asks for an order.
    table.has_canonical_format = True
    return sparse.csr_array(table)


def _best(holding: sparse.csr_array, said: sparse.csr_array, rows: slice, top: int) -> sparse.csr_array:
    """Return the ``top`` nearest of some items from the baskets that hold them and what these say."""
    counts = sparse.csr_array(holding[rows] @ said)
    row = np.repeat(np.arange(rows.start, rows.stop, dtype=counts.indices.dtype), np.diff(counts.indptr))
    counts.data[counts.indices == row] = 0
    return trimmed(counts, top)


def _chunks(holding: sparse.csr_array, said: sparse.csr_array) -> Iterator[slice]:
    """Yield items whose products have a bounded number of terms, so that no part is ever large."""
    terms = np.concatenate([[0], np.cumsum(np.diff(said.indptr)[holding.indices], dtype=np.int64)])
    reached = terms[holding.indptr]
    start = 0
    while start < holding.shape[0]:
        stop = int(np.searchsorted(reached, reached[start] + _CELLS, side="right")) - 1
        stop = max(start + 1, min(stop, holding.shape[0]))
        yield slice(start, stop)
        start = stop


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
