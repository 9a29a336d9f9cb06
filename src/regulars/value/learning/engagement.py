"""What customers viewed and put into carts: a row a customer and day, and from when on it was known who it was.

A view counts for the customer whom the tracker names. One without a name counts for whom the same session or visitor named last before it;
else for the first whom it named later, and then only from that day on: before, nobody knew whose view it was, and
whoever buys again says who they are, so that knowing sooner would be knowing the outcome.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.sources.events import Aside, Events, read_events
from regulars.sources.visitors import NOBODY, Attributed, attributed
from regulars.value.summary import EPOCH

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from numpy.typing import NDArray

    from regulars.lake import Orders

SPANS_DAYS = (30, 91)
"""Windows before a day; those that the events do not reach back for are left out."""
COUNTED = ("seen", "viewed", "carted", "seen_since_order", "carted_since_order")
"""What is counted in each: days, views and carts; days and carts after the last order."""
COLUMNS = (*(f"{name}_{span}" for name in COUNTED for span in SPANS_DAYS), "unseen_days")
MOST_QUIET_DAYS = 7


@dataclass(frozen=True)
class Engagement:
    """Who of the customers looked at how much on which day, and from when to when anything was recorded."""

    days: ir.Table = field(repr=False)
    """``customer_key``, ``seen_on``, ``known_on`` (dates; the day from which it was known who it was), ``views``, ``carts``."""
    first: date
    last: date
    quiet_days: int
    """The most days from one with events to the next, a week at most; so long may the end be silent without being missing."""
    customers: int
    """How many of the shop's customers were ever recognised."""
    counts: dict[str, int]
    """What became of the rows, as in :class:`~regulars.sources.events.Events`."""
    aside: tuple[Aside, ...]
    """The first rows that were set aside."""

    def reaches(self, day: date, days: int) -> bool:
        """Tell whether all of the last ``days`` days by ``day`` were recorded."""
        return self.first <= day - timedelta(days=days - 1) and day <= self.last + timedelta(
            days=self.quiet_days
        )

    def spans(self, day: date) -> tuple[int, ...]:
        """Return the windows that were recorded in full by ``day``."""
        return tuple(span for span in SPANS_DAYS if self.reaches(day, span))


def read(given: Any, orders: Orders) -> Engagement | Unknown:
    """Read views and carts of a shop's customers from a file, a table or :class:`~regulars.sources.events.Events`.

    Returns ``Unknown`` where no event is of a customer who ordered; raises as :func:`~regulars.sources.events.read_events`.
    """
    workspace = orders.workspace
    events = (
        given if isinstance(given, Events) else read_events(given, workspace, time_zone=orders.shop.time_zone)
    )
    table = _days(attributed(events, orders))
    if not len(table):
        return Unknown.because(
            "events_of_others",
            mark(
                "None of the events names a customer who ordered: the events' customer_id must be that of the orders."
            ),
        )
    path = workspace.folder / "engagement.parquet"
    pq.write_table(table, path)
    days = np.unique(np.asarray(events.rows["day"]).astype(np.int64))
    quiet = min(int(np.diff(days).max(initial=1)), MOST_QUIET_DAYS)
    first, last = (EPOCH + timedelta(days=int(day)) for day in (days[0], days[-1]))
    customers = pc.count_distinct(table["customer_key"]).as_py()
    seen = workspace.engine.read(path)
    return Engagement(seen, first, last, quiet, customers, events.counts, events.aside)


def _days(told: Attributed) -> pa.Table:
    """Sum up by customer, day, and day from which it is known."""
    kept = told.customer != NOBODY
    day, cart = np.asarray(told.rows["day"])[kept], np.asarray(told.rows["cart"]).astype(bool)[kept]
    table = pa.table(
        {
            "customer_key": told.customer[kept],
            "seen_on": _dates(day),
            "known_on": _dates(told.known_on[kept]),
            "views": (~cart).astype(np.int64),
            "carts": cart.astype(np.int64),
        }
    )
    names = ["customer_key", "seen_on", "known_on"]
    summed = table.group_by(names).aggregate([("views", "sum"), ("carts", "sum")])
    return summed.rename_columns([*names, "views", "carts"])


def _dates(days: NDArray[np.int64]) -> pa.Array:
    return pa.array(days.astype(np.int32), pa.int32()).cast(pa.date32())
