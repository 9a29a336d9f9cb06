"""Purchase histories as the models read them: checked once, and merged where customers share (x, t_x, T).

A million shops' customers counted in days are some three hundred thousand different triples, and a likelihood or a
prediction is the same for all who share one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

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

    @property
    def rows(self) -> int:
        """How many rows were given."""
        return prod(self.shape)

    def spread(self, figure: Floats) -> Floats:
        """Give every row that was asked about the figure of its distinct history."""
        return figure[self.inverse].reshape(self.shape)[()]


def distinct(
    frequency: ArrayLike,
    recency: ArrayLike,
    T: ArrayLike,
    weights: ArrayLike | None = None,
    *,
    inverse: bool = True,
) -> Histories:
    """Check and merge histories.

    ``frequency`` counts repeat purchases (whole, >= 0), ``recency`` is the time from the first to the last purchase
    and ``T`` from the first to the end of observation, in one unit of time; scalars broadcast. ``weights`` (>= 0)
    say how many customers each row stands for. Without ``inverse`` it is left empty, which is quicker. Raises
    ``ValueError`` when any of this does not hold.
    """
    arrays = [np.asarray(given, float) for given in (frequency, recency, T)]
    try:
        x, t_x, end = np.broadcast_arrays(*arrays)
    except ValueError as error:
        raise ValueError("frequency, recency and T must have the same length.") from error
    shape = x.shape
    x, t_x, end = x.ravel(), t_x.ravel(), end.ravel()
    weight = None if weights is None else _checked_weights(weights, x.shape)
    coded = _coded(x, t_x, end)
    if coded is None:
        _check(x, t_x, end)
        t_x = np.minimum(t_x, end)
        order, back = _group(_key(x, t_x, end))
        columns = (x[order], t_x[order], end[order])
    elif weight is None and not inverse:
        key, count = _counted(coded.key)
        return Histories(*coded.columns(key), count.astype(float), _NOWHERE, shape)
    else:
        order, back = _group(coded.key)
        columns = coded.columns(coded.key[order])
    merged = np.bincount(back, weight, minlength=len(order)).astype(float)
    return Histories(*columns, merged, back if inverse else _NOWHERE, shape)


_NOWHERE = np.zeros(0, np.intp)


def _checked_weights(weights: ArrayLike, shape: tuple[int, ...]) -> Floats:
    """Return the weights, or raise ``ValueError``."""
    weight = np.asarray(weights, float).ravel()
    if weight.shape != shape:
        raise ValueError("weights must have one entry a customer.")
    if not np.all(np.isfinite(weight)) or np.any(weight < 0):
        raise ValueError("weights must be finite and not negative.")
    return weight


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


@dataclass(frozen=True, slots=True)
class _Coded:
    """Valid histories as whole numbers, one a row: equal for equal triples and ascending with them."""

    key: NDArray[np.int64]
    sizes: tuple[int, int]
    """How many codes there are for t_x and for T."""
    parts: tuple[float, float]
    """How many of them to a unit of time."""

    def columns(self, key: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
        """Return (x, t_x, T) of keys."""
        rest, end = np.divmod(key, self.sizes[1])
        x, t_x = np.divmod(rest, self.sizes[0])
        return x.astype(float), t_x / self.parts[0], end / self.parts[1]


def _coded(x: Floats, t_x: Floats, T: Floats) -> _Coded | None:
    """Return the codes where all is whole in days or weeks and valid: nearly always. Else None, for a closer look.

    A slice at a time, so that what lies between stays in the cache; the quotients are compared with what was given, so
    that codes are exact.
    """
    if not len(x) or not float(x.max()) < 2**18 or not max(float(t_x.max()), float(T.max())) < 2**18:
        return None
    parts = [next((parts for parts in _PER_UNIT if _whole(v[:_GLANCE], parts)), 0.0) for v in (t_x, T)]
    sizes = [int(np.rint(float(v.max()) * part)) + 1 for v, part in zip((t_x, T), parts, strict=True)]
    if not all(parts) or (float(x.max()) + 1) * sizes[0] * sizes[1] >= 2**53:
        return None
    key = np.empty(len(x), np.int64)
    for begin in range(0, len(x), _SLICE):
        part = slice(begin, begin + _SLICE)
        count = np.rint(x[part])
        last, end = np.rint(t_x[part] * parts[0]), np.rint(T[part] * parts[1])
        valid = (count == x[part]) & (last / parts[0] == t_x[part]) & (end / parts[1] == T[part])
        valid &= (count >= 0) & (last >= 0) & (t_x[part] <= T[part]) & ((count > 0) | (last == 0))
        if not valid.all():
            return None
        key[part] = (count * sizes[0] + last) * sizes[1] + end
    return _Coded(key, (sizes[0], sizes[1]), (parts[0], parts[1]))


_PER_UNIT = (1.0, 7.0)
"""Times that are whole in days are codes of themselves, whether counted in days or in weeks."""
_GLANCE = 256
"""So many values tell that a column is not whole, nearly always."""
_SLICE = 16_384


def _whole(column: Floats, parts: float) -> bool:
    """Tell whether all values are whole in parts of their unit."""
    return np.array_equal(np.rint(column * parts) / parts, column)


def _key(x: Floats, t_x: Floats, T: Floats) -> NDArray[np.int64]:
    """Return one integer a row, equal for equal triples and ascending with them, whatever numbers they are."""
    codes = [np.unique(column, return_inverse=True)[1].astype(np.int64) for column in (x, t_x, T)]
    sizes = [int(code.max(initial=0)) + 1 for code in codes]
    if sizes[0] * sizes[1] * sizes[2] >= 2**62:
        times = np.unique(codes[1] * sizes[2] + codes[2], return_inverse=True)[1]
        return codes[0] * (int(times.max()) + 1) + times
    return (codes[0] * sizes[1] + codes[1]) * sizes[2] + codes[2]


def _counted(key: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
    """Return the distinct keys, ascending, and how often each is there."""
    ordered = np.sort(key)
    first = np.flatnonzero(_changes(ordered))
    return ordered[first], np.diff(first, append=len(key))


def _group(key: NDArray[np.int64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return one row's position for each distinct key, ascending, and the group of every row.

    Keys that leave room for the number of their row are sorted together with it: sorting numbers is several times
    quicker than sorting which of them comes first.
    """
    bits = max(len(key) - 1, 0).bit_length()
    if int(key.max(initial=0)).bit_length() + bits < 63:
        packed = (key << bits) | np.arange(len(key))
        packed.sort()
        order = packed & ((1 << bits) - 1)
        packed >>= bits
    else:
        order = np.argsort(key)
        packed = key[order]
    first = _changes(packed)
    inverse = np.empty(len(key), np.intp)
    inverse[order] = np.cumsum(first) - 1
    return order[first], inverse


def _changes(ordered: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the first of each run of equal values."""
    first = np.ones(len(ordered), bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first
