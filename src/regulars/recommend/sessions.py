"""What people looked at and put into carts, session by session, as arrays that are cut in time as purchases are.

A session is the one that the shop names, else a visitor's events with less than half an hour between one and the next. Rows are
sorted by session and time; sessions are numbered by when they began, so that what comes later changes no number.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend.catalogue import Codes

if TYPE_CHECKING:
    from regulars.sources.events import Aside, Events

GAP_SECONDS = 30 * 60
MOST_STEPS = 4_000_000
"""Steps beyond the latest so many say nothing that these do not, and cost memory."""
MOST_ITEMS, LONGEST = 200, 1000
"""A session of more things, or of more steps, is a robot's: it says nothing of what goes with what."""


@dataclass(frozen=True)
class Steps:
    """One thing after the other, each once in a row, sessions one after the other."""

    session: Codes
    """From zero, ascending."""
    item: Codes
    day: Codes
    person: Codes

    def __len__(self) -> int:
        return len(self.item)


@dataclass(frozen=True)
class Sessions:
    """One row an event: which session, item, person, whether it was put into the cart, and when."""

    session: Codes
    item: Codes
    person: Codes
    """Code of the customer, -1 where nobody is known (yet)."""
    cart: NDArray[np.bool_]
    at: Codes
    """Microseconds since 1970-01-01 in UTC."""
    day: Codes
    """Days since 1970-01-01 in the shop's calendar."""
    counts: dict[str, int] = field(default_factory=dict, compare=False)
    """What became of the rows of the source."""
    aside: tuple[Aside, ...] = field(default=(), compare=False)
    """The first of those that were set aside."""

    def __len__(self) -> int:
        return len(self.session)

    def within(self, day: int | None, until: int, there: NDArray[np.bool_] | None = None) -> Sessions:
        """Return what happened on ``day`` and after it (None: ever), before ``until``, with some items only (None: all of them).

        A session over midnight is cut in two.
        """
        kept = self.day < until
        kept = kept if day is None else kept & (self.day >= day)
        return self._where(kept) if there is None else _without_repeats(self._where(kept & there[self.item]))

    def _where(self, kept: NDArray[np.bool_]) -> Sessions:
        if kept.all():
            return self
        return replace(self, **{name: getattr(self, name)[kept] for name in _COLUMNS})

    @cached_property
    def steps(self) -> Steps:
        """Return the sequences: what stays the same from one event to the next, as a view and its cart do, is one step."""
        new = np.ones(len(self), bool)
        new[1:] = (np.diff(self.session) != 0) | (np.diff(self.item) != 0)
        _, session = np.unique(self.session[new], return_inverse=True)
        return Steps(session.astype(np.int64), self.item[new], self.day[new], self.person[new])

    @cached_property
    def latest(self) -> Steps:
        """Return the steps that neighbours are learnt from: the last :data:`MOST_STEPS`, without robots."""
        steps = self.steps
        human = np.bincount(steps.session)[steps.session] <= LONGEST if len(steps) else np.zeros(0, bool)
        kept = np.flatnonzero(human)[-MOST_STEPS:]
        return Steps(*(getattr(steps, part.name)[kept] for part in fields(Steps)))

    def table(self, items: int) -> sparse.csr_array:
        """Return sessions × items, ones, in the order of each session's last event; those of one item or of a robot are left out."""
        if not len(self):
            return sparse.csr_array((0, items))
        last = np.flatnonzero(np.append(np.diff(self.session) != 0, True))
        order = np.argsort(self.at[last], kind="stable")
        place = np.empty(len(last), np.int64)
        place[order] = np.arange(len(last))
        _, session = np.unique(self.session, return_inverse=True)
        cells = np.ones(len(self)), (place[session], self.item)
        found = sparse.csr_array(sparse.coo_array(cells, shape=(len(last), items)))
        found.data[:] = 1.0
        size = np.diff(found.indptr)
        return sparse.csr_array(found[np.flatnonzero((size > 1) & (size <= MOST_ITEMS))])

    def viewers(self, items: int) -> NDArray[np.float64]:
        """Return in how many sessions each item was seen."""
        pairs = np.unique(self.session * max(items, 1) + self.item)
        return np.bincount(pairs % max(items, 1), minlength=items).astype(float)


_COLUMNS = ("session", "item", "person", "cart", "at", "day")


def of_events(events: Events, product_ids: tuple[str, ...], people: dict[str, int]) -> Sessions:
    """Number sessions, and keep the events of products that the shop has."""
    rows = {name: np.asarray(events.rows[name]) for name in events.rows.column_names}
    session, order = _sessions(
        rows["key"].astype(np.int64), rows["told"].astype(bool), rows["at"], rows["product"]
    )
    items = _places(events.product_ids, product_ids)[rows["product"][order]]
    who = np.array([people.get(name, -1) for name in events.customer_ids] or [-1], np.int64)
    customer = rows["customer"][order].astype(np.int64)
    kept = items >= 0
    person = np.where(customer >= 0, who[np.maximum(customer, 0)], -1)
    at, day = rows["at"][order].astype(np.int64), rows["day"][order].astype(np.int64)
    unknown = int(np.sum(~kept))
    found = Sessions(
        session[kept], items[kept], person[kept], rows["cart"][order][kept].astype(bool), at[kept], day[kept],
        events.counts | {"unknown_products": unknown}, events.aside,
    )  # fmt: skip
    return _without_repeats(found)


def _places(names: tuple[str, ...], among: tuple[str, ...]) -> Codes:
    """Return where each name stands among others, -1 where it does not."""
    found = pc.index_in(pa.array(names, pa.string()), value_set=pa.array(among, pa.string()))
    return np.asarray(pc.fill_null(found.cast(pa.int64()), -1)).astype(np.int64)


def _sessions(
    key: Codes, told: NDArray[np.bool_], at: Codes, product: Codes
) -> tuple[Codes, NDArray[np.int64]]:
    """Return the session of each row in the order of session and time, and that order."""
    order = np.lexsort((product, at, key))
    key, at = key[order], at[order]
    new = np.ones(len(order), bool)
    pause = (np.diff(at) >= GAP_SECONDS * 1_000_000) & ~told[order][1:]
    new[1:] = (np.diff(key) != 0) | pause
    first = np.flatnonzero(new)
    # Two sessions that began together are told apart by their keys, whatever order the file is in.
    number = np.empty(len(first), np.int64)
    number[np.lexsort((key[first], at[first]))] = np.arange(len(first))
    session = number[np.cumsum(new) - 1]
    again = np.argsort(session, kind="stable")
    return session[again], order[again]


def _without_repeats(found: Sessions) -> Sessions:
    """Leave out what only repeats the event before it."""
    new = np.ones(len(found), bool)
    new[1:] = (
        (np.diff(found.session) != 0) | (np.diff(found.item) != 0) | (found.cart[1:] != found.cart[:-1])
        | (found.person[1:] != found.person[:-1]) | (np.diff(found.day) != 0)
    )  # fmt: skip
    return found._where(new)
