"""Two ensembles of trees: one for all candidates, and one for what is new to people, which purchases of the same again would drown.

What each says of something new counts half, in log-odds: the first knows how new things stand beside those to buy again, the second
which of them it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.rerank.features import NAMES, Candidates
from regulars.recommend.rerank.lessons import Effort, Lesson

SAMPLED = 0.2
"""Share of the candidates that were not bought; each of them counts five times."""
SETTINGS: dict[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "feature_fraction": 0.4,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 20.0,
    "seed": 1,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}


@dataclass(frozen=True)
class Trees:
    """What was learnt."""

    every: Any
    """The booster for all candidates."""
    new: Any | None
    """The booster for what is new to a person; None where nobody bought anything new."""

    def chances(self, found: Candidates) -> NDArray[np.float64]:
        """Return the chance of each candidate to be bought within the window."""
        if not len(found.item):
            return np.zeros(0)
        said = self.every.predict(found.rows, raw_score=True, num_threads=1)
        new = np.flatnonzero(~found.owned)
        if self.new is not None and len(new):
            said[new] = (said[new] + self.new.predict(found.rows[new], raw_score=True, num_threads=1)) / 2
        return np.asarray(1.0 / (1.0 + np.exp(-said)), float)

    @cached_property
    def importance(self) -> dict[str, float]:
        """Share of the trees' gain of each column."""
        told = sum(np.asarray(one.feature_importance("gain"), float) for one in self._all())
        return dict(zip(NAMES, (told / max(np.sum(told), 1e-300)).tolist(), strict=True))

    def __str__(self) -> str:
        """Return all that was learnt, as a text."""
        return "\n".join(one.model_to_string() for one in self._all())

    def _all(self) -> list[Any]:
        return [self.every] if self.new is None else [self.every, self.new]


def grown(past: Sequence[Lesson], effort: Effort) -> Trees:
    """Learn from windows, whose order does matter: the same ones in the same order give the same trees."""
    rng = np.random.default_rng(0)
    kept = [lesson.bought | (rng.random(len(lesson.bought)) < SAMPLED) for lesson in past]
    pairs = list(zip(past, kept, strict=True))
    rows = np.concatenate([lesson.found.rows[keep] for lesson, keep in pairs])
    bought = np.concatenate([lesson.bought[keep] for lesson, keep in pairs])
    new = np.concatenate([~lesson.found.owned[keep] for lesson, keep in pairs])
    every = _booster(rows, bought, effort)
    return Trees(every, _booster(rows[new], bought[new], effort) if bought[new].any() else None)


def _booster(rows: NDArray[np.float32], bought: NDArray[np.bool_], effort: Effort) -> Any:
    import lightgbm

    weight = np.where(bought, 1.0, 1 / SAMPLED)
    data = lightgbm.Dataset(rows, bought.astype(float), weight=weight, feature_name=list(NAMES))
    return lightgbm.train(SETTINGS | {"min_data_in_leaf": effort.rows_a_leaf}, data, effort.rounds)
