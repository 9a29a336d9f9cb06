"""What the re-ranker knows of a person, an item and the two together on one day: a row for each candidate.

Everything comes from what was known when that day began: the components' scores, how often and how lately the person bought the item,
how it sells, and what the person is used to. Nothing comes from the catalogue, which is of today: what a product costs now says
something of what happened since. Tables are sparse all along, so that a row costs the same whatever the shop has in stock.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.sparse_rows import best_of_rows
from regulars.recommend.rerank.facts import SALES_DAYS, Codes, Facts, Numbers

REPEATS_AND_NEW, NEW, POPULAR = 100, 80, 20
"""How many candidates come from the blend, from what is new to a person, and from what sells."""
MOST = REPEATS_AND_NEW + NEW + POPULAR
_PEOPLE = 500
"""Whose candidates are worked out at a time."""
NAMES = (
    "again",
    "nearness",
    "blend",
    "place_again",
    "place_nearness",
    "place_blend",
    "nearness_unscaled",
    "nearness_of_last_visit",
    "nearness_of_all_visits",
    "speakers",
    "days_since_speakers",
    "together_with_last_visit",
    "together_with_all_visits",
    "owned",
    "times",
    "share_of_visits",
    "days_since_bought",
    "days_between_first_and_last",
    "silence_in_own_gaps",
    *(f"buyers_{days}_days" for days in SALES_DAYS),
    "buyers_ever",
    "buyers_a_year_ago",
    "first_buyers_28_days",
    "place_of_sales",
    "days_on_sale",
    "trend",
    "repeat_rate",
    "visits",
    "days_since_visit",
    "days_since_first_visit",
    "items_a_visit",
    "items_ever",
    "share_new",
    "sales_of_own",
)
"""The columns of a row."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of some people: codes, and a row of numbers (float32, NaN where unknown) each."""

    person: Codes
    item: Codes
    row: Codes
    """Place of the person among those asked for, ascending."""
    rows: NDArray[np.float32]

    def column(self, name: str) -> NDArray[np.float32]:
        """Return one column by name."""
        return self.rows[:, NAMES.index(name)]

    @property
    def blend(self) -> NDArray[np.float32]:
        """The score that they were chosen by."""
        return self.column("blend")

    @property
    def owned(self) -> NDArray[np.bool_]:
        """Which of them the person has bought before."""
        return self.column("owned") > 0


def in_parts(facts: Facts, people: Codes, listed: NDArray[np.bool_]) -> Candidates:
    """Return the candidates of any number of people among the listed items."""
    parts = list(_parts(facts, people, listed))
    return Candidates(
        np.concatenate([part.person for part in parts]),
        np.concatenate([part.item for part in parts]),
        np.concatenate([part.row + start * _PEOPLE for start, part in enumerate(parts)]),
        np.concatenate([part.rows for part in parts]),
    )


def _parts(facts: Facts, people: Codes, listed: NDArray[np.bool_]) -> Iterator[Candidates]:
    for start in range(0, max(len(people), 1), _PEOPLE):
        yield candidates(facts, people[start : start + _PEOPLE], listed)


