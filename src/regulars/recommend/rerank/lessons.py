"""What there is to learn from: earlier windows of the shop, each with candidates as they stood before it began and what was bought in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric import ranking
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank.facts import Facts
from regulars.recommend.rerank.features import Candidates, in_parts
from regulars.recommend.windows import Window, look_back


@dataclass(frozen=True)
class Effort:
    """How much is learnt from, and how; what is ready-made holds for shops."""

    windows: int = 6
    """At most so many windows, the latest of them."""
    judged: int = 3
    """Of which so many are judged too, each after learning from all older ones."""
    fewest_judged: int = 2
    fewest_people: int = 100
    """A window with fewer returning people ends the past."""
    most_people: int = 2_000
    """People of a window who are learnt from."""
    shortest_past_days: int = 91
    """A window before which less is known says little of how people buy again."""
    rounds: int = 300
    """Trees."""
    rows_a_leaf: int = 400


USUAL = Effort()


@dataclass(frozen=True)
class Lesson:
    """The candidates of one window, and which of them were bought."""

    window: Window
    parameters: Parameters
    most_people: int

    @cached_property
    def people(self) -> NDArray[np.int64]:
        """Who is learnt from, ascending."""
        people = self.window.people
        if len(people) > self.most_people:
            people = np.sort(np.random.default_rng(0).choice(people, self.most_people, replace=False))
        return people

    @cached_property
    def found(self) -> Candidates:
        """Candidates by what was known when the window began."""
        return in_parts(Facts(Model(self.window.known, self.parameters)), self.people, self.window.listed)

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        """Which candidates were bought in the window."""
        cells = self.window.chosen[self.found.person, self.found.item]
        return np.asarray(cells).ravel() > 0

    def ndcg(self, scores: NDArray[np.float64], *, new: bool = False) -> NDArray[np.float64]:
        """Return NDCG@10 of each person when the candidates are ordered by some scores; of what is ``new`` to them only."""
        found = self.found
        kept = np.flatnonzero(~found.owned) if new else np.arange(len(found.item))
        row = np.searchsorted(self.people, found.person[kept])
        order = np.lexsort((found.item[kept], -scores[kept], row))
        place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
        first = order[place < 10]
        lists = np.full((len(self.people), 10), -1)
        lists[row[first], place[place < 10]] = found.item[kept[first]]
        return ranking.ndcg(lists, self._chosen(new=new), 10)

    def _chosen(self, *, new: bool) -> sparse.csr_array:
        chosen = sparse.csr_array(self.window.chosen[self.people])
        if not new:
            return chosen
        # Cells that are zero count as not chosen.
        return sparse.csr_array(chosen - chosen.multiply(self.window.owned[self.people] > 0))


def lessons(data: Interactions, at: Parameters, days: int, effort: Effort) -> Iterator[Lesson]:
    """Yield the windows before the end of the data that enough people came back in, the latest first."""
    began = int(data.day.min()) if len(data) else data.end
    for number in range(effort.windows):
        cutoff = data.end - days * (number + 1)
        if cutoff - began < effort.shortest_past_days:
            return
        lesson = Lesson(look_back(data.until(cutoff + days), cutoff, days), at, effort.most_people)
        if len(lesson.people) < effort.fewest_people or not lesson.bought.any():
            return
        yield lesson
