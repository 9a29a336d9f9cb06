"""Whose an event was: a visit belongs to whoever says, in it, before or after, who they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.sources.events import Events

NOBODY = -1


@dataclass(frozen=True, slots=True)
class Attributed:
    """Events in the order of their keys and moments, each with whose it was."""

    rows: pa.Table
    """As :attr:`regulars.sources.events.Events.rows`."""
    customer: NDArray[np.int64]
    """``customer_key`` of the shop's orders, :data:`NOBODY` for somebody without one."""
    known_on: NDArray[np.int64]
    """Days since 1970 on which that was known."""


def attributed(events: Events, orders: Orders, rows: pa.Table | None = None) -> Attributed:
    """Return events, all or some ``rows`` of them, with the customers of a shop whose they were.

    An event that names nobody is of who was named before it under the same key, else after it: then it is known from that day on.
    """
    rows = events.rows if rows is None else rows
    key, at = _whole(rows, "key"), _whole(rows, "at")
    order = np.lexsort((np.asarray(rows["product"]), at, key))
    rows, key = rows.take(pa.array(order)), key[order]
    code, day = _whole(rows, "customer"), _whole(rows, "day")
    named = code >= 0
    here = np.arange(len(key))
    before = np.maximum.accumulate(np.where(named, here, -1))
    after = np.minimum.accumulate(np.where(named, here, len(key))[::-1])[::-1]
    is_before = (before >= 0) & (key[np.maximum(before, 0)] == key)
    is_after = (after < len(key)) & (key[np.minimum(after, len(key) - 1)] == key)
    teller = np.where(is_before, before, np.where(is_after, after, here))
    customer = np.append(_keys(events, orders), NOBODY)[np.where(named[teller], code[teller], -1)]
    return Attributed(rows, customer, np.maximum(day, day[teller]))


def _keys(events: Events, orders: Orders) -> NDArray[np.int64]:
    """Return the key of each customer whom the events name, :data:`NOBODY` for one without orders."""
    known = orders.workspace.engine.arrow(orders.identities)
    place = pc.index_in(pa.array(events.customer_ids, pa.string()), value_set=known["customer_id"])
    keys = known["customer_key"].take(place)
    return np.asarray(pc.fill_null(keys, NOBODY)).astype(np.int64)


def _whole(rows: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(rows[name]).astype(np.int64)
