"""Fills a slot: takes the best of each source in turn, never twice the same, until there are k or nothing is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from regulars.recommend.answers import OVER_CAP, Pick
from regulars.recommend.catalogue import NONE, Catalogue

_AHEAD = 8
Factor = NDArray[np.float64]
Caps = Sequence[tuple[NDArray[np.int64], int]]
"""The group of each item (-1: none), and how many of a group a list may hold."""
Pins = Sequence[tuple[int, int]]
"""Place (from one) and item, in the order of places."""

Why = tuple[str, tuple[int, ...]]


@dataclass(frozen=True)
class Found:
    """Scores from one component, and how to say why."""

    scores: NDArray[np.float64]
    """Nothing above zero, nothing to show."""
    why: Callable[[Sequence[int]], list[Why]]
    """Returns reason code and seed items of each of some items."""
    items: NDArray[np.int64] | None = None
    """Which items the scores are of, in ascending order; None where they are of all items."""


@dataclass(frozen=True)
class Source:
    """What one component finds, worked out only if the list comes to it."""

    find: Callable[[], Found]

    @cached_property
    def found(self) -> Found:
        """Scores and reasons."""
        return self.find()


Chosen = tuple[int, float, Source, str | None]
"""Item, score, source and note."""


def plain(scores: NDArray[np.float64], reason: str, items: NDArray[np.int64] | None = None) -> Source:
    """Return a source whose reason is the same for all, without seeds."""
    return Source(lambda: Found(scores, lambda named: [(reason, ())] * len(named), items))


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
    gone = list(without)
    hidden = set(gone)
    held = [
        (place, item)
        for place, item in pins
        if place <= k and item not in hidden and (factor is None or factor[item] > 0)
    ]
    shelf = _Shelf([*gone, *(item for _, item in held)], factor, _Room(caps))
    for _, item in held:
        shelf.room.take(item)
    chosen = list(shelf.chosen(list(sources), k - len(held)))
    picks = iter(_picks(chosen, catalogue))
    pinned = _picks([(item, 0.0, _PINNED, None) for _, item in held], catalogue)
    places = [place for place, _ in held]
    return tuple(_in_order(picks, dict(zip(places, pinned, strict=True)), k))


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

    def open(self, items: NDArray[np.int64] | None, size: int) -> NDArray[np.bool_]:
        """Return which items (None: all of them) would not be one too many of their group."""
        found = np.ones(size, bool)
        for (groups, most), count in zip(self.caps, self.counts, strict=True):
            full = [group for group, number in count.items() if number >= most and group != NONE]
            if full:
                found &= ~np.isin(groups if items is None else groups[items], full)
        return found

    def fits(self, item: int) -> bool:
        """Whether an item is not one too many of any group."""
        return all(
            groups[item] == NONE or count.get(int(groups[item]), 0) < most
            for (groups, most), count in zip(self.caps, self.counts, strict=True)
        )


@dataclass
class _Shelf:
    gone: list[int]
    factor: Factor | None
    room: _Room

    def chosen(self, sources: list[Source], k: int) -> Iterator[Chosen]:
        """Yield items with score, source and note: first what the caps allow of every source, then what they do not."""
        for note in (None, OVER_CAP.code) if self.room.caps else (None,):
            for source in sources:
                if k < 1:
                    return
                of = self._within_caps if self.room.caps and note is None else self._best_of
                for item, score in of(source.found, k):
                    k -= 1
                    yield item, score, source, note

    def _best_of(self, found: Found, k: int) -> list[tuple[int, float]]:
        """Take the best free items of one source."""
        scores = self._weighed(found)
        places, best = _best(scores, self._free(scores, found.items), k)
        items = (places if found.items is None else found.items[places]).tolist()
        self.gone += items
        return list(zip(items, best.tolist(), strict=True))

    def _within_caps(self, found: Found, k: int) -> Iterator[tuple[int, float]]:
        """Yield the best free items of one source; items of a group that gets full on the way are passed over."""
        scores, items = self._weighed(found), found.items
        passed = True
        while passed:
            free = self._free(scores, items)
            free &= self.room.open(items, len(free))
            passed = False
            # Of several times as many the groups that get full are passed over in one go.
            places, best = _best(scores, free, _AHEAD * k)
            named = places if items is None else items[places]
            for item, score in zip(named.tolist(), best.tolist(), strict=True):
                if not self.room.fits(item):
                    passed = True
                    continue
                self.gone.append(item)
                self.room.take(item)
                yield item, score
                k -= 1
                if k < 1:
                    return

    def _weighed(self, found: Found) -> NDArray[np.float64]:
        if self.factor is None:
            return found.scores
        return found.scores * (self.factor if found.items is None else self.factor[found.items])

    def _free(self, scores: NDArray[np.float64], items: NDArray[np.int64] | None) -> NDArray[np.bool_]:
        """Return which places of a source may be taken; a source of few items costs only those."""
        free = scores > 0
        if items is None:
            free[self.gone] = False
        elif self.gone and len(items):
            place = np.minimum(np.searchsorted(items, self.gone), len(items) - 1)
            free[place[items[place] == self.gone]] = False
        return free


def _best(
    scores: NDArray[np.float64], free: NDArray[np.bool_], most: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return places and scores of the best that are free, equal ones by the lower item."""
    left = np.flatnonzero(free)
    found = scores[left]
    if len(left) > most:
        kept = found >= np.partition(found, -most)[-most]
        left, found = left[kept], found[kept]
    order = np.argsort(-found, kind="stable")[:most]
    return left[order], found[order]


def _in_order(others: Iterator[Pick], pinned: dict[int, Pick], k: int) -> Iterator[Pick]:
    """Yield up to k picks with the pinned ones at their places, or at the end where the others are too few."""
    for place in range(1, k + 1):
        pick = pinned.pop(place, None) or next(others, None)
        if pick is None:
            break
        yield pick
    yield from (pinned[place] for place in sorted(pinned))


def _picks(chosen: Sequence[Chosen], catalogue: Catalogue) -> list[Pick]:
    """Return what was chosen by name, each with what its source says for it; a source is asked once for all of its own."""
    why: dict[int, Why] = {}
    for asked in {id(source): source for _, _, source, _ in chosen}.values():
        items = [item for item, _, source, _ in chosen if source is asked]
        why.update(zip(items, asked.found.why(items), strict=True))
    ids, titles = catalogue.product_ids, catalogue.titles
    return [
        Pick(ids[item], titles[item], score, why[item][0], tuple([ids[seed] for seed in why[item][1]]), note)
        for item, score, _, note in chosen
    ]
