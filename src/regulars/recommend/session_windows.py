"""Sessions after a cut-off: at each step to something new, what was seen before it and what came, held against lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric import ranking, session_knn
from regulars.numeric.session_knn import Memory
from regulars.numeric.sparse_rows import best_of_rows
from regulars.recommend.sessions import Sessions, Steps

K = 20
MOST_SEEN = 20
"""As many steps back as slots look."""
STEPS_EACH = 20
"""Steps of a session that are looked at: a robot's thousands must not be all that is measured."""

Lists = NDArray[np.int64]


@dataclass(frozen=True)
class Running:
    """What was seen in each running session up to some step, and the next thing that was new in it."""

    seen: tuple[NDArray[np.int64], ...]
    """Items, each once, the latest last."""
    target: NDArray[np.int64]
    session: NDArray[np.int64]
    items: int

    def __len__(self) -> int:
        return len(self.target)

    def profiles(self, decay: float) -> sparse.csr_array:
        """Return steps × items: the latest weighs one, each one before it ``decay`` times as much."""
        sizes = np.array([len(items) for items in self.seen], np.int64)
        weights = [decay ** np.arange(size - 1, -1, -1.0) for size in sizes.tolist()]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        cells = (
            np.concatenate(weights or [np.zeros(0)]),
            np.concatenate(self.seen or (np.zeros(0, np.int64),)),
        )
        return sparse.csr_array((*cells, starts), shape=(len(self), self.items))

    def unseen(self, table: sparse.csr_array) -> sparse.csr_array:
        """Return scores without those of what was seen already."""
        seen = self.profiles(1.0)
        seen.data[:] = 1.0
        found = sparse.csr_array(table - table.multiply(seen))
        found.eliminate_zeros()
        return found

    def per_session(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the mean of each session: steps of one session are no witnesses of their own."""
        _, place = np.unique(self.session, return_inverse=True)
        return np.bincount(place, values) / np.maximum(np.bincount(place), 1)

    def measured(self, lists: Lists) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return hit@20 and MRR@20 of each session."""
        truth = sparse.csr_array(
            (np.ones(len(self)), self.target, np.arange(len(self) + 1)), shape=(len(self), self.items)
        )
        hit, rank = ranking.hit(lists, truth, K), ranking.reciprocal_rank(lists, truth, K)
        return self.per_session(hit), self.per_session(rank)


def running(told: Sessions | None, items: int, most: int, seed: int = 0) -> Running:
    """Return the steps of up to ``most`` sessions, the same ones every time."""
    steps = Steps(*(np.zeros(0, np.int64),) * 4) if told is None else told.steps
    starts = np.flatnonzero(np.append(True, np.diff(steps.session) != 0)[: len(steps)])
    ends = np.append(starts[1:], len(steps))
    long = np.flatnonzero(ends - starts > 1)
    if len(long) > most:
        long = np.sort(np.random.default_rng(seed).choice(long, most, replace=False))
    found = [
        (session, *step)
        for session in long.tolist()
        for step in _steps(steps.item[starts[session] : ends[session]])
    ]
    return Running(
        tuple(seen for _, seen, _ in found),
        np.array([target for _, _, target in found], np.int64),
        np.array([session for session, _, _ in found], np.int64),
        items,
    )


def _steps(sequence: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], int]]:
    """Yield what was seen, and what came that was not among it."""
    seen: dict[int, None] = {}
    told = 0
    for item in sequence.tolist():
        if seen and item not in seen:
            yield np.array([*seen][-MOST_SEEN:], np.int64), item
            told += 1
            if told == STEPS_EACH:
                return
        seen.pop(item, None)
        seen[item] = None


def best(table: sparse.csr_array) -> Lists:
    """Return the best items of each row."""
    return best_of_rows(table, K)[0]


def like(past: Memory, cases: Running) -> sparse.csr_array:
    """Return steps × items by past sessions."""
    rows = [session_knn.next_items(past, session_knn.nearest(past, seen), seen) for seen in cases.seen]
    starts = np.concatenate([[0], np.cumsum([len(items) for items, _ in rows])]).astype(np.int64)
    items = np.concatenate([found for found, _ in rows]) if rows else np.zeros(0, np.int64)
    scores = np.concatenate([found for _, found in rows]) if rows else np.zeros(0)
    return sparse.csr_array((scores, items, starts), shape=(len(cases), cases.items))


def fused(near: sparse.csr_array, other: sparse.csr_array, weight: float) -> sparse.csr_array:
    """Return both, each row measured by its own best, as the slot does."""
    return sparse.csr_array(_relative(near) + weight * _relative(other))


def _relative(table: sparse.csr_array) -> sparse.csr_array:
    top = (
        np.asarray(table.max(axis=1).toarray()).ravel()
        if table.shape[0] and table.shape[1]
        else np.zeros(table.shape[0])
    )
    return sparse.csr_array(sparse.diags_array(1 / np.where(top > 0, top, 1.0)) @ table)
