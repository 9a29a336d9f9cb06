"""Learning on earlier windows of the shop which candidates people bought, and ordering today's candidates by it.

Each window's rows come from components fitted before it began, and its labels from what happened in it. Candidates that were not bought
are sampled and weighed up again, so that the scores stay chances. The re-ranker is used only where it beat the blend beyond
chance on the latest window, after learning from older ones; then it learns from all of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import ranking
from regulars.numeric.ranking import Interval
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank.features import NAMES, Candidates, Facts, candidates
from regulars.recommend.windows import DAYS, Window, look_back

WINDOWS = 6
FEWEST_WINDOWS = 2
FEWEST_PEOPLE = 100
MOST_PEOPLE = 2_000
"""People of a window who are learnt from."""
SHORTEST_PAST_DAYS = 91
"""A window before which less is known says little of how people buy again."""
SAMPLED = 0.2
"""Share of the candidates that were not bought; each of them counts five times."""
LEVEL = 0.8
_CELLS = 1 << 22
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.05,
    "num_leaves": 15,
    "min_data_in_leaf": 200,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5.0,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
ROUNDS = 300


@dataclass(frozen=True)
class Reranker:
    """Trees, and how much better than the blend they were on a window they had not seen."""

    booster: Any
    gain: Interval
    """NDCG@10 of the candidates in its order less that in the blend's, over the people of the latest window; 80% interval."""
    windows: int
    importance: tuple[tuple[str, float], ...]
    """Share of the gain of each feature, the highest first."""

    def order(self, found: Candidates) -> NDArray[np.float64]:
        """Return the chance of each candidate to be bought within the window."""
        return np.asarray(self.booster.predict(found.rows), float)

    def scores(
        self, facts: Facts, people: NDArray[np.int64], listed: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Return people (ascending) × items: chances of the candidates, zero elsewhere."""
        found = candidates(facts, people, listed)
        out = np.zeros((len(people), facts.data.items))
        out[np.searchsorted(people, found.person), found.item] = self.order(found)
        return out


@dataclass(frozen=True)
class _Lesson:
    """The candidates of one window, and which of them were bought."""

    window: Window
    parameters: Parameters

    @cached_property
    def people(self) -> NDArray[np.int64]:
        people = self.window.people
        if len(people) > MOST_PEOPLE:
            people = np.sort(np.random.default_rng(0).choice(people, MOST_PEOPLE, replace=False))
        return people

    @cached_property
    def found(self) -> Candidates:
        facts = Facts(Model(self.window.known, self.parameters))
        parts = [
            candidates(facts, people, self.window.listed) for people in _parts(self.people, facts.data.items)
        ]
        return Candidates(
            np.concatenate([part.person for part in parts]),
            np.concatenate([part.item for part in parts]),
            np.concatenate([part.rows for part in parts]),
        )

    @cached_property
    def bought(self) -> NDArray[np.bool_]:
        cells = self.window.chosen[self.found.person, self.found.item]
        return np.asarray(cells).ravel() > 0

    def ndcg(self, scores: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return NDCG@10 of each person when the candidates are ordered by some scores."""
        row = np.searchsorted(self.people, self.found.person)
        order = np.lexsort((self.found.item, -scores, row))
        place = np.arange(len(order)) - np.searchsorted(row[order], row[order])
        first = order[place < 10]
        lists = np.full((len(self.people), 10), -1)
        lists[row[first], place[place < 10]] = self.found.item[first]
        return ranking.ndcg(lists, sparse.csr_array(self.window.chosen[self.people]), 10)


def learn(data: Interactions, at: Parameters, *, days: int = DAYS) -> Reranker | Unknown:
    """Return a re-ranker learnt from the windows before the end of the data, or why there is none."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # OSError: there, but without the OpenMP library it needs
        return Unknown.because(
            "recommend.no_lightgbm", mark("LightGBM is not installed: pip install 'regulars[rank]'.")
        )
    lessons = list(_lessons(data, at, days))
    if len(lessons) < FEWEST_WINDOWS:
        return Unknown.because(
            "recommend.too_few_windows",
            mark(
                "There are fewer than {fewest} windows of {days} days with enough returning customers to learn from."
            ),
            fewest=FEWEST_WINDOWS,
            days=days,
        )
    latest = lessons[0]
    trial = _train(lessons[1:])
    said = np.asarray(trial.predict(latest.found.rows), float)
    gain = ranking.bootstrap(latest.ndcg(said), latest.ndcg(latest.found.blend.astype(float)), level=LEVEL)
    if gain.low <= 0:
        return Unknown.because(
            "recommend.no_gain",
            mark("On the latest weeks the re-ranker was no better than the blend beyond chance."),
        )
    booster = _train(lessons)
    told = np.asarray(booster.feature_importance("gain"), float)
    shares = sorted(
        zip(NAMES, (told / max(told.sum(), 1e-300)).tolist(), strict=True), key=lambda one: -one[1]
    )
    return Reranker(booster, gain, len(lessons), tuple(shares))


def _lessons(data: Interactions, at: Parameters, days: int) -> Iterator[_Lesson]:
    began = int(data.day.min()) if len(data) else data.end
    for number in range(WINDOWS):
        cutoff = data.end - days * (number + 1)
        if cutoff - began < SHORTEST_PAST_DAYS:
            return
        lesson = _Lesson(look_back(data.until(cutoff + days), cutoff, days), at)
        if len(lesson.people) < FEWEST_PEOPLE:
            return
        yield lesson


def _train(lessons: Sequence[_Lesson]) -> Any:
    import lightgbm

    rng = np.random.default_rng(0)
    kept = [lesson.bought | (rng.random(len(lesson.bought)) < SAMPLED) for lesson in lessons]
    rows = np.concatenate([lesson.found.rows[keep] for lesson, keep in zip(lessons, kept, strict=True)])
    bought = np.concatenate([lesson.bought[keep] for lesson, keep in zip(lessons, kept, strict=True)])
    weight = np.where(bought, 1.0, 1 / SAMPLED)
    data = lightgbm.Dataset(rows, bought.astype(float), weight=weight, feature_name=list(NAMES))
    return lightgbm.train(SETTINGS, data, ROUNDS)


def _parts(people: NDArray[np.int64], items: int) -> Iterator[NDArray[np.int64]]:
    step = max(1, _CELLS // max(items, 1))
    for start in range(0, len(people), step):
        yield people[start : start + step]
