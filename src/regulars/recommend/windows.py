"""One look back: what was known on a day, who of the people known then came back after it, and what they chose."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric import ranking
from regulars.numeric.trend import buyers
from regulars.recommend.components.shape import Scores
from regulars.recommend.interactions import Interactions

DAYS = 28
FEWEST_BUYERS = 5
LEVEL = 0.8
"""Level of the interval of a gain that must lie above zero for it to count."""
_CELLS = 1 << 23
KINDS = ("all", "new", "repeat")

Scorer = Callable[[NDArray[np.int64]], Scores]


@dataclass(frozen=True)
class Window:
    """What was known when ``cutoff`` began, and what happened from then until ``days`` later."""

    known: Interactions
    after: Interactions
    fewest_buyers: int = FEWEST_BUYERS

    @cached_property
    def listed(self) -> NDArray[np.bool_]:
        """Which items had enough buyers before the cut-off to be recommended at all."""
        known = self.known.known
        return buyers(known.person, known.item, known.items) >= max(1, self.fewest_buyers)

    @cached_property
    def chosen(self) -> sparse.csr_array:
        """People × items: what was chosen in the window, among the listed items."""
        return sparse.csr_array(self.after.owned @ sparse.diags_array(self.listed.astype(float)))

    @cached_property
    def owned(self) -> sparse.csr_array:
        """People × items: what they had before the cut-off, among the listed items."""
        return sparse.csr_array(self.known.owned @ sparse.diags_array(self.listed.astype(float)))

    @cached_property
    def people(self) -> NDArray[np.int64]:
        """Who bought a listed item before the cut-off, and one after it."""
        return np.flatnonzero((_per_row(self.chosen) > 0) & (_per_row(self.owned) > 0))

    @property
    def cold_people(self) -> float:
        """Share of those who bought in the window of whom nothing was known before."""
        came = np.unique(self.after.known.person)
        before = np.isin(came, np.unique(self.known.known.person))
        return float(1 - before.mean()) if len(came) else 0.0

    @property
    def cold_items(self) -> float:
        """Share of the purchases of the window whose item was not listed."""
        return float(1 - self.listed[self.after.known.item].mean()) if len(self.after.known) else 0.0

    def parts(self, people: NDArray[np.int64]) -> Iterator[Part]:
        """Yield people in parts small enough for a table of all items."""
        step = max(1, _CELLS // max(self.known.items, 1))
        for start in range(0, len(people), step):
            yield self._part(people[start : start + step])

    def _part(self, people: NDArray[np.int64]) -> Part:
        had, chose = self.owned[people].toarray() > 0, self.chosen[people].toarray() > 0
        allowed = {
            "all": np.broadcast_to(self.listed, had.shape),
            "new": self.listed & ~had,
            "repeat": self.listed & had,
        }
        chosen = {kind: sparse.csr_array((chose & some).astype(float)) for kind, some in allowed.items()}
        return Part(people, allowed, chosen)


@dataclass(frozen=True)
class Part:
    """Some people, which items may be ranked for each of them, and which they chose, by kind of item.

    ``new`` ranks only what a person did not have, ``repeat`` only what they had.
    """

    people: NDArray[np.int64]
    allowed: Mapping[str, NDArray[np.bool_]]
    chosen: Mapping[str, sparse.csr_array]

    def ranked(self, scores: Scores, kind: str, k: int) -> NDArray[np.int64]:
        """Return the first k of the full ranking."""
        return ranking.top_k(np.where(self.allowed[kind], scores, -np.inf), k)


def ndcg(parts: Iterable[Part], scorer: Scorer, kind: str) -> NDArray[np.float64]:
    """Return NDCG@10 of each person for one kind of item; NaN where they chose nothing of it."""
    told = [ranking.ndcg(part.ranked(scorer(part.people), kind, 10), part.chosen[kind], 10) for part in parts]
    return np.concatenate(told) if told else np.zeros(0)


def gain(ours: NDArray[np.float64], theirs: NDArray[np.float64]) -> float | None:
    """Return the mean gain over the same people if it is beyond chance, else None."""
    if np.isnan(ours).all():
        return None
    found = ranking.bootstrap(ours, theirs, level=LEVEL, repetitions=200)
    return found.mean if found.low > 0 else None


def look_back(
    data: Interactions, cutoff: int, days: int = DAYS, fewest_buyers: int = FEWEST_BUYERS
) -> Window:
    """Return the window of ``days`` days from ``cutoff`` on."""
    return Window(data.until(cutoff), data.between(cutoff, cutoff + days), fewest_buyers)


def _per_row(table: sparse.csr_array) -> NDArray[np.int64]:
    return np.asarray((table != 0).sum(axis=1)).ravel()
