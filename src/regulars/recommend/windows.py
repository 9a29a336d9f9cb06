"""One look back: what was known on a day, who of the people known then came back after it, and what they chose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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

    def lists(
        self, scorer: Scorer, people: NDArray[np.int64], k: int, kinds: tuple[str, ...] = KINDS
    ) -> Iterator[tuple[str, NDArray[np.int64], sparse.csr_array]]:
        """Yield, in parts, (kind, lists, what of this kind was chosen): full rankings over all listed items.

        ``new`` ranks only what a person did not have, ``repeat`` only what they had.
        """
        step = max(1, _CELLS // max(self.known.items, 1))
        for start in range(0, len(people), step):
            some = people[start : start + step]
            had, chose = self.owned[some].toarray() > 0, self.chosen[some].toarray() > 0
            scores = np.where(self.listed, scorer(some), -np.inf)
            for kind in kinds:
                allowed = {"all": True, "new": ~had, "repeat": had}[kind]
                held, truth = np.where(allowed, scores, -np.inf), chose & allowed
                yield kind, ranking.top_k(held, k), sparse.csr_array(truth.astype(float))

    def ndcg(self, scorer: Scorer, people: NDArray[np.int64], kind: str) -> NDArray[np.float64]:
        """Return NDCG@10 of each person for one kind of item; NaN where they chose nothing of it."""
        parts = [
            ranking.ndcg(lists, truth, 10) for _, lists, truth in self.lists(scorer, people, 10, (kind,))
        ]
        return np.concatenate(parts) if parts else np.zeros(0)


def look_back(
    data: Interactions, cutoff: int, days: int = DAYS, fewest_buyers: int = FEWEST_BUYERS
) -> Window:
    """Return the window of ``days`` days from ``cutoff`` on."""
    return Window(data.until(cutoff), data.between(cutoff, cutoff + days), fewest_buyers)


def _per_row(table: sparse.csr_array) -> NDArray[np.int64]:
    return np.asarray((table != 0).sum(axis=1)).ravel()
