"""The same list as for one person, for everybody: what a nightly run writes for mails and exports.

People are taken some at a time, and of each only the items that something speaks for: neither memory nor time grows with
people × items.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from regulars.kit.threads import in_order
from regulars.numeric.ranking import top_k
from regulars.numeric.sparse_rows import best_of_rows
from regulars.recommend.answers import Answer
from regulars.recommend.request import by_rules
from regulars.recommend.rules import Rules
from regulars.recommend.serving import Crowd, Floats
from regulars.recommend.shelf import Factor

_PEOPLE = 1_000
"""How many are answered at a time."""
_FILLED_UP = ("trending", "unsold")
"""Reasons of what stands in a list for nobody in particular."""

Lists = Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]
"""People with their items (people × k, best first, -1 where there are fewer) and scores, some at a time."""


class Everyone:
    """All people of a recommender or an index, as tables that are multiplied instead of asked one by one."""

    def __init__(self, serving: Crowd, factor: Factor | None) -> None:
        items = len(serving.again)
        self.weight = serving.parameters.discovery_weight
        self.bought, self.lately = serving.purchases.table(items), serving.visits.table(items)
        # Eight digits are more than any list needs, and half the memory to go through.
        self.near = sparse.csr_array(
            serving.near.table(items).astype(np.float32) @ _diagonal(serving.momentum)
        )
        self.again = _diagonal(serving.again)
        self.factor = None if factor is None else sparse.diags_array(factor)
        every = 1.0 if factor is None else factor
        self.rest = [scores * every for scores in (serving.trending.now, serving.unsold)]
        self.known = known(serving)

    def lists(self, k: int) -> Lists:
        """Yield the lists of all who bought something."""
        most = np.concatenate([_best(scores, 2 * k) for scores in self.rest])[: 2 * k]

        def some(start: int) -> tuple[NDArray[np.int64], NDArray[np.int64], Floats]:
            people = self.known[start : start + _PEOPLE]
            found, scores = best_of_rows(self._scores(people), k)
            _fill_up(found, most, k)
            return people, found, scores

        yield from in_order(some, range(0, len(self.known), _PEOPLE))

    def _scores(self, people: NDArray[np.int64]) -> sparse.csr_array:
        own = _relative(sparse.csr_array(self.bought[people].astype(np.float32) @ self.again))
        new = _relative(sparse.csr_array(self.lately[people].astype(np.float32) @ self.near))
        both = own + np.float32(self.weight) * new
        # Levers may be as small or as large as doubles can tell.
        return sparse.csr_array(both if self.factor is None else both.astype(float) @ self.factor)


def one_by_one(serving: Crowd, k: int, one: Callable[[str], Answer]) -> Lists:
    """Yield the same by asking for each: for what depends on the person, or on what stands in the list already."""
    people, codes, names = known(serving), serving.catalogue.codes, serving.customer_ids
    for start in range(0, len(people), _PEOPLE):
        part = people[start : start + _PEOPLE]
        found, scores = np.full((len(part), k), -1, np.int64), np.zeros((len(part), k))
        for row, person in enumerate(part.tolist()):
            for place, pick in enumerate(one(names[person]).picks):
                found[row, place] = codes[pick.product_id]
                scores[row, place] = 0.0 if pick.reason in _FILLED_UP else pick.score
        yield part, found, scores


def known(serving: Crowd) -> NDArray[np.int64]:
    """Return the codes of all who bought something."""
    return np.flatnonzero(np.diff(serving.purchases.starts))


def _diagonal(factor: Floats) -> sparse.dia_array:
    return sparse.diags_array(factor.astype(np.float32))


def _relative(table: sparse.csr_array) -> sparse.csr_array:
    """Divide each row by its best."""
    best = np.ones(table.shape[0], np.float32)
    filled = np.flatnonzero(np.diff(table.indptr))
    if len(filled):
        best[filled] = np.maximum.reduceat(table.data, table.indptr[filled])
    best[best <= 0] = 1
    table.data = table.data / np.repeat(best, np.diff(table.indptr))
    return table


def _fill_up(found: NDArray[np.int64], most: NDArray[np.int64], k: int) -> None:
    """Put what is popular, and not there already, where lists are short."""
    for row in np.flatnonzero(found[:, -1] < 0):
        held = found[row][found[row] >= 0]
        more = most[~np.isin(most, held)][: k - len(held)]
        found[row, len(held) : len(held) + len(more)] = more


def _best(scores: Floats, most: int) -> NDArray[np.int64]:
    """Return the best items above zero, equal ones by the lower one."""
    if not len(scores):
        return np.zeros(0, np.int64)
    found = top_k(np.where(scores > 0, scores, -np.inf)[None, :], most)[0]
    return found[found >= 0]


def tables(serving: Crowd, k: int, rules: Rules, one: Callable[[str], Answer]) -> Iterator[pa.Table]:
    """Yield rows of customer_id, place (1 is best), product_id, title and score, some people at a time.

    Lists are filled up with what is popular right now, and then with what nobody bought yet; these have the score zero. ``one``
    answers a single customer, where rules are more than one number an item.
    """
    catalogue = serving.catalogue
    told = (pa.array(serving.customer_ids, pa.string()), pa.array(catalogue.product_ids, pa.string()))
    titles = pa.array(catalogue.titles, pa.string())
    yield _table(*told, titles, np.zeros(0, np.int64), np.zeros((0, k), np.int64), np.zeros((0, k)))
    if rules.exclude_bought or rules.pin or rules.caps(catalogue):
        lists = one_by_one(serving, k, one)
    else:
        lists = Everyone(serving, by_rules(catalogue, rules)).lists(k)
    for who, found, scores in lists:
        yield _table(*told, titles, who, found, scores)


def _table(
    names: pa.Array,
    products: pa.Array,
    titles: pa.Array,
    who: NDArray[np.int64],
    found: NDArray[np.int64],
    scores: Floats,
) -> pa.Table:
    row, place = np.nonzero(found >= 0)
    item = pa.array(found[row, place])
    return pa.table(
        {
            "customer_id": names.take(pa.array(who[row])),
            "place": pa.array(place + 1, pa.int64()),
            "product_id": products.take(item),
            "title": titles.take(item),
            "score": pa.array(scores[row, place], pa.float64()),
        }
    )
