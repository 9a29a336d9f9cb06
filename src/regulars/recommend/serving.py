"""What slots are answered from, as plain arrays: fitted a moment ago or mapped from files.

Every question touches only the rows it is about, so that an answer costs the same whatever the shop has in stock.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.session_knn import Memory
from regulars.recommend.catalogue import Catalogue
from regulars.recommend.components.trending import Trending
from regulars.recommend.parameters import Parameters

Floats = NDArray[np.float64]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Profile:
    """Items that speak for somebody, each once, with their weights."""

    items: Places
    weights: Floats
    viewed: frozenset[int] = frozenset()
    """Those of the items that were only looked at."""


class OneByOne(ABC):
    """Reads many rows of a table by reading each."""

    __slots__ = ()

    @abstractmethod
    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return items and weights of one row."""

    def rows(self, numbers: Sequence[int]) -> tuple[Places, NDArray[np.integer], NDArray[np.floating]]:
        """Return the sizes of some rows, and their items and weights one after another."""
        rows = [self.row(number) for number in numbers]
        sizes = np.array([len(items) for items, _ in rows], np.int64)
        if not rows:
            return sizes, np.zeros(0, np.int64), np.zeros(0)
        return sizes, np.concatenate([row[0] for row in rows]), np.concatenate([row[1] for row in rows])


@dataclass(frozen=True, slots=True)
class Rows(OneByOne):
    """A sparse table, row by row: row i is ``starts[i]:starts[i + 1]`` of items and weights."""

    starts: NDArray[np.integer]
    items: NDArray[np.integer]
    weights: NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return items and weights of one row."""
        begin, end = int(self.starts[number]), int(self.starts[number + 1])
        return self.items[begin:end], self.weights[begin:end]

    def table(self, items: int) -> sparse.csr_array:
        """Return the same as rows × ``items``, without a copy."""
        return sparse.csr_array((self.weights, self.items, self.starts), shape=(len(self), items))


class Table(Protocol):
    """Whatever has rows: a table as it was fitted, or one with rows swapped since."""

    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return items and weights of one row."""

    def rows(self, numbers: Sequence[int]) -> tuple[Places, NDArray[np.integer], NDArray[np.floating]]:
        """Return the sizes of some rows, and their items and weights one after another."""


class Whole(Table, Protocol):
    """A table that can be had all at once."""

    def table(self, items: int) -> sparse.csr_array:
        """Return it as rows × ``items``."""


