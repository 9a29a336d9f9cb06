"""Who left a cart or a product behind: what customers looked at and put into carts in the last days, and did not order.

Of several carts the last one that is old enough decides: if nothing was ordered after it, it was left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.segments import frames
from regulars.sources.visitors import NOBODY, attributed

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.segments.thresholds import Thresholds
    from regulars.sources.events import Events

EPOCH = date(1970, 1, 1)
HOUR = 3_600_000_000
"""In microseconds."""
LAST = [("at", "max"), ("day", "max")]
NO_EVENTS = Unknown.because(
    "segments.no_events", mark("It needs visits and carts; a file of orders has none.")
)


@dataclass(frozen=True, slots=True)
class Left:
    """One entry a customer, in the order of the keys that were asked for."""

    cart: NDArray[np.bool_]
    product: NDArray[np.bool_]


def left_behind(
    orders: Orders, events: Events | None, as_of: date, key: NDArray[np.int64], at: Thresholds
) -> Left | Unknown:
    """Return which customers (``key``) left a cart and which a product; unknown where no visit of these days was recorded."""
    if events is None:
        return NO_EVENTS
    rows = _lately(orders, events, as_of, at.abandoned_days)
    if not len(rows):
        return Unknown.because(
            "segments.no_recent_events",
            mark("It needs visits and carts of the last {days} days; none was recorded."),
            days=at.abandoned_days,
        )
    old_enough = pc.max(rows["at"]).as_py() - at.abandoned_hours * HOUR
    rows = rows.filter(pc.not_equal(rows["customer_key"], NOBODY))
    bought = orders.workspace.engine.arrow(
        frames.last_orders(orders.orders, as_of), title=mark("Looking for carts that were left")
    )
    carts, views = rows.filter(rows["cart"]), rows.filter(pc.invert(rows["cart"]))
    old = carts.filter(pc.less_equal(carts["at"], old_enough))
    filled = old.group_by("customer_key").aggregate(LAST)
    seen = views.group_by(["customer_key", "product"]).aggregate([("at", "count"), *LAST])
    keen = seen.filter(pc.greater_equal(seen["at_count"], at.browsed_views))
    keen = keen.filter(pc.invert(pc.is_in(keen["customer_key"], carts["customer_key"].combine_chunks())))
    clock = orders.capabilities.clock
    return Left(
        np.isin(key, _gone(filled, bought, clock=clock)), np.isin(key, _gone(keen, bought, clock=clock))
    )


def _lately(orders: Orders, events: Events, as_of: date, days: int) -> pa.Table:
    """Return the events of the last days with whose they were, ``customer_key``."""
    today = (as_of - EPOCH).days
    until = events.rows.filter(pc.less_equal(events.rows["day"], today))
    recent = until.filter(pc.greater(until["day"], today - days))
    # Who somebody is may have been said by the same visitor long before.
    same = pc.is_in(until["key"], pc.unique(recent["key"]))
    told = attributed(events, orders, until.filter(same))
    named = told.rows.append_column("customer_key", pa.array(told.customer))
    return named.filter(pc.greater(named["day"], today - days))


def _gone(left: pa.Table, bought: pa.Table, *, clock: bool) -> NDArray[np.int64]:
    """Return customers who ordered nothing since what they left (``at_max``, ``day_max``); on the same day either way where orders have no time."""
    joined = left.join(bought, "customer_key")
    if clock:
        since = pc.greater_equal(joined["last_at"].cast(pa.int64()), joined["at_max"])
    else:
        since = pc.greater_equal(joined["last_on"].cast(pa.int32()), joined["day_max"])
    return joined.filter(pc.invert(since))["customer_key"].to_numpy()
