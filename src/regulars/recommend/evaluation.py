"""How good the recommendations would have been: at earlier days, knowing only what was known then, beside plain baselines.

Cut-offs are the same for everybody; parameters are tuned on the weeks before each of them; lists are ranked over all items
that had enough buyers. What people had before and what was new to them are told apart, because buying again dominates.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import ranking, trend
from regulars.numeric.ranking import Interval
from regulars.recommend import carts, tuning
from regulars.recommend.carts import CartScore
from regulars.recommend.components.shape import Scores
from regulars.recommend.interactions import Interactions, date_of, day_of
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.reordered import all_ahead
from regulars.recommend.rerank import Facts, Learnt, Reranker, learn
from regulars.recommend.windows import DAYS, FEWEST_BUYERS, KINDS, Scorer, Window, look_back

POPULARITY_DAYS = 14
MEASURES = ("ndcg", "recall", "mrr", "hit")
TITLES = {
    "for_you": mark("For you"),
    "reranked": mark("For you, re-ranked"),
    "neighbours": mark("Neighbours × trend"),
    "buy_again": mark("Buy again"),
    "popularity": mark("What sold most in the last 14 days"),
    "frequency": mark("What each bought most often"),
}
BASELINES = ("popularity", "frequency")


@dataclass(frozen=True)
class Score:
    """How one way to recommend did for one kind of item: ``all``, ``new`` to a person, or a ``repeat``."""

    name: str
    kind: str
    people: int
    ndcg: Interval
    """At 10."""
    recall: float
    """At 20."""
    mrr: float
    """At 10."""
    hit: float
    """At 10."""
    coverage: float
    """Share of the items that stand among anybody's first ten."""
    gain: Interval | None
    """NDCG@10 of for you less this one's, over the same people; None for for you itself."""


@dataclass(frozen=True)
class Look:
    """All scores at one cut-off."""

    cutoff: date
    days: int
    people: int
    items: int
    cold_people: float
    cold_items: float
    scores: tuple[Score, ...]
    carts: tuple[CartScore, ...]
    parameters: Parameters
    reranker: Unknown | Learnt | None = None
    """What was learnt before the cut-off, or why it was left out; None where it was not asked for."""

    def score(self, name: str, kind: str = "all") -> Score:
        """Return one score; ``KeyError`` if there is none."""
        for found in self.scores:
            if (found.name, found.kind) == (name, kind):
                return found
        raise KeyError(name, kind)


