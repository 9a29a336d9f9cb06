"""Everybody's re-ranked candidates as files: the same number of places a person, so that they are written and read some at a time."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.fitted import Fitted
from regulars.recommend.rerank import MOST
from regulars.recommend.serving import Places, Profile

ITEMS, CHANCES = "ranked.items", "ranked.chances"
_PEOPLE = 2_000
"""How many are written at a time."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """Candidates of each person in ascending order, then -1 where there are fewer, and their chances."""

    items: NDArray[np.integer]
    chances: NDArray[np.floating]

    def of(self, person: int) -> Profile:
        """Return a person's candidates with their chances."""
        items = self.items[person].astype(np.int64)
        there = int(np.searchsorted(items < 0, True))
        return Profile(items[:there], self.chances[person, :there].astype(np.float64))

    def table(self, people: Places, items: int) -> sparse.csr_array:
        """Return the same as people × ``items``."""
        named, found = self.items[people], self.chances[people].astype(np.float64)
        there = named >= 0
        starts = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        return sparse.csr_array((found[there], named[there], starts), shape=(len(people), items))


def write(serving: Fitted, folder: Path) -> None:
    """Write everybody's candidates, memory bounded; nothing where there is no re-ranker."""
    if serving.reranker is None:
        return
    people, width = len(serving.purchases), min(MOST, len(serving.catalogue))
    items = _file(folder / f"{ITEMS}.npy", np.int32, people, width)
    chances = _file(folder / f"{CHANCES}.npy", np.float32, people, width)
    for start in range(0, people, _PEOPLE):
        part = np.arange(start, min(start + _PEOPLE, people))
        found = serving.all_ranked(part)
        if found is None:
            return
        length = np.diff(found.indptr)
        there = np.arange(width) < length[:, None]
        named, said = np.full(there.shape, -1), np.zeros(there.shape)
        named[there], said[there] = found.indices, found.data
        items[part], chances[part] = named, said
    for array in (items, chances):
        if isinstance(array, np.memmap):
            array.flush()


def _file(path: Path, kind: Any, people: int, width: int) -> NDArray[Any]:
    """Return an array that is a file."""
    if people and width:
        return np.lib.format.open_memmap(path, "w+", kind, (people, width))
    # Nothing cannot be mapped.
    nothing = np.zeros((people, width), kind)
    np.save(path, nothing, allow_pickle=False)
    return nothing
