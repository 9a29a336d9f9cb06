"""What follows in a running session, by the past sessions that are most like it: vector session nearest neighbours (V-SKNN).

The latest item of the running session weighs one, earlier ones less, in a straight line. A past session is as near as the weights of
the items that it shares; only the most recent of those that share any are looked at. Each of the nearest speaks for its other
items by its nearness, by how late in the running session the latest shared item stands, and by how rare the item is. Ludewig and
Jannach, "Evaluation of session-based recommendation algorithms", User Modeling and User-Adapted Interaction 28 (2018), section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse

from regulars.numeric.fit import Floats

__all__ = ["Memory", "Nearest", "memory", "nearest", "next_items", "shared", "weights"]

Places = NDArray[np.integer]


@dataclass(frozen=True, slots=True)
class Memory:
    """Past sessions, the oldest first: the items of each, the sessions of each item, and how rare each item is."""

    starts: Places
    """The items of session s are ``items[starts[s]:starts[s + 1]]``."""
    items: Places
    held_starts: Places
    """The sessions of item i are ``held[held_starts[i]:held_starts[i + 1]]``, in ascending order."""
    held: Places
    rarity: Floats


@dataclass(frozen=True, slots=True)
class Nearest:
    """The past sessions that speak for a running one."""

    sessions: NDArray[np.int64]
    """In ascending order."""
    says: Floats
    """How much each of them says: its nearness times the weight of the latest item that it shares."""


def memory(sessions: sparse.csr_array) -> Memory:
    """Return what is remembered of sessions × items (not zero where an item was seen), rows from the oldest to the latest.

    An item of d of n sessions is as rare as log(1 + n / d).
    """
    rows = sparse.csr_array(sessions)
    rows = rows if rows.has_sorted_indices else rows.sorted_indices()
    columns = sparse.csr_array(rows.T)
    columns.sort_indices()
    times = np.maximum(np.diff(columns.indptr), 1)
    return Memory(rows.indptr, rows.indices, columns.indptr, columns.indices, np.log1p(rows.shape[0] / times))


def weights(length: int) -> Floats:
    """Return what each item of a session of some length weighs, the latest last: 1/n, 2/n … 1."""
    return np.arange(1, length + 1) / max(length, 1)


def nearest(past: Memory, items: ArrayLike, *, recent: int = 1000, neighbours: int = 100) -> Nearest:
    """Return the nearest of the ``recent`` latest sessions that share an item with a running one; equals by the later one.

    ``items`` are those of the running session, each once, the latest last. Raises ``ValueError`` for numbers below one, and
    ``IndexError`` for items that are not there.
    """
    if recent < 1 or neighbours < 1:
        raise ValueError("recent and neighbours must be one or more.")
    lists = [_held(past, item)[-recent:] for item in _checked(past, items)]
    found = np.concatenate(lists) if lists else np.zeros(0, np.int64)
    told, place = np.unique(found, return_inverse=True)
    weight = np.repeat(weights(len(lists)), [len(each) for each in lists])
    near = np.bincount(place, weight, minlength=len(told))
    latest = np.zeros(len(told))
    np.maximum.at(latest, place, weight)
    young = np.arange(len(told)) >= len(told) - recent
    order = np.lexsort((-told, -near))
    kept = np.sort(order[young[order]][:neighbours])
    return Nearest(told[kept].astype(np.int64), near[kept] * latest[kept])


def next_items(past: Memory, near: Nearest, items: ArrayLike) -> tuple[NDArray[np.int64], Floats]:
    """Return what the nearest sessions hold beside the running one, in ascending order, and how much speaks for each."""
    lists = [_row(past, session) for session in near.sessions.tolist()]
    found = np.concatenate(lists) if lists else np.zeros(0, np.int64)
    named, place = np.unique(found, return_inverse=True)
    says = np.repeat(near.says, [len(each) for each in lists])
    scores = np.bincount(place, says, minlength=len(named)) * past.rarity[named]
    new = ~np.isin(named, np.asarray(items, np.int64))
    return named[new].astype(np.int64), scores[new]


def shared(past: Memory, near: Nearest, items: ArrayLike, target: int) -> Floats:
    """Return for each item of the running session how much of what speaks for a target comes from sessions that hold both."""
    says = near.says * _holds(past, target, near.sessions)
    return np.array([says @ _holds(past, item, near.sessions) for item in _checked(past, items)], float)


def _checked(past: Memory, items: ArrayLike) -> list[int]:
    told = np.asarray(items, np.int64).ravel()
    if len(told) and not 0 <= told.min() <= told.max() < len(past.rarity):
        raise IndexError(int(told.max()))
    if len(np.unique(told)) < len(told):
        raise ValueError("Each item of the running session stands there once, where it was seen last.")
    return told.tolist()


def _held(past: Memory, item: int) -> Places:
    return past.held[int(past.held_starts[item]) : int(past.held_starts[item + 1])]


def _holds(past: Memory, item: int, sessions: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return which of some sessions, in ascending order, hold an item."""
    held = _held(past, item)
    if not len(held):
        return np.zeros(len(sessions), bool)
    return held[np.minimum(np.searchsorted(held, sessions), len(held) - 1)] == sessions


def _row(past: Memory, session: int) -> Places:
    return past.items[int(past.starts[session]) : int(past.starts[session + 1])]
