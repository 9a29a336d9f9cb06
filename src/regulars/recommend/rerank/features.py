"""What the re-ranker knows of a person, an item and the two together on one day: a row for each candidate.

Everything comes from what was known when that day began: the components' scores, how often and how lately the person bought the item,
how it sells, and what the person is used to. Nothing comes from the catalogue, which is of today: what a product costs now says
something of what happened since.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.ranking import top_k
from regulars.numeric.trend import buyers
from regulars.recommend.blend import relative
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

REPEATS_AND_NEW, NEW, POPULAR = 150, 75, 20
"""How many candidates come from the blend, from what is new to a person, and from what sells."""
SALES_DAYS = (7, 14, 28, 91)
NAMES = (
    "again",
    "nearness",
    "blend",
    "place_again",
    "place_nearness",
    "nearness_unscaled",
    "owned",
    "times",
    "share_of_visits",
    "days_since_bought",
    "days_between_first_and_last",
    "silence_in_own_gaps",
    *(f"buyers_{days}_days" for days in SALES_DAYS),
    "buyers_ever",
    "days_on_sale",
    "trend",
    "repeat_rate",
    "visits",
    "days_since_visit",
    "days_since_first_visit",
    "items_a_visit",
    "items_ever",
)
"""The columns of a row."""


@dataclass(frozen=True)
class Candidates:
    """Candidates of some people: codes, and a row of numbers (float32, NaN where unknown) each."""

    person: Codes
    item: Codes
    rows: NDArray[np.float32]

    @property
    def blend(self) -> NDArray[np.float32]:
        """The score that they were chosen by."""
        return self.rows[:, NAMES.index("blend")]


@dataclass(frozen=True)
class Facts:
    """What is the same for all candidates of a day, worked out once."""

    model: Model

    @property
    def data(self) -> Interactions:
        """What was known."""
        return self.model.data

    @cached_property
    def sales(self) -> Numbers:
        """Buyers in each of the last ``SALES_DAYS`` and ever, shape (5, items)."""
        known = self.data.known
        spans = [known.recent(days) for days in SALES_DAYS] + [known]
        return np.stack([buyers(span.person, span.item, self.data.items) for span in spans])

    @cached_property
    def on_sale(self) -> Numbers:
        """Days since each item was first bought."""
        first = np.full(self.data.items, self.data.end)
        np.minimum.at(first, self.data.item, self.data.day)
        return (self.data.end - first).astype(float)

    @cached_property
    def pairs(self) -> tuple[sparse.csr_array, sparse.csr_array, sparse.csr_array]:
        """People × items: on how many days bought, and how many days ago first and last."""
        visits = self.data.visits
        cells = sparse.coo_array(visits.baskets)
        person, item, ago = visits.person[cells.row], cells.col, self.data.end - visits.day[cells.row]
        order = np.lexsort((ago, item, person))
        person, item, ago = person[order], item[order], ago[order].astype(float)
        last = np.ones(len(person), bool)
        last[1:] = (np.diff(person) != 0) | (np.diff(item) != 0)
        begins = np.flatnonzero(last)
        ends = np.append(begins[1:], len(person)) - 1
        times = np.diff(np.append(begins, len(person))).astype(float)
        who = (person[begins], item[begins])
        made = [
            sparse.csr_array((values, who), shape=self.data.shape)
            for values in (times, ago[ends], ago[begins])
        ]
        return made[0], made[1], made[2]

    @cached_property
    def habits(self) -> Numbers:
        """Visits, days since the last and the first one, items a visit, items ever: shape (5, people)."""
        visits, people = self.data.visits, self.data.people
        count = np.bincount(visits.person, minlength=people).astype(float)
        last, first = np.full(people, np.nan), np.full(people, np.nan)
        # Visits come in the order of time, so that the last one written is the latest.
        last[visits.person] = self.data.end - visits.day
        first[visits.person[::-1]] = self.data.end - visits.day[::-1]
        size = np.bincount(visits.person, np.diff(visits.baskets.indptr), people) / np.maximum(count, 1)
        return np.stack([count, last, first, size, np.diff(self.data.owned.indptr).astype(float)])


def candidates(facts: Facts, people: Codes, listed: NDArray[np.bool_]) -> Candidates:
    """Return the candidates of a few people (a table of people × items is held) among the listed items."""
    model, data = facts.model, facts.data
    again, near = model.repeats(people), model.discoveries(people)
    scores = relative(again), relative(near)
    mixed = scores[0] + model.parameters.discovery_weight * scores[1]
    had = np.asarray(data.owned[people].toarray()) > 0
    new = listed & ~had
    sells = facts.sales[SALES_DAYS.index(14)] + facts.sales[-1] / (facts.sales[-1].sum() + 1.0)
    lists = (
        top_k(np.where(listed, mixed, -np.inf), REPEATS_AND_NEW),
        top_k(np.where(new, scores[1], -np.inf), NEW),
        top_k(np.where(new, sells, -np.inf), POPULAR),
    )
    row = np.concatenate([np.repeat(np.arange(len(people)), found.shape[1]) for found in lists])
    item = np.concatenate([found.ravel() for found in lists])
    cell = np.unique(row[item >= 0] * data.items + item[item >= 0])
    row, item = cell // data.items, cell % data.items
    at = (row, item)
    by_score = (
        scores[0][at],
        scores[1][at],
        mixed[at],
        _places(scores[0])[at],
        _places(np.where(had, -1.0, scores[1]))[at],
        near[at],
        had[at],
    )
    columns = [*by_score, *_history(facts, people, row, item), *_item(facts, people[row], item)]
    return Candidates(people[row], item, np.column_stack(columns).astype(np.float32))


def _places(scores: Numbers) -> Codes:
    """Return each item's place in the order of each row."""
    order = np.argsort(-scores, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(scores.shape[1])[None, :], axis=1)
    return places


def _history(facts: Facts, people: Codes, row: Codes, item: Codes) -> list[Numbers]:
    """Return what happened between person and item."""
    times, first, last = (np.asarray(table[people].toarray())[row, item] for table in facts.pairs)
    never = times == 0
    since = np.where(never, np.nan, last)
    span = np.where(times > 1, first - last, np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        gaps = since / (span / np.maximum(times - 1, 1))
    share = times / np.maximum(facts.habits[0][people[row]], 1)
    return [times, share, since, span, np.where(np.isfinite(gaps), gaps, np.nan)]


def _item(facts: Facts, person: Codes, item: Codes) -> list[Numbers]:
    """Return what holds of the item for anybody, and of the person for anything."""
    return [
        *facts.sales[:, item],
        facts.on_sale[item],
        facts.model.neighbours.trend[item],
        facts.model.again.rate[item],
        *facts.habits[:, person],
    ]
