"""When a person buys a thing again: how long it usually lasts them, and whether it runs out within the days to come.

The time between two purchases is gamma distributed with shape two (Erlang-2; Ehrenberg, "Repeat-Buying", 1988, and Chatfield and
Goodhardt, "A consumer purchasing model with Erlang inter-purchase times", 1973): right after a purchase the next one is unlikely, after
that it is the more likely the longer ago it was, up to a limit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["Rhythm", "due", "rhythm"]


class Rhythm(NamedTuple):
    """How long things last."""

    last: sparse.csr_array
    """People × items: the day of the latest purchase plus one, so that day zero is no empty cell."""
    gap: sparse.csr_array
    """People × items, the same cells: days from one purchase to the next."""
    usual: Floats
    """Of each item, for somebody of whom nothing is known."""


def rhythm(
    person: ArrayLike, item: ArrayLike, day: ArrayLike, shape: tuple[int, int], *, strength: float = 2.0
) -> Rhythm:
    """Return how long each thing lasts each person who bought it: their own mean gap, drawn towards the item's, and that to all items'.

    One entry of ``person``, ``item`` (numbered from zero) and ``day`` (whole, ≥ 0) a purchase, several of a day being one; ``shape`` is
    (people, items); ``strength`` is how many gaps each average counts for. Raises ``ValueError`` unless it is above zero, or for a day below.
    """
    who, what, when = (np.asarray(part, np.int64).ravel() for part in (person, item, day))
    if not strength > 0:
        raise ValueError("strength must be above zero.")
    if np.any(when < 0):
        raise ValueError("Days must not be negative.")
    order = np.lexsort((when, what, who))
    who, what, when = who[order], what[order], when[order]
    new = np.ones(len(who), bool)
    new[1:] = (np.diff(who) != 0) | (np.diff(what) != 0)
    first = np.flatnonzero(new)
    final = np.append(first[1:], len(who)) - 1
    later = ~new
    later[1:] &= np.diff(when) > 0
    pair = np.cumsum(new) - 1
    gaps = np.bincount(pair[later], minlength=len(first)).astype(float)
    span = (when[final] - when[first]).astype(float) if len(first) else np.zeros(0)
    column = what[first]
    spans, counts = (np.bincount(column, part, minlength=shape[1]) for part in (span, gaps))
    # Where nobody ever came back for anything, a thing lasts a year at least as far as anybody can tell.
    overall = span.sum() / gaps.sum() if gaps.sum() else 365.0
    usual = (spans + strength * overall) / (counts + strength)
    own = (span + strength * usual[column]) / (gaps + strength)
    cells = who[first], column

    def table(values: NDArray[np.float64]) -> sparse.csr_array:
        return sparse.csr_array(sparse.coo_array((values, cells), shape=shape))

    return Rhythm(table(when[final] + 1.0 if len(first) else np.zeros(0)), table(own), usual)


def due(elapsed: ArrayLike, gap: ArrayLike, within: float) -> Floats:
    """Return the chance that a thing is bought again within some days, ``elapsed`` days after the latest purchase (never before it).

    ``gap`` is how long it lasts, in days. Raises ``ValueError`` for a gap or a ``within`` that is not above zero.
    """
    ago, lasts = np.maximum(np.asarray(elapsed, float), 0.0), np.asarray(gap, float)
    if np.any(~(lasts > 0)) or not within > 0:
        raise ValueError("gap and within must be above zero.")
    rate = 2.0 / lasts
    return np.asarray(1.0 - (1.0 + rate * (ago + within)) / (1.0 + rate * ago) * np.exp(-rate * within))
