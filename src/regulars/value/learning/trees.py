"""Gradient-boosted trees on top of a forecast: they learn by which factor it is wrong, and for whom.

LightGBM with a Tweedie loss (variance φ·μ^1.5: many zeros, a few large sums), started from the logarithm of the purchase
model's expectation. A tree that has learnt nothing therefore repeats the model, and the season, which the model knows, is
not learnt from the one or two that a file has seen. Each window's outcome is measured in its own mean for the same reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from regulars.value.learning import features, matrix
from regulars.value.learning.matrix import NAMES, Coding, Matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from regulars.value.learning.windows import Window

POWER = 1.5
"""Of the Tweedie variance: between Poisson counts (1) and Gamma amounts (2)."""
FOLDS = 5
"""Parts of the customers; each is held out once."""
ROUNDS = 400
PATIENCE = 25
FLOOR = 1e-3
"""A forecast below so much of the mean one counts as this: the logarithm of nothing is no place to start from."""
SETTINGS: dict[str, Any] = {
    "objective": "tweedie",
    "metric": "tweedie",
    "tweedie_variance_power": POWER,
    "learning_rate": 0.05,
    "num_leaves": 8,
    "min_data_in_leaf": 50,
    "lambda_l2": 10.0,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "max_cat_to_onehot": 1,
    "seed": 7,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
}
"""Shallow trees that speak for fifty customers at least. Outcomes are in means, so nothing here depends on the currency."""


def installed() -> bool:
    """Tell whether LightGBM is there (``pip install 'regulars[rank]'``)."""
    try:
        import lightgbm  # noqa: F401
    except (ImportError, OSError):  # OSError: there, but without the OpenMP library it needs
        return False
    return True


@dataclass(frozen=True)
class Trees:
    """Trees of each fold, what they were trained on, and where it ended."""

    boosters: tuple[Any, ...]
    rounds: int
    coding: Coding
    importance: NDArray[np.float64]
    """Share of the gain by column; sums to 1, or is 0 throughout where nothing was learnt."""
    least: NDArray[np.float32]
    most: NDArray[np.float32]
    """Range of each column in training."""

    def log_factor(self, told: Matrix) -> NDArray[np.float64]:
        """Return the logarithm of the factor on the forecast, the mean over all folds."""
        rows = self.coding.array(told)
        return np.mean([_raw(booster, rows, self.rounds) for booster in self.boosters], axis=0)

    def strangeness(self, told: Matrix) -> NDArray[np.float64]:
        """Return which share of what the trees go by lies outside what they were trained on, per customer, 0 to 1."""
        rows = self.coding.array(told)
        outside = (rows < self.least) | (rows > self.most)
        return outside @ self.importance


def floored(forecast: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a forecast in its own mean, never below ``FLOOR``."""
    mean = float(forecast.mean())
    return np.maximum(forecast / mean if mean > 0 else np.ones(len(forecast)), FLOOR)


def deviance(actual: NDArray[np.float64], said: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return each customer's unit deviance of the Tweedie distribution with power 1.5 (Jørgensen 1987)."""
    root = np.sqrt(said)
    return 4 * (np.sqrt(actual) - root) ** 2 / root


def train(windows: Sequence[Window]) -> tuple[Trees, NDArray[np.float64]]:
    """Return trees trained on windows, and for the first of these the log factor by trees that did not see the customer."""
    import lightgbm

    told = matrix.stacked([window.features for window in windows])
    coding = Coding.of(told)
    rows = coding.array(told)
    key = np.concatenate([window.key for window in windows])
    target = np.concatenate([window.actual / window.actual.mean() for window in windows])
    start = np.concatenate([np.log(floored(window.forecast)) for window in windows])
    fold = features.slot_of(key) % FOLDS
    names = [place for place, name in enumerate(coding.columns) if name in NAMES]
    data = lightgbm.Dataset(rows, target, init_score=start, categorical_feature=names, free_raw_data=False)
    kept = [(np.flatnonzero(fold != part), np.flatnonzero(fold == part)) for part in range(FOLDS)]
    found = lightgbm.cv(
        SETTINGS,
        data,
        num_boost_round=ROUNDS,
        folds=kept,
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
        return_cvbooster=True,
    )
    group: Any = found["cvbooster"]
    boosters, rounds = tuple(group.boosters), int(group.best_iteration)
    gain = sum(booster.feature_importance("gain", iteration=rounds) for booster in boosters)
    # A column without any value has no range: nothing lies outside of it, and no tree asks for it.
    held = np.isfinite(rows).any(axis=0)
    least = np.where(held, np.nanmin(np.where(held, rows, 0), axis=0), -np.inf)
    most = np.where(held, np.nanmax(np.where(held, rows, 0), axis=0), np.inf)
    trees = Trees(boosters, rounds, coding, gain / max(gain.sum(), 1e-300), least, most)
    first = len(windows[0].key)
    unseen = np.zeros(first)
    for booster, (_, out) in zip(boosters, kept, strict=True):
        some = out[out < first]
        unseen[some] = _raw(booster, rows[some], rounds)
    return trees, unseen


def _raw(booster: Any, rows: NDArray[np.float32], rounds: int) -> NDArray[np.float64]:
    return np.asarray(booster.predict(rows, raw_score=True, num_iteration=rounds), float)
