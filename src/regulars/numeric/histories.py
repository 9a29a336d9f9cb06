"""Purchase histories as the models read them: checked once, and merged where customers share (x, t_x, T).

A million shops' customers counted in days are some three hundred thousand different triples, and a likelihood or a
prediction is the same for all who share one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from regulars.numeric.fit import Floats

_SLACK = 1e-9
"""Recency may exceed T by this share of T: weeks computed in two ways differ in the last bits."""


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct histories in ascending order of (x, t_x, T), with how much each weighs.

    ``inverse`` maps the rows that were given to the distinct ones; ``shape`` is the shape they came in.
    """

    x: Floats
    t_x: Floats
    T: Floats
    weight: Floats
    inverse: NDArray[np.intp]
    shape: tuple[int, ...]

    def spread(self, figure: Floats) -> Floats:
        """Give every row that was asked about the figure of its distinct history."""
        return figure[self.inverse].reshape(self.shape)[()]


def distinct(
    frequency: ArrayLike, recency: ArrayLike, T: ArrayLike, weights: ArrayLike | None = None
) -> Histories:
    """Check and merge histories.

    ``frequency`` counts repeat purchases (whole, >= 0), ``recency`` is the time from the first to the last purchase
    and ``T`` from the first to the end of observation, in one unit of time; scalars broadcast. ``weights`` (>= 0)
    say how many customers each row stands for. Raises ``ValueError`` when any of this does not hold.
    """
    arrays = [np.asarray(given, float) for given in (frequency, recency, T)]
    try:
        x, t_x, end = np.broadcast_arrays(*arrays)
    except ValueError as error:
        raise ValueError("frequency, recency and T must have the same length.") from error
    shape = x.shape
    x, t_x, end = x.ravel(), t_x.ravel(), end.ravel()
    _check(x, t_x, end)
    t_x = np.minimum(t_x, end)
    weight = None
    if weights is not None:
        weight = np.asarray(weights, float).ravel()
        if weight.shape != x.shape:
            raise ValueError("weights must have one entry a customer.")
        if not np.all(np.isfinite(weight)) or np.any(weight < 0):
            raise ValueError("weights must be finite and not negative.")
    order, inverse = _group(_key(x, t_x, end))
    merged = np.bincount(inverse, weight, minlength=len(order)).astype(float)
    return Histories(x[order], t_x[order], end[order], merged, inverse, shape)


def checked_counts(n: ArrayLike, t: ArrayLike) -> tuple[Floats, Floats]:
    """Return counts and lengths of time as arrays of one shape, or raise ``ValueError``."""
    try:
        count, length = np.broadcast_arrays(np.asarray(n, float), np.asarray(t, float))
    except ValueError as error:
        raise ValueError("n and t must have the same length.") from error
    if not np.all(np.isfinite(count)) or np.any(count < 0) or np.any(count != np.floor(count)):
        raise ValueError("n must count purchases: whole numbers, zero or more.")
    if not np.all(np.isfinite(length)) or np.any(length < 0):
        raise ValueError("t must be finite and not negative.")
    return count, length


def _check(x: Floats, t_x: Floats, T: Floats) -> None:
    """Refuse what cannot be a purchase history."""
    if not (np.isfinite(x).all() and np.isfinite(t_x).all() and np.isfinite(T).all()):
        raise ValueError("frequency, recency and T must be finite numbers.")
    if np.any(x < 0) or np.any(x != np.floor(x)):
        raise ValueError("frequency must count repeat purchases: whole numbers, zero or more.")
    if np.any(t_x < 0) or np.any(T < 0):
        raise ValueError("recency and T must not be negative.")
    if np.any(t_x > T * (1 + _SLACK)):
        raise ValueError("recency must not exceed T: the last purchase lies inside the observed time.")
    if np.any((x == 0) & (t_x > 0)):
        raise ValueError("recency must be zero where frequency is zero: the first purchase is the last one.")


def _key(x: Floats, t_x: Floats, T: Floats) -> NDArray[np.int64]:
    """Return one integer a row, equal for equal triples and ascending with them."""
    if not len(x):
        return np.zeros(0, np.int64)
    codes = [_codes(column) for column in (x, t_x, T)]
    sizes = [int(code.max()) + 1 for code in codes]
    if sizes[0] * sizes[1] * sizes[2] >= 2**62:
        times = np.unique(codes[1] * sizes[2] + codes[2], return_inverse=True)[1]
        return codes[0] * (int(times.max()) + 1) + times
    return (codes[0] * sizes[1] + codes[1]) * sizes[2] + codes[2]


_PER_UNIT = (1.0, 7.0)
"""Times that are whole in days are codes of themselves, whether counted in days or in weeks."""


_GLANCE = 256
"""So many values tell that a column is not whole, nearly always."""
_TABLE_A_ROW = 12
"""Entries of the table of small keys, of 5 bytes, for each row."""


def _codes(column: Floats) -> NDArray[np.int64]:
    """Number a column's values in ascending order; whole small numbers are their own codes."""
    if column.max() < 2**18:
        for parts in _PER_UNIT:
            if not _whole(column[:_GLANCE], parts)[1]:
                continue
            whole, exact = _whole(column, parts)
            if exact:
                return whole.astype(np.int64)
    return np.unique(column, return_inverse=True)[1].astype(np.int64)


def _whole(column: Floats, parts: float) -> tuple[Floats, bool]:
    """Return the column in whole parts of its unit, and whether it is exactly that."""
    whole = np.rint(column * parts)
    return whole, np.array_equal(whole / parts, column)


def _group(key: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one row's position for each distinct key, ascending, and the group of every row.

    Small keys, which most customers have, are looked up in a table; only the others are sorted.
    """
    size = min(int(key.max(initial=-1)) + 1, _TABLE_A_ROW * len(key))
    small = key < size
    if small.all():
        return _tabled(key, size)
    few, rest = np.flatnonzero(small), np.flatnonzero(~small)
    below, within = _tabled(key[few], size)
    above, beyond = _sorted(key[rest])
    inverse = np.empty(len(key), np.intp)
    inverse[few] = within
    inverse[rest] = beyond + len(below)
    return np.concatenate([few[below], rest[above]]), inverse


def _tabled(key: NDArray[np.int64], size: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group keys below ``size`` by a table of all that there may be."""
    there = np.zeros(size, bool)
    there[key] = True
    known = np.flatnonzero(there)
    rank = np.empty(size, np.int32)
    rank[known] = np.arange(len(known), dtype=np.int32)
    inverse = rank[key].astype(np.intp)
    position = np.empty(len(known), np.intp)
    position[inverse] = np.arange(len(key))
    return position, inverse


def _sorted(key: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Group keys of any size by sorting them."""
    order = np.argsort(key)
    ordered = key[order]
    first = np.ones(len(key), bool)
    first[1:] = ordered[1:] != ordered[:-1]
    inverse = np.empty(len(key), np.intp)
    inverse[order] = np.cumsum(first) - 1
    return order[first], inverse
