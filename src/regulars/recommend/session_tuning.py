"""What sessions teach is weighed by the shop's own last weeks: fitted before them, judged by what was looked at next in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend import session_windows
from regulars.recommend.climb import Grid, climb
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model
from regulars.recommend.parameters import Parameters
from regulars.recommend.windows import DAYS

FEWEST_SESSIONS = 100
"""Fewer sessions of two things or more tell nothing."""
MOST_SESSIONS = 1000

GRID: Grid = (
    ("session_weight", (0.0, 0.3, 3.0)),
    ("session_target_power", (0.3, 0.0)),
    ("session_decay", (0.4, 0.6)),
    ("session_knn_weight", (0.3, 1.0, 3.0)),
)
RARITY: Grid = (("session_rarity_power", (0.0,)),)
"""Matters only where past sessions do."""


def tune(data: Interactions, at: Parameters, *, days: int = DAYS) -> Parameters:
    """Return the parameters of sessions learnt on the last ``days`` days, by MRR@20 of the next new thing; ``at`` where too little."""
    if not data.sessions:
        return at
    known, after = data.until(data.end - days), data.between(data.end - days, data.end)
    cases = session_windows.running(after.sessions, data.items, MOST_SESSIONS)
    if not known.sessions or len(np.unique(cases.session)) < FEWEST_SESSIONS:
        return at
    search = _Search(known, cases)
    at = climb(at, GRID, search.judge)
    return climb(at, RARITY, search.judge) if at.session_knn_weight else at


class _Search:
    """What candidates share is worked out once."""

    def __init__(self, known: Interactions, cases: session_windows.Running) -> None:
        self.known, self.cases = known, cases
        self._near: dict[tuple[float, ...], sparse.csr_array] = {}
        self._like: dict[float, sparse.csr_array] = {}

    def judge(self, at: Parameters) -> NDArray[np.float64]:
        """Return MRR@20 of each session."""
        table = self._by_neighbours(at)
        if at.session_knn_weight:
            table = session_windows.fused(table, self._by_sessions(at), at.session_knn_weight)
        return self.cases.measured(session_windows.best(table))[1]

    def _by_neighbours(self, at: Parameters) -> sparse.csr_array:
        key = at.session_weight, at.session_target_power, at.session_decay
        if key not in self._near:
            self._near[key] = by_neighbours(Model(self.known, at), self.cases)
        return self._near[key]

    def _by_sessions(self, at: Parameters) -> sparse.csr_array:
        key = at.session_rarity_power
        if key not in self._like:
            self._like[key] = session_windows.like(Model(self.known, at).session_knn.past, self.cases)
        return self._like[key]


def by_neighbours(model: Model, cases: session_windows.Running) -> sparse.csr_array:
    """Return steps × items by the neighbours of what was seen, times what sells now."""
    scores = cases.profiles(model.parameters.session_decay) @ model.following
    return cases.unseen(sparse.csr_array(scores @ sparse.diags_array(model.neighbours.trend)))
