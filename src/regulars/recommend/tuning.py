"""Parameters learn from the last four weeks before the end: fitted on what was known before them, judged by what happened in them.

One parameter at a time, a few values each. A value replaces the default only when it is better beyond chance (paired
bootstrap over people), so that a short window cannot talk a shop out of what holds elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from regulars.recommend import basket_tuning, session_tuning
from regulars.recommend.blend import blend
from regulars.recommend.climb import Grid, climb
from regulars.recommend.components import buy_again, neighbours
from regulars.recommend.components.buy_again import BuyAgain
from regulars.recommend.components.neighbours import Neighbours
from regulars.recommend.components.shape import Scores
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters
from regulars.recommend.windows import DAYS, Window, look_back, ndcg

FEWEST_PEOPLE = 50
"""Fewer people in the window tell nothing."""
MOST_PEOPLE = 800

NEAR_GRID: Grid = (
    ("pair_half_life_days", (60.0, 240.0)),
    ("target_power", (0.75,)),
)
NEW_GRID: Grid = (
    ("trend_power", (0.0, 0.5, 1.3)),
    ("trend_days", (14, 56)),
    ("profile_decay", (0.3, 0.5, 0.85)),
)
AGAIN_GRID: Grid = (
    ("repeat_half_life_days", (90.0, 180.0, 1e9)),
    ("repeat_trend_power", (0.0, 0.5, 1.3)),
    ("repeat_rate_power", (0.0, 0.5, 1.5)),
)
LOOKS_GRID: Grid = (("view_weight", (0.25, 0.5, 1.0)),)
"""Where there are events: whether what a known person looked at says more of what is new to them."""
WEIGHTS = (0.0, 0.05, 0.2, 0.4)


@dataclass(frozen=True)
class Tuned:
    """What was learnt, and from whom."""

    parameters: Parameters
    people: int
    """People in the window; too few leave the defaults."""
    before: float | None = None
    after: float | None = None
    """NDCG@10 of for you in the window with the defaults and with what was learnt; the window it was learnt on."""


def tune(data: Interactions, start: Parameters | None = None, *, days: int = DAYS) -> Tuned:
    """Return parameters learnt on the last ``days`` days of the data; ``start`` where there is too little."""
    begin = start or Parameters()
    window = look_back(data, data.end - days, days)
    people = _sample(window.people)
    if len(people) < FEWEST_PEOPLE:
        return Tuned(session_tuning.tune(data, begin, days=days), len(people))
    search = _Search(window, people)
    found = search.run(begin)
    told = search.for_you(found), search.for_you(begin)
    after, before = (float(np.nanmean(values)) for values in told)
    found = session_tuning.tune(data, basket_tuning.tune(window, people, found), days=days)
    return Tuned(found, len(people), before, after)


class _Search:
    """One parameter after the other; what two candidates share is fitted once."""

    def __init__(self, window: Window, people: NDArray[np.int64]) -> None:
        self.window = window
        # Every candidate is judged by the same people: what they had and chose is laid out once.
        self.parts = tuple(window.parts(people))
        self._near: dict[tuple[float, ...], Neighbours] = {}

    def run(self, at: Parameters) -> Parameters:
        at = climb(at, AGAIN_GRID, self._again)
        looks = LOOKS_GRID if self.window.known.sessions else ()
        at = climb(at, NEAR_GRID + NEW_GRID + looks, self._new)
        return climb(at, (("discovery_weight", WEIGHTS),), self.for_you)

    def for_you(self, at: Parameters) -> NDArray[np.float64]:
        again, near = self._fit_again(at), self._fit_near(at)

        def scorer(people: NDArray[np.int64]) -> Scores:
            own, new = again.scores(again.profiles[people]), near.scores(near.profiles[people])
            return blend(own, new, at.discovery_weight)

        return ndcg(self.parts, scorer, "all")

    def _again(self, at: Parameters) -> NDArray[np.float64]:
        fitted = self._fit_again(at)
        return ndcg(self.parts, partial(_scores, fitted), "all")

    def _new(self, at: Parameters) -> NDArray[np.float64]:
        fitted = self._fit_near(at)
        return ndcg(self.parts, partial(_scores, fitted), "new")

    def _fit_again(self, at: Parameters) -> BuyAgain:
        return buy_again.fit(self.window.known, at)

    def _fit_near(self, at: Parameters) -> Neighbours:
        """Fit, or reuse the costly neighbours when only trend, profiles or weights differ."""
        key = tuple(getattr(at, name) for name, _ in NEAR_GRID)
        if key not in self._near:
            self._near[key] = neighbours.fit(self.window.known, at)
        return neighbours.with_trend(self._near[key].near, self.window.known, at)


def _scores(fitted: Neighbours | BuyAgain, people: NDArray[np.int64]) -> Scores:
    return fitted.scores(fitted.profiles[people])


def _sample(people: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return some people, the same ones every time."""
    if len(people) <= MOST_PEOPLE:
        return people
    chosen = np.random.default_rng(0).choice(len(people), MOST_PEOPLE, replace=False)
    return people[np.sort(chosen)]
