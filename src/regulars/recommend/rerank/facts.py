"""What is the same for all candidates of a day, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from regulars.numeric.trend import buyers
from regulars.recommend.interactions import Interactions
from regulars.recommend.model import Model

Numbers = NDArray[np.float64]
Codes = NDArray[np.int64]

SALES_DAYS = (7, 14, 28, 91)
_SELLS_DAYS = 14
_NEW_DAYS = 28
_YEAR_DAYS = 365


@dataclass(frozen=True)
class Facts:
    """What was known of items and people on one day."""

    model: Model

    @property
    def data(self) -> Interactions:
        """What was known."""
        return self.model.data

    @cached_property
    def there(self) -> NDArray[np.bool_]:
        """Which items were ever bought by somebody known."""
        return self.sales[len(SALES_DAYS)] > 0

    @cached_property
    def sales(self) -> Numbers:
        """Shape (8, items): buyers in each of the last ``SALES_DAYS``, ever, in the four weeks from today on a year ago (NaN where
        that is not known), for the first time in the last four weeks; and the place among what sells.
        """
        known = self.data.known
        spans = [known.recent(days) for days in SALES_DAYS] + [known]
        sold = [buyers(span.person, span.item, self.data.items) for span in spans]
        sells = sold[SALES_DAYS.index(_SELLS_DAYS)] + sold[-1] / (sold[-1].sum() + 1.0)
        place = np.empty(len(sells))
        place[np.argsort(-sells, kind="stable")] = np.arange(len(sells))
        return np.stack([*sold, self._a_year_ago(), self._first_buyers(), place])

    def best_selling(self, listed: NDArray[np.bool_], most: int) -> Codes:
        """Return the listed items that sell best, the best first."""
        order = np.argsort(self.sales[-1], kind="stable")
        return order[listed[order] & self.there[order]][:most]

    def _a_year_ago(self) -> Numbers:
        """Return buyers in the same season; without a year's past there is none."""
        begin = self.data.end - _YEAR_DAYS
        if not len(self.data) or int(self.data.day.min()) > begin:
            return np.full(self.data.items, np.nan)
        then = self.data.known.between(begin, begin + _NEW_DAYS)
        return buyers(then.person, then.item, self.data.items)

    def _first_buyers(self) -> Numbers:
        first = sparse.coo_array(self.pairs[1])
        return np.bincount(first.col[first.data <= _NEW_DAYS], minlength=self.data.items).astype(float)

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
        new = np.ones(len(person), bool)
        new[1:] = (np.diff(person) != 0) | (np.diff(item) != 0)
        begins = np.flatnonzero(new)
        ends = np.append(begins[1:], len(person)) - 1
        times = np.diff(np.append(begins, len(person))).astype(float)
        who = (person[begins], item[begins])
        made = [
            sparse.csr_array((values, who), shape=self.data.shape)
            for values in (times, ago[ends], ago[begins])
        ]
        return made[0], made[1], made[2]

    @cached_property
    def latest(self) -> sparse.csr_array:
        """People × items: the last visit, ones."""
        visits = self.data.visits
        last = np.full(self.data.people, -1)
        # Visits come in the order of time, so that the last one written is the latest.
        last[visits.person] = np.arange(len(visits.person))
        came = np.flatnonzero(last >= 0)
        shape = (self.data.people, len(visits.person))
        return sparse.csr_array(
            sparse.csr_array((np.ones(len(came)), (came, last[came])), shape=shape) @ visits.baskets
        )

    @cached_property
    def aged(self) -> sparse.csr_array:
        """People × items: what speaks for them, times the days since it was last bought."""
        return sparse.csr_array(self.model.neighbours.profiles.multiply(self.pairs[2]))

    @cached_property
    def nearby(self) -> sparse.csr_array:
        """Items × items: ones where there is any nearness."""
        near = self.model.neighbours.near
        return sparse.csr_array((np.ones(near.nnz), near.indices, near.indptr), shape=near.shape)

    @cached_property
    def habits(self) -> Numbers:
        """Shape (7, people): visits, days since the last and the first one, items a visit, items ever, share of what they took that
        was new to them, and how much what they own sells (mean logarithm of buyers in 91 days).
        """
        visits, people, owned = self.data.visits, self.data.people, self.data.owned
        count = np.bincount(visits.person, minlength=people).astype(float)
        last, first = np.full(people, np.nan), np.full(people, np.nan)
        last[visits.person] = self.data.end - visits.day
        first[visits.person[::-1]] = self.data.end - visits.day[::-1]
        taken = np.bincount(visits.person, np.diff(visits.baskets.indptr), people)
        ever = np.diff(owned.indptr).astype(float)
        sells = owned @ np.log1p(self.sales[SALES_DAYS.index(91)])
        shares = ever / np.maximum(taken, 1), sells / np.maximum(ever, 1)
        return np.stack([count, last, first, taken / np.maximum(count, 1), ever, *shares])
