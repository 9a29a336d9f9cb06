"""Learning on earlier windows of the shop which candidates people bought, and ordering today's candidates by it.

Each window's rows come from components fitted before it began, and its labels from what happened in it. Candidates that were not bought
are sampled and weighed up again, so that the scores stay chances. The re-ranker is used only where it beat the blend beyond
chance on the latest windows, each judged after learning from those before it alone, and lost nothing at what is new to people;
then it learns from all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.themes import Theme, by_theme
from regulars.kit.unknown import Unknown
from regulars.numeric import ranking
from regulars.numeric.ranking import Interval
from regulars.recommend.interactions import Interactions
from regulars.recommend.parameters import Parameters
from regulars.recommend.rerank.facts import Facts
from regulars.recommend.rerank.features import in_parts
from regulars.recommend.rerank.lessons import USUAL, Effort, Lesson, lessons
from regulars.recommend.rerank.trees import Trees, grown
from regulars.recommend.rerank.words import THEMES
from regulars.recommend.windows import DAYS

LEVEL = 0.8


@dataclass(frozen=True)
class Proof:
    """How much better than the blend a re-ranker was on windows that it had not seen."""

    gain: Interval
    """NDCG@10 of the candidates in its order less that in the blend's, a mean a person over the judged windows; 80% interval."""
    new: Interval
    """The same among what was new to each person."""
    windows: int
    """How many were judged."""


@dataclass(frozen=True)
class Learnt:
    """What is told of a re-ranker."""

    proof: Proof | None
    """None where nothing was judged."""
    windows: int
    """How many it learnt from."""
    themes: tuple[Theme, ...]
    """What it goes by, the most important first."""


@dataclass(frozen=True)
class Reranker:
    """Trees that say how likely each candidate is bought, and how far that was proven."""

    trees: Trees
    proof: Proof | None
    """None where nothing was judged."""
    windows: int
    """How many it learnt from."""

    def chances(self, facts: Facts, people: NDArray[np.int64], listed: NDArray[np.bool_]) -> sparse.csr_array:
        """Return people × items: the chance of each candidate to be bought within the window, in single precision."""
        found = in_parts(facts, people, listed)
        # What an index stores; never zero, which would be no candidate.
        said = np.maximum(self.trees.chances(found).astype(np.float32), np.finfo(np.float32).tiny).astype(
            float
        )
        starts = np.searchsorted(found.row, np.arange(len(people) + 1))
        return sparse.csr_array((said, found.item, starts), shape=(len(people), facts.data.items))

    @property
    def told(self) -> Learnt:
        """What is told of it, in the merchant's words."""
        return Learnt(self.proof, self.windows, by_theme(self.trees.importance, THEMES))

    def marked(self, version: str) -> str:
        """Return the version of a fit that this re-ranker is part of."""
        return blake2b(f"{version} {self.trees}".encode(), digest_size=8).hexdigest()


def learn(
    data: Interactions, at: Parameters, *, days: int = DAYS, effort: Effort = USUAL
) -> Reranker | Unknown:
    """Return a re-ranker learnt from the windows before the end of the data, or why there is none."""
    past = _past(data, at, days, effort)
    if isinstance(past, Unknown):
        return past
    proof = _proof(past, effort)
    if proof.gain.low <= 0:
        return Unknown.because(
            "recommend.no_gain",
            mark("On the latest weeks the re-ranker was no better than the blend beyond chance."),
        )
    if proof.new.high < 0:
        return Unknown.because(
            "recommend.new_lost",
            mark("On the latest weeks the re-ranker was worse than the blend at what is new to people."),
        )
    return Reranker(grown(past, effort), proof, len(past))


def taught(
    data: Interactions, at: Parameters, *, days: int = DAYS, effort: Effort = USUAL
) -> Reranker | Unknown:
    """Return the same without asking whether it is any good."""
    past = _past(data, at, days, effort)
    return past if isinstance(past, Unknown) else Reranker(grown(past, effort), None, len(past))


def _past(data: Interactions, at: Parameters, days: int, effort: Effort) -> list[Lesson] | Unknown:
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # OSError: there, but without the OpenMP library it needs
        return Unknown.because(
            "recommend.no_lightgbm", mark("LightGBM is not installed: pip install 'regulars[rank]'.")
        )
    found = list(lessons(data, at, days, effort))
    if len(found) > effort.fewest_judged:
        return found
    return Unknown.because(
        "recommend.too_few_windows",
        mark(
            "There are fewer than {fewest} windows of {days} days with enough returning customers to learn from."
        ),
        fewest=effort.fewest_judged + 1,
        days=days,
    )


def _proof(past: Sequence[Lesson], effort: Effort) -> Proof:
    """Judge the latest windows, each by trees that know only those before it."""
    number = min(effort.judged, len(past) - 1)
    ours = [
        grown(past[place + 1 :], effort).chances(lesson.found) for place, lesson in enumerate(past[:number])
    ]
    held = list(zip(past, ours, strict=False))
    return Proof(_gain(held, new=False), _gain(held, new=True), number)


def _gain(held: Sequence[tuple[Lesson, NDArray[np.float64]]], *, new: bool) -> Interval:
    """Return the gain a person: who came back in several windows counts once, because their windows are alike."""
    gains = [
        lesson.ndcg(said, new=new) - lesson.ndcg(lesson.found.blend.astype(float), new=new)
        for lesson, said in held
    ]
    gain, person = np.concatenate(gains), np.concatenate([lesson.people for lesson, _ in held])
    person, gain = person[~np.isnan(gain)], gain[~np.isnan(gain)]
    if not len(gain):
        return Interval(0.0, 0.0, 0.0)
    _, person, count = np.unique(person, return_inverse=True, return_counts=True)
    return ranking.bootstrap(np.bincount(person, gain) / count, level=LEVEL)