def candidates(facts: Facts, people: Codes, listed: NDArray[np.bool_]) -> Candidates:
    """Return the candidates of a few people among the listed items."""
    model, data = facts.model, facts.data
    own = sparse.csr_array(data.owned[people])
    near = sparse.csr_array(model.neighbours.profiles[people] @ model.neighbours.near)
    new = relative(sparse.csr_array(near @ sparse.diags_array(model.neighbours.trend)))
    again = relative(sparse.csr_array(model.again.profiles[people] @ sparse.diags_array(model.again.factor)))
    mixed = sparse.csr_array(again + model.parameters.discovery_weight * new)
    only = sparse.diags_array(listed.astype(float))
    unseen = sparse.csr_array((new - new.multiply(own)) @ only)
    lists = (
        best_of_rows(sparse.csr_array(mixed @ only), REPEATS_AND_NEW)[0],
        best_of_rows(unseen, NEW)[0],
        np.tile(facts.best_selling(listed, POPULAR), (len(people), 1)),
    )
    row = np.concatenate([np.repeat(np.arange(len(people)), found.shape[1]) for found in lists])
    item = np.concatenate([found.ravel() for found in lists])
    cell = np.unique(row[item >= 0] * data.items + item[item >= 0])
    row, item = cell // data.items, cell % data.items
    at = Cells(row, item)
    scores = [at.of(again), at.of(new), at.of(mixed)]
    had = at.of(own)
    columns = [
        *scores,
        at.places(scores[0]),
        at.places(np.where(had > 0, -1.0, scores[1])),
        at.places(scores[2]),
        at.of(near) * model.neighbours.trend[item],
        *_speaking(facts, people, at, own, near),
        had,
        *_history(facts, people, at),
        *facts.sales[:, item],
        facts.on_sale[item],
        model.neighbours.trend[item],
        model.again.rate[item],
        *facts.habits[:, people[row]],
    ]
    return Candidates(people[row], item, row, np.column_stack(columns).astype(np.float32))


@dataclass(frozen=True)
class Cells:
    """Cells of a table of people × items, in ascending order."""

    row: Codes
    item: Codes

    def of(self, table: sparse.csr_array) -> Numbers:
        """Return what stands in the cells of a table, zero where nothing does."""
        if not table.has_sorted_indices:
            table = table.sorted_indices()
        items = table.shape[1]
        there = np.repeat(np.arange(table.shape[0], dtype=np.int64), np.diff(table.indptr)) * items
        there += table.indices
        if not len(there):
            return np.zeros(len(self.row))
        wanted = self.row * items + self.item
        place = np.minimum(np.searchsorted(there, wanted), len(there) - 1)
        return np.where(there[place] == wanted, table.data[place], 0.0)

    def places(self, scores: Numbers) -> Codes:
        """Return each cell's place in the order of its row, the highest score first."""
        order = np.lexsort((-scores, self.row))
        row = self.row[order]
        places = np.empty(len(order), np.int64)
        places[order] = np.arange(len(order)) - np.searchsorted(row, row)
        return places


def relative(table: sparse.csr_array) -> sparse.csr_array:
    """Divide each row by its highest score."""
    best = np.ones(table.shape[0])
    filled = np.flatnonzero(np.diff(table.indptr))
    if len(filled):
        best[filled] = np.maximum.reduceat(table.data, table.indptr[filled])
    best[best <= 0] = 1.0
    found = table.copy()
    found.data = table.data / np.repeat(best, np.diff(table.indptr))
    return found


def _speaking(
    facts: Facts, people: Codes, at: Cells, own: sparse.csr_array, near: sparse.csr_array
) -> list[Numbers]:
    """Return what speaks for the item: the last visit, all visits, how many items and how old these are."""
    model, last = facts.model, facts.latest[people]
    said = at.of(near)
    with np.errstate(divide="ignore", invalid="ignore"):
        age = at.of(facts.aged[people] @ model.neighbours.near) / said
    return [
        at.of(last @ model.neighbours.near),
        at.of(own @ model.neighbours.near),
        at.of(own @ facts.nearby),
        np.where(said > 0, age, np.nan),
        at.of(last @ model.together.weights),
        at.of(own @ model.together.weights),
    ]


def _history(facts: Facts, people: Codes, at: Cells) -> list[Numbers]:
    """Return what happened between person and item."""
    times, first, last = (at.of(table[people]) for table in facts.pairs)
    never = times == 0
    since = np.where(never, np.nan, last)
    span = np.where(times > 1, first - last, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = since / (span / np.maximum(times - 1, 1))
    share = times / np.maximum(facts.habits[0][people[at.row]], 1)
    return [times, share, since, span, np.where(np.isfinite(gaps), gaps, np.nan)]
