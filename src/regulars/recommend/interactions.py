"""Who bought what when, as arrays: the only thing the components of a recommender ever see.

Rows are sorted by person, day, order and item. ``until`` and ``between`` cut time honestly: what is fitted on
``until(day)`` cannot know anything that happened on that day or later.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from scipy import sparse

from regulars.recommend import listing
from regulars.recommend.catalogue import Catalogue, Codes
from regulars.recommend.sessions import Sessions, of_events

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.sources.events import Events

EPOCH = date(1970, 1, 1)
NOBODY = -1
MOST_TOGETHER = 2000
"""A basket of more items says nothing of what goes with what, and pairs grow with its square."""


@dataclass(frozen=True)
class Visits:
    """Baskets of known people, a day each, in the order of person and day."""

    baskets: sparse.csr_array
    """visits × items, ones."""
    person: Codes
    day: Codes


@dataclass(frozen=True)
class Interactions:
    """Distinct rows of person, order, item and day, with who and what the codes stand for."""

    person: Codes
    """Code of the person; :data:`NOBODY` where an order names none."""
    order: Codes
    item: Codes
    day: Codes
    """Days since 1970-01-01."""
    end: int
    """The first day that is not known about."""
    customer_ids: tuple[str, ...]
    catalogue: Catalogue
    place: Codes | None = None
    """Code of the country that each row's order went to, -1 where it names none; None where no order names one."""
    countries: tuple[str, ...] = ()
    sessions: Sessions | None = None
    """What was viewed and put into carts; None where the shop gave no events."""

    def __len__(self) -> int:
        return len(self.person)

    @property
    def people(self) -> int:
        """How many person codes there are."""
        return len(self.customer_ids)

    @property
    def items(self) -> int:
        """How many item codes there are."""
        return len(self.catalogue)

    @property
    def shape(self) -> tuple[int, int]:
        """People and items."""
        return self.people, self.items

    @cached_property
    def people_codes(self) -> dict[str, int]:
        """Person code by the shop's own customer id."""
        return {name: code for code, name in enumerate(self.customer_ids)}

    def until(self, day: int) -> Interactions:
        """Return what was known when ``day`` began."""
        chosen = self.day < day
        found = self._kept(chosen, day)
        if self.sessions is None:
            return found
        # Of what was viewed before it was ever sold, only later days know that the shop has it.
        there = np.zeros(self.items, bool) if self.catalogue.listed is None else self.catalogue.listed.copy()
        there[self.item[chosen]] = True
        return replace(found, sessions=self.sessions.within(None, day, there))

    def between(self, day: int, until: int) -> Interactions:
        """Return what happened on ``day`` and after it, before ``until``."""
        found = self._kept((self.day >= day) & (self.day < until), until)
        return found if self.sessions is None else replace(found, sessions=self.sessions.within(day, until))

    def _kept(self, chosen: NDArray[np.bool_], end: int) -> Interactions:
        rows = {name: getattr(self, name)[chosen] for name in ("person", "order", "item", "day")}
        place = None if self.place is None else self.place[chosen]
        return replace(self, end=end, place=place, **rows)

    @cached_property
    def known(self) -> Interactions:
        """Return the rows of people who can be told apart."""
        return self._kept(self.person != NOBODY, self.end)

    @cached_property
    def owned(self) -> sparse.csr_array:
        """People × items, one where the person ever bought the item."""
        rows = self.known
        return _ones(rows.person, rows.item, self.shape)

    @cached_property
    def visits(self) -> Visits:
        """Return the baskets of known people by day, in time order within each person."""
        rows = self.known
        new = np.ones(len(rows), bool)
        new[1:] = (np.diff(rows.person) != 0) | (np.diff(rows.day) != 0)
        visit, first = np.cumsum(new) - 1, np.flatnonzero(new)
        baskets = _ones(visit, rows.item, (len(first), self.items))
        return Visits(baskets, rows.person[first], rows.day[first])

    @cached_property
    def orders(self) -> sparse.csr_array:
        """Orders × items, ones; guests' orders too."""
        _, order = np.unique(self.order, return_inverse=True)
        count = int(order.max()) + 1 if len(order) else 0
        return _ones(order, self.item, (count, self.items))

    def recent(self, days: int) -> Interactions:
        """Return the rows of the last ``days`` days."""
        return self.between(self.end - days, self.end)