@dataclass(frozen=True)
class Evaluation:
    """Looks at several earlier days, the latest first."""

    looks: tuple[Look, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {"looks": [_json(look) for look in self.looks]}


def _json(look: Look) -> dict[str, Any]:
    found = asdict(look) | {"cutoff": look.cutoff.isoformat()}
    if isinstance(look.reranker, Unknown):
        found["reranker"] = {"unknown": {"code": look.reranker.code, "reason": str(look.reranker)}}
    return found


def evaluate(
    data: Interactions,
    cutoffs: tuple[date, ...] = (),
    *,
    days: int = DAYS,
    fewest_buyers: int = FEWEST_BUYERS,
    tuned: bool = True,
    reranked: bool = False,
) -> Evaluation | Unknown:
    """Evaluate at some cut-offs (the first day that is not known), by default the last two windows that do not overlap.

    ``reranked`` learns a re-ranker before each cut-off too, which takes some minutes.
    """
    begins = [day_of(day) for day in cutoffs] or [data.end - days, data.end - 2 * days]
    looks = [look_back(data, begin, days, fewest_buyers) for begin in begins]
    told = tuple(
        _look(window, days, tuned=tuned, reranked=reranked) for window in looks if len(window.people)
    )
    if told:
        return Evaluation(told)
    return Unknown.because(
        "recommend.nobody_returned",
        mark(
            "Nobody who had bought before came back within the {days} days after any of the days looked at."
        ),
        days=days,
    )


def _look(window: Window, days: int, *, tuned: bool, reranked: bool) -> Look:
    found = tuning.tune(window.known).parameters if tuned else Parameters()
    model = Model(window.known, found)
    ways: dict[str, Scorer] = {
        "for_you": model.for_you,
    }
    learnt = learn(window.known, found, days=days) if reranked else None
    if isinstance(learnt, Reranker):
        ways["reranked"] = partial(_reranked, learnt, Facts(model), window.listed)
    ways |= {
        "neighbours": model.discoveries,
        "buy_again": model.repeats,
    }
    ways |= baselines(window.known)
    return Look(
        cutoff=date_of(window.known.end),
        days=days,
        people=len(window.people),
        items=int(window.listed.sum()),
        cold_people=window.cold_people,
        cold_items=window.cold_items,
        scores=_scores(window, ways),
        carts=carts.scores(window, model),
        parameters=found,
        reranker=learnt.told if isinstance(learnt, Reranker) else learnt,
    )


def baselines(known: Interactions) -> dict[str, Scorer]:
    """Return what anybody could recommend without a model: what sold most lately, and what each person bought most often."""
    popularity = _popularity(known)
    return {
        "popularity": partial(_repeated, popularity),
        "frequency": partial(_frequency, known, popularity),
    }


def _reranked(learnt: Reranker, facts: Facts, listed: NDArray[np.bool_], people: NDArray[np.int64]) -> Scores:
    """Return people × items as lists have them: candidates by their chances, what is none behind them by the blend."""
    mixed = sparse.csr_array(facts.model.for_you(people))
    weight = facts.model.parameters.discovery_weight
    return np.asarray(all_ahead(learnt.chances(facts, people, listed), mixed, weight).toarray())


def _scores(window: Window, ways: dict[str, Scorer]) -> tuple[Score, ...]:
    """Score every way; for you comes first, and all others are held against it."""
    ours: dict[str, NDArray[np.float64]] = {}
    scores = []
    for name, scorer in ways.items():
        told = _measured(window, scorer)
        for kind in KINDS:
            values = told[kind]["ndcg"]
            # Who ranks only what people had says nothing about what is new to them.
            if np.isnan(values).all() or (name, kind) == ("buy_again", "new"):
                continue
            gain = ranking.bootstrap(ours[kind], values) if name != "for_you" else None
            if name == "for_you":
                ours[kind] = values
            means = {measure: float(np.nanmean(told[kind][measure])) for measure in MEASURES[1:]}
            cover = ranking.catalogue_coverage(told[kind]["lists"], int(window.listed.sum()))
            number = int(np.sum(~np.isnan(values)))
            interval = ranking.bootstrap(values)
            scores.append(Score(name, kind, number, interval, **means, coverage=cover, gain=gain))
    return tuple(scores)


def _measured(window: Window, scorer: Scorer) -> dict[str, dict[str, NDArray[Any]]]:
    parts: dict[str, list[tuple[NDArray[Any], ...]]] = {kind: [] for kind in KINDS}
    for part in window.parts(window.people):
        scores = scorer(part.people)
        for kind, truth in part.chosen.items():
            lists = part.ranked(scores, kind, 20)
            parts[kind].append(
                (
                    ranking.ndcg(lists, truth, 10),
                    ranking.recall(lists, truth, 20),
                    ranking.reciprocal_rank(lists, truth, 10),
                    ranking.hit(lists, truth, 10),
                    lists[:, :10],
                )
            )
    names = (*MEASURES, "lists")
    return {
        kind: {
            name: np.concatenate(found) for name, found in zip(names, zip(*told, strict=True), strict=True)
        }
        for kind, told in parts.items()
    }


def _popularity(data: Interactions) -> NDArray[np.float64]:
    recent = data.known.recent(POPULARITY_DAYS)
    return trend.buyers(recent.person, recent.item, data.items)


def _repeated(scores: NDArray[np.float64], people: NDArray[np.int64]) -> Scores:
    return np.broadcast_to(scores, (len(people), len(scores)))


def _frequency(data: Interactions, popularity: NDArray[np.float64], people: NDArray[np.int64]) -> Scores:
    """Return on how many days each person bought each item; equals by popularity."""
    visits = data.visits
    count = len(visits.person)
    chooser = sparse.csr_array(
        (np.ones(count), (visits.person, np.arange(count))), shape=(data.people, count)
    )
    times = np.asarray((chooser[people] @ visits.baskets).toarray())
    return times + popularity / (popularity.sum() + 1.0)
