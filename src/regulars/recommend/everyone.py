"""The same list as for one person, for everybody: what a nightly run writes for mails and exports.

People are taken some at a time, and of each only the items that something speaks for: neither memory nor time grows with
people × items.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.ranking import top_k
from regulars.numeric.sparse_rows import best_of_rows
from regulars.recommend.interactions import Catalogue
from regulars.recommend.parameters import Parameters
from regulars.recommend.serving import Floats, Rows

_PEOPLE = 2_000
"""How many are answered at a time."""


class Everyone:
    """All people of a recommender or an index, as tables that are multiplied instead of asked one by one."""

    def __init__(
        self,
        bought: Rows,
        lately: Rows,
        near: Rows,
        again: Floats,
        momentum: Floats,
        now: Floats,
        parameters: Parameters,
    ) -> None:
        items = len(again)
        self.weight = parameters.discovery_weight
        self.bought, self.lately = bought.table(items), lately.table(items)
        # Eight digits are more than any list needs, and half the memory to go through.
        self.near = sparse.csr_array(near.table(items).astype(np.float32) @ _diagonal(momentum))
        self.again = _diagonal(again)
        self.popular = np.where(now > 0, now, -np.inf)
        self.known = np.flatnonzero(np.diff(bought.starts))

    def lists(self, k: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], Floats]]:
        """Yield people with their items (people × k, best first, -1 where there are fewer) and scores, some at a time."""
        most = top_k(self.popular[None, :], 2 * k)[0] if len(self.popular) else np.zeros(0, np.int64)
        for start in range(0, len(self.known), _PEOPLE):
            people = self.known[start : start + _PEOPLE]
            found, scores = best_of_rows(self._scores(people), k)
            _fill_up(found, most[most >= 0], k)
            yield people, found, scores

    def _scores(self, people: NDArray[np.int64]) -> sparse.csr_array:
        own = _relative(sparse.csr_array(self.bought[people].astype(np.float32) @ self.again))
        new = _relative(sparse.csr_array(self.lately[people].astype(np.float32) @ self.near))
        return sparse.csr_array(own + np.float32(self.weight) * new)


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


def tables(people: Everyone, names: Sequence[str], catalogue: Catalogue, k: int) -> Iterator[pa.Table]:
    """Yield rows of customer_id, place (1 is best), product_id, title and score, some people at a time.

    Lists are filled up with what is popular right now; these have the score zero.
    """
    told = (pa.array(names, pa.string()), pa.array(catalogue.product_ids, pa.string()))
    titles = pa.array(catalogue.titles, pa.string())
    yield _table(*told, titles, np.zeros(0, np.int64), np.zeros((0, k), np.int64), np.zeros((0, k)))
    for who, found, scores in people.lists(k):
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