class Scored:
    """What a profile says of some items, and who in it says it."""

    def __init__(self, profile: Profile, table: Table, factor: Floats | None) -> None:
        size, found, said = table.rows(profile.items.tolist())
        self._said = said * np.repeat(profile.weights, size)
        self._speaker = np.repeat(profile.items, size)
        # Rows are sorted, so that a stable sort only merges them.
        self._order = found.argsort(kind="stable")
        ordered = found[self._order]
        new = np.ones(len(ordered), bool)
        np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
        first = np.flatnonzero(new)
        self._ends = np.append(first[1:], len(ordered))
        self.items = ordered[first].astype(np.int64)
        self.scores = np.add.reduceat(self._said[self._order], first) if len(first) else np.zeros(0)
        if factor is not None:
            self.scores = self.scores * factor[self.items]

    def seeds(self, items: Sequence[int], most: int) -> list[tuple[int, ...]]:
        """Return for each of some items those of the profile that speak most for it, the strongest first, ties by the lower one."""
        if not len(self.items):
            return [() for _ in items]
        wanted = np.array(items, np.int64)
        at = np.minimum(self.items.searchsorted(wanted), len(self.items) - 1)
        begins = np.where(at > 0, self._ends[at - 1], 0)
        sizes = np.where(self.items[at] == wanted, self._ends[at] - begins, 0)
        # The rows of all of them one after another: single numbers are slow to come by.
        after = sizes.cumsum()
        each = self._order[np.repeat(begins - after + sizes, sizes) + np.arange(sizes.sum())]
        pairs = list(zip((-self._said[each]).tolist(), self._speaker[each].tolist(), strict=True))
        return [
            tuple([seed for weight, seed in sorted(pairs[end - size : end])[:most] if weight < 0])
            for end, size in zip(after.tolist(), sizes.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True)
class Alike(OneByOne):
    """Items × items: how alike they are, each row worked out from what marks its item and which others have it too."""

    marks: Rows
    """Items × marks."""
    having: Rows
    """Marks × items: the same weights."""

    def row(self, number: int) -> tuple[NDArray[np.integer], NDArray[np.floating]]:
        """Return the items that share a mark with one, and the cosine to each."""
        found = Scored(profile(self.marks, number), self.having, None)
        return found.items, found.scores


class Serving(Protocol):
    """All that the slots ask for."""

    @property
    def fit(self) -> str:
        """The version of the fit that answers come from."""

    @property
    def catalogue(self) -> Catalogue:
        """What the shop sells."""

    @property
    def parameters(self) -> Parameters:
        """What everything was fitted with."""

    @property
    def trending(self) -> Trending:
        """What sells now and what is new."""

    @property
    def unsold(self) -> Floats:
        """One score an item of the shop's catalogue that nobody bought yet, else zero."""

    @property
    def near(self) -> Table:
        """Items × items: neighbours over time."""

    @property
    def following(self) -> Table:
        """Items × items: neighbours that are learnt from sessions too; the same as ``near`` without events."""

    @property
    def viewers(self) -> Floats:
        """In how many sessions each item was seen."""

    @property
    def past(self) -> Memory | None:
        """Past sessions; None where they do not help to say what follows."""

    @property
    def momentum(self) -> Floats:
        """What the neighbours are multiplied by, one factor an item."""

    @property
    def together(self) -> Table:
        """Items × items: what an order holds beside."""

    @property
    def alike(self) -> Table:
        """Items × items: what looks alike, whoever bought it."""

    @property
    def again(self) -> Floats:
        """What a person's own items are multiplied by, one factor an item."""

    @property
    def rate(self) -> Floats:
        """Share of each item's buyers who bought it again."""

    def person(self, customer_id: str) -> int | None:
        """Return the code of somebody who bought something, None for anybody else."""

    def bought(self, person: int) -> Profile:
        """Return what a person bought, how often and how lately."""

    def lately(self, person: int) -> Profile:
        """Return what a person bought, the last visit heaviest."""

    def ranked(self, person: int) -> Profile | None:
        """Return a person's candidates with their chances, None where no re-ranker has a say."""

    def lasting(self, person: int) -> tuple[Floats, Floats]:
        """Return for what a person bought, in the order of :meth:`bought`, days since the latest purchase and how many it lasts."""


class Crowd(Serving, Protocol):
    """What everybody can be answered from at once."""

    @property
    def near(self) -> Whole:
        """Items × items: neighbours over time."""

    @property
    def purchases(self) -> Rows:
        """People × items: how often and how lately."""

    @property
    def visits(self) -> Rows:
        """People × items, the last visit heaviest."""

    @property
    def customer_ids(self) -> Sequence[str]:
        """The shop's own ids, in the order of codes."""

    def all_ranked(self, people: Places) -> sparse.csr_array | None:
        """Return people × items: the chances of everybody's candidates, None where no re-ranker has a say."""


def lately(serving: Crowd, person: int) -> Profile:
    """Return a person's row of visits; what was never bought, if there is such, was only looked at."""
    found = profile(serving.visits, person)
    if not serving.parameters.view_weight:
        return found
    bought = serving.purchases.row(person)[0]
    return replace(found, viewed=frozenset(found.items[~np.isin(found.items, bought)].tolist()))


def profile(table: Table, person: int) -> Profile:
    """Return a person's row."""
    items, weights = table.row(person)
    return Profile(np.array(items, np.int64), np.array(weights, np.float64))


def basket(items: Sequence[int], decay: float = 1.0) -> Profile:
    """Return a profile that weighs the last item one, and those before it less."""
    weights = decay ** np.arange(len(items), dtype=float)[::-1]
    return Profile(np.array(items, np.int64), weights.astype(np.float64))


def told(profile: Profile, reason: str, seeds: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
    """Return reason and seeds; what was only looked at is never said to be bought, and both are never mixed."""
    if not profile.viewed or not seeds:
        return reason, seeds
    looked = seeds[0] in profile.viewed
    alike = tuple(seed for seed in seeds if (seed in profile.viewed) == looked)
    return ("because_viewed" if looked else reason), alike


def rows_of(table: sparse.csr_array) -> Rows:
    """Return a table's rows, each in ascending order of items."""
    if not table.has_sorted_indices:
        table = table.sorted_indices()
    return Rows(table.indptr, table.indices, table.data)