def read(
    orders: Orders,
    *,
    as_of: date | None = None,
    listed: pa.Table | None = None,
    events: Events | None = None,
) -> Interactions:
    """Read a shop's purchases up to ``as_of`` (inclusive; default: all of them), with its catalogue and events if it has any.

    Events of days after the last purchase are left out: nothing can be said of what was bought then.
    """
    # Who answers from an index reads this file too, and need not wait for an engine.
    from regulars.recommend import frames

    engine = orders.workspace.engine
    sold = engine.arrow(frames.purchases(orders.lines, as_of))
    products = engine.arrow(frames.goods(orders.lines, orders.products, as_of))
    named = engine.arrow(frames.customers(orders.identities))
    told = orders.capabilities.country
    placed = engine.arrow(frames.countries(orders.orders, as_of)) if told else None
    return from_tables(sold, products, named, as_of=as_of, listed=listed, placed=placed, events=events)


def from_tables(
    sold: pa.Table,
    products: pa.Table,
    named: pa.Table,
    *,
    as_of: date | None = None,
    listed: pa.Table | None = None,
    placed: pa.Table | None = None,
    events: Events | None = None,
) -> Interactions:
    """Number people, items and countries by their names in alphabetical order, whatever order the tables come in."""
    products = listing.united(products, listed)
    named = named.sort_by([("customer_id", "ascending"), ("customer_key", "ascending")])
    item = _places(sold["product_key"], products["product_key"])
    person = _places(sold["customer_key"], named["customer_key"])
    day = np.asarray(pc.cast(pc.cast(sold["ordered_on"], pa.date32()), pa.int32())).astype(np.int64)
    order = np.asarray(sold["order_key"]).astype(np.int64)
    end = (as_of - EPOCH).days + 1 if as_of else int(day.max(initial=-1)) + 1
    rows = np.flatnonzero(item >= 0)
    rows = rows[np.lexsort((item[rows], order[rows], day[rows], person[rows]))]
    customer_ids = tuple(str(name) for name in named["customer_id"].to_pylist())
    told = listing.catalogue(products, given=listed is not None)
    found = Interactions(person[rows], order[rows], item[rows], day[rows], end, customer_ids, told)
    found = found if placed is None else _placed(found, placed)
    return found if events is None else with_events(found, events)


def with_events(found: Interactions, events: Events) -> Interactions:
    """Return the same with what was viewed and put into carts up to its end; events of other products count for nothing."""
    told = of_events(events, found.catalogue.product_ids, found.people_codes)
    return replace(found, sessions=told.within(None, found.end))


def _placed(found: Interactions, placed: pa.Table) -> Interactions:
    """Say of each row which country its order went to."""
    names = pa.array(sorted(set(placed["country"].to_pylist())), pa.string())
    code = _places(placed["country"], pa.chunked_array([names]))
    # A country stands at its order's key; the last entry answers for orders that name none.
    at = _places(pa.chunked_array([pa.array(found.order)]), placed["order_key"])
    return replace(found, place=np.append(code, -1)[at], countries=tuple(names.to_pylist()))


def _places(keys: pa.ChunkedArray, among: pa.ChunkedArray) -> Codes:
    """Return where each key stands among others, -1 where it does not."""
    found = pc.index_in(keys, value_set=among.combine_chunks())
    missing = pc.or_(pc.is_null(keys), pc.is_null(found))
    return np.asarray(pc.if_else(missing, -1, found.cast(pa.int64()))).astype(np.int64)


def _ones(row: Codes, column: Codes, shape: tuple[int, int]) -> sparse.csr_array:
    """Return a table with a one wherever a pair occurs, however often."""
    table = sparse.csr_array(sparse.coo_array((np.ones(len(row)), (row, column)), shape=shape))
    table.data[:] = 1.0
    return table


def told_apart(baskets: sparse.csr_array) -> sparse.csr_array:
    """Return baskets × items with the rows of more than :data:`MOST_TOGETHER` items left empty."""
    small = np.diff(baskets.indptr) <= MOST_TOGETHER
    if small.all():
        return baskets
    kept = sparse.csr_array(sparse.diags_array(small.astype(float)) @ baskets)
    kept.eliminate_zeros()
    return kept


def day_of(day: date) -> int:
    """Return a date as days since 1970-01-01."""
    return (day - EPOCH).days


def date_of(day: int) -> date:
    """Return days since 1970-01-01 as a date."""
    return EPOCH + timedelta(days=int(day))
