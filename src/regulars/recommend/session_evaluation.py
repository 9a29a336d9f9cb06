"""How good what is shown in running sessions would have been: at earlier days, the next new thing of each session after them.

Learnt from what was known when a cut-off began, held against each step of the sessions after it to something that was not seen in
the session before. Nothing is left out: a product that nobody knew at the cut-off counts as a miss.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.numeric import ranking
from regulars.numeric.ranking import Interval
from regulars.recommend import session_windows, tuning
from regulars.recommend.interactions import Interactions, date_of, day_of
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.session_tuning import by_neighbours
from regulars.recommend.session_windows import Lists, Running
from regulars.recommend.windows import DAYS

POPULARITY_DAYS = 14
MOST_SESSIONS = 5000
TITLES = {
    "session": mark("Session"),
    "neighbours": mark("Neighbours of what was viewed"),
    "session_knn": mark("Similar past sessions"),
    "last_item": mark("Neighbours of the last product"),
    "popularity": mark("What was viewed most in the last 14 days"),
}
"""Ways to say what comes next; the last two are the baselines."""


@dataclass(frozen=True)
class SessionScore:
    """How often the next new product was among the first twenty, and how far up; the mean over sessions of the mean over steps."""

    name: str
    hit: Interval
    """At 20."""
    mrr: Interval
    """At 20."""
    gain: Interval | None
    """MRR@20 of the session slot less this one's, over the same sessions; None for the slot itself."""


@dataclass(frozen=True)
class SessionLook:
    """All scores at one cut-off."""

    cutoff: date
    days: int
    sessions: int
    steps: int
    cold_items: float
    """Share of the steps to a product that nobody had viewed or bought before the cut-off."""
    scores: tuple[SessionScore, ...]
    parameters: Parameters

    def score(self, name: str) -> SessionScore:
        """Return one score; ``KeyError`` if there is none."""
        for found in self.scores:
            if found.name == name:
                return found
        raise KeyError(name)


@dataclass(frozen=True)
class SessionEvaluation:
    """Looks at several earlier days, the latest first."""

    looks: tuple[SessionLook, ...]

    def to_json(self) -> dict[str, Any]:
        """Everything, ready for JSON."""
        return {"looks": [asdict(look) | {"cutoff": look.cutoff.isoformat()} for look in self.looks]}


def evaluate_sessions(
    data: Interactions, cutoffs: tuple[date, ...] = (), *, days: int = DAYS, tuned: bool = True
) -> SessionEvaluation | Unknown:
    """Evaluate at some cut-offs (the first day that is not known), by default the last two windows that do not overlap."""
    begins = [day_of(day) for day in cutoffs] or [data.end - days, data.end - 2 * days]
    looks = tuple(look for begin in begins if (look := _look(data, begin, days, tuned=tuned)) is not None)
    if looks:
        return SessionEvaluation(looks)
    return Unknown.because(
        "recommend.no_sessions",
        mark(
            "No session of two products or more was seen within the {days} days after any of the days looked at, with others "
            "known before it."
        ),
        days=days,
    )


def _look(data: Interactions, begin: int, days: int, *, tuned: bool) -> SessionLook | None:
    known, after = data.until(begin), data.between(begin, begin + days)
    cases = session_windows.running(after.sessions, data.items, MOST_SESSIONS)
    if not known.sessions or not len(cases):
        return None
    at = tuning.tune(known).parameters if tuned else Parameters()
    model = Model(known, at)
    return SessionLook(
        cutoff=date_of(begin),
        days=days,
        sessions=len(np.unique(cases.session)),
        steps=len(cases),
        cold_items=float(np.mean((model.trending.ever + model.viewers)[cases.target] == 0)),
        scores=_scores(cases, lists(model, cases)),
        parameters=at,
    )


def lists(model: Model, cases: Running) -> dict[str, Lists]:
    """Return what each way would have shown at each step, the best twenty."""
    near, weight = by_neighbours(model, cases), model.parameters.session_knn_weight
    like = session_windows.like(model.session_knn.past, cases)
    # What the slot shows where neither says anything.
    rest = _popular(model.trending.now, cases)
    fused = session_windows.fused(near, like, weight) if weight else near
    return {
        "session": _filled(session_windows.best(fused), rest),
        "neighbours": session_windows.best(near),
        "session_knn": session_windows.best(like),
        "last_item": session_windows.best(_last(model, cases)),
        "popularity": _popular(_viewed_lately(model.data), cases),
    }


def _scores(cases: Running, told: dict[str, Lists]) -> tuple[SessionScore, ...]:
    ours = cases.measured(told["session"])[1]
    found = []
    for name, each in told.items():
        hit, rank = cases.measured(each)
        gain = None if name == "session" else ranking.bootstrap(ours, rank)
        found.append(SessionScore(name, ranking.bootstrap(hit), ranking.bootstrap(rank), gain))
    return tuple(found)


def _last(model: Model, cases: Running) -> sparse.csr_array:
    last = np.array([seen[-1] for seen in cases.seen], np.int64)
    near = model.following[last] @ sparse.diags_array(model.neighbours.trend)
    return cases.unseen(sparse.csr_array(near))


def _viewed_lately(data: Interactions) -> NDArray[np.float64]:
    recent = data.recent(POPULARITY_DAYS).sessions
    return np.zeros(data.items) if recent is None else recent.viewers(data.items)


def _popular(scores: NDArray[np.float64], cases: Running) -> Lists:
    """Return the same list for all, without what each saw already."""
    most = ranking.top_k(
        np.where(scores > 0, scores, -np.inf)[None, :], session_windows.K + session_windows.MOST_SEEN
    )[0]
    rows = [most[(most >= 0) & ~np.isin(most, seen)][: session_windows.K] for seen in cases.seen]
    return np.array(
        [np.pad(row, (0, session_windows.K - len(row)), constant_values=-1) for row in rows], np.int64
    )


def _filled(found: Lists, rest: Lists) -> Lists:
    """Return lists with what is popular where they are short."""
    for row in np.flatnonzero(found[:, -1] < 0):
        held = found[row][found[row] >= 0]
        more = rest[row][(rest[row] >= 0) & ~np.isin(rest[row], held)][: session_windows.K - len(held)]
        found[row, len(held) : len(held) + len(more)] = more
    return found
