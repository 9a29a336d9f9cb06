"""Fills a slot: takes the best of each source in turn, never twice the same, until there are k or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.answers import Pick
from regulars.recommend.interactions import Catalogue

Factor = NDArray[np.float64]


@dataclass(frozen=True)
class Source:
    """Scores from one component, and how to say why."""

    scores: NDArray[np.float64]
    why: Callable[[int], tuple[str, tuple[int, ...]]]
    """Reason code and seed items of an item."""
    items: NDArray[np.int64] | None = None
    """Which items the scores are of, in ascending order; None where they are of all items."""


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
    gone = list(without)
    picks: list[Pick] = []
    for source in sources:
        missing = k - len(picks)
        if missing < 1:
            break
        for place, score in _best(source, factor, gone, missing):
            item = place if source.items is None else int(source.items[place])
            gone.append(item)
            picks.append(_pick(item, score, source, catalogue))
    return tuple(picks)


def _best(source: Source, factor: Factor | None, gone: list[int], most: int) -> list[tuple[int, float]]:
    """Return places and scores of a source's best, equal ones by the lower item; a source of few items costs only those."""
    scores, items = source.scores, source.items
    if factor is not None:
        scores = scores * (factor if items is None else factor[items])
    free = scores > 0
    if items is None:
        free[gone] = False
    elif gone and len(items):
        place = np.minimum(np.searchsorted(items, gone), len(items) - 1)
        free[place[items[place] == gone]] = False
    left = np.flatnonzero(free)
    found = scores[left]
    if len(left) > most:
        kept = found >= np.partition(found, -most)[-most]
        left, found = left[kept], found[kept]
    order = np.argsort(-found, kind="stable")[:most]
    return list(zip(left[order].tolist(), found[order].tolist(), strict=True))


def _pick(item: int, score: float, source: Source, catalogue: Catalogue) -> Pick:
    reason, seeds = source.why(item)
    named = tuple(catalogue.product_ids[seed] for seed in seeds)
    return Pick(catalogue.product_ids[item], catalogue.titles[item], score, reason, named)
