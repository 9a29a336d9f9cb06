"""Fills a slot: takes the best of each source in turn, never twice the same, until there are k or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.numeric.ranking import top_k
from regulars.recommend.answers import Pick
from regulars.recommend.interactions import Catalogue

Factor = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Scores of all items from one component, and how to say why."""

    scores: NDArray[np.float64]
    why: Callable[[int], tuple[str, tuple[int, ...]]]
    """Reason code and seed items of an item."""


def plain(scores: NDArray[np.float64], reason: str) -> Source:
    """Return a source whose reason is the same for all, without seeds."""
    return Source(scores, lambda _: (reason, ()))


def fill(
    sources: Iterable[Source],
    catalogue: Catalogue,
    k: int,
    *,
    without: Iterable[int] = (),
    factor: Factor | None = None,
) -> tuple[Pick, ...]:
    """Return up to k picks; ``factor`` (one number ≥ 0 an item: stock, rules, boosts, margin) multiplies scores, zero hides."""
    free = np.ones(len(catalogue), bool)
    free[list(without)] = False
    if factor is not None:
        free &= factor > 0
    picks: list[Pick] = []
    for source in sources:
        missing = k - len(picks)
        if missing < 1 or not free.any():
            break
        scores = source.scores if factor is None else source.scores * factor
        held = np.where(free & (scores > 0), scores, -np.inf)
        for item in top_k(held[None, :], missing)[0]:
            if item < 0:
                break
            free[item] = False
            picks.append(_pick(int(item), float(scores[item]), source, catalogue))
    return tuple(picks)


def _pick(item: int, score: float, source: Source, catalogue: Catalogue) -> Pick:
    reason, seeds = source.why(item)
    named = tuple(catalogue.product_ids[seed] for seed in seeds)
    return Pick(catalogue.product_ids[item], catalogue.titles[item], score, reason, named)
