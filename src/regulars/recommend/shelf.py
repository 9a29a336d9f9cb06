"""Fills a slot: takes the best of each source in turn, never twice the same, until there are k or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regulars.numeric.ranking import top_k
from regulars.recommend.answers import OVER_CAP, Pick
from regulars.recommend.catalogue import NONE, Catalogue

_AHEAD = 8
Factor = NDArray[np.float64]
Caps = Sequence[tuple[NDArray[np.int64], int]]
"""The group of each item (-1: none), and how many of a group a list may hold."""
Pins = Sequence[tuple[int, int]]
"""Place (from one) and item, in the order of places."""


@dataclass(frozen=True)
class Source:
    """Scores of all items from one component, worked out only if the list comes to them, and how to say why."""

    score: Callable[[], NDArray[np.float64]]
    why: Callable[[int], tuple[str, tuple[int, ...]]]
    """Reason code and seed items of an item."""

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """One number an item; nothing above zero, nothing to show."""
        return self.score()


def plain(scores: NDArray[np.float64], reason: str) -> Source:
    """Return a source whose reason is the same for all, without seeds."""
    return Source(lambda: scores, lambda _: (reason, ()))


def fill(
    sources: Iterable[Source],
    catalogue: Catalogue,
    k: int,
    *,
    without: Iterable[int] = (),
    factor: Factor | None = None,
    pins: Pins = (),
    caps: Caps = (),
) -> tuple[Pick, ...]:
    """Return up to k picks; ``factor`` (one number ≥ 0 an item: stock, rules, boosts, margin) multiplies scores, zero hides.

    Pins stand at their places, or at the end of a shorter list; what is hidden is not shown for a pin either. Caps hold as long as
    the sources can fill the list within them: what comes after that is noted as :data:`OVER_CAP`.
    """
    free = np.ones(len(catalogue), bool)
    free[list(without)] = False
    if factor is not None:
        free &= factor > 0
    held = [(place, item) for place, item in pins if place <= k and free[item]]
    free[[item for _, item in held]] = False
    shelf = _Shelf(free, factor, _Room(caps))
    for _, item in held:
        shelf.room.take(item)
    chosen = list(shelf.chosen(list(sources), k - len(held)))
    picks = iter([_pick(item, score, source, catalogue, note) for item, score, source, note in chosen])
    pinned = {place: _pick(item, 0.0, _PINNED, catalogue, None) for place, item in held}
    return tuple(_in_order(picks, pinned, k))


_PINNED = plain(np.zeros(0), "pinned")


@dataclass
class _Room:
    """How much of each group is on the shelf already."""

    caps: Caps
    counts: list[dict[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.counts = [{} for _ in self.caps]

    def take(self, item: int) -> None:
        for (groups, _), count in zip(self.caps, self.counts, strict=True):
            group = int(groups[item])
            count[group] = count.get(group, 0) + 1

    def closed(self, size: int) -> NDArray[np.bool_]:
        """Return which items would be one too many of their group."""
        found = np.zeros(size, bool)
        for (groups, most), count in zip(self.caps, self.counts, strict=True):
            full = [group for group, number in count.items() if number >= most and group != NONE]
            found |= np.isin(groups, full)
        return found

    def fits(self, item: int) -> bool:
        """Whether an item is not one too many of any group."""
        return all(
            groups[item] == NONE or count.get(int(groups[item]), 0) < most
            for (groups, most), count in zip(self.caps, self.counts, strict=True)
        )


@dataclass
class _Shelf:
    free: NDArray[np.bool_]
    factor: Factor | None
    room: _Room

    def chosen(self, sources: list[Source], k: int) -> Iterator[tuple[int, float, Source, str | None]]:
        """Yield items with score, source and note: first what the caps allow of every source, then what they do not."""
        for note in (None, OVER_CAP.code) if self.room.caps else (None,):
            for source in sources:
                for item, score in self._of(source, k, capped=note is None):
                    k -= 1
                    yield item, score, source, note

    def _of(self, source: Source, k: int, *, capped: bool) -> Iterator[tuple[int, float]]:
        """Yield the best free items of one source; items of a group that gets full on the way are passed over."""
        if k < 1:
            return
        capped = capped and bool(self.room.caps)
        scores = source.scores if self.factor is None else source.scores * self.factor
        while True:
            open_ = self.free & (scores > 0)
            if capped:
                open_ &= ~self.room.closed(len(open_))
            if not open_.any():
                return
            passed = False
            # Of several times as many the groups that get full are passed over in one go.
            for item in top_k(np.where(open_, scores, -np.inf)[None, :], _AHEAD * k if capped else k)[0]:
                if item < 0:
                    break
                if capped and not self.room.fits(int(item)):
                    passed = True
                    continue
                self.free[item] = False
                self.room.take(int(item))
                yield int(item), float(scores[item])
                k -= 1
                if k < 1:
                    return
            if not passed:
                return


def _in_order(others: Iterator[Pick], pinned: dict[int, Pick], k: int) -> Iterator[Pick]:
    """Yield up to k picks with the pinned ones at their places, or at the end where the others are too few."""
    for place in range(1, k + 1):
        pick = pinned.pop(place, None) or next(others, None)
        if pick is None:
            break
        yield pick
    yield from (pinned[place] for place in sorted(pinned))


def _pick(item: int, score: float, source: Source, catalogue: Catalogue, note: str | None) -> Pick:
    reason, seeds = source.why(item)
    named = tuple(catalogue.product_ids[seed] for seed in seeds)
    return Pick(catalogue.product_ids[item], catalogue.titles[item], score, reason, named, note)
