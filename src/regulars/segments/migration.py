"""How customers moved between RFM groups: where each stood some time ago beside where each stands now.

Both days are judged alike, from orders alone, so that the very first file of orders tells it. A shop's history of refreshes is not needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from regulars.kit.i18n import mark
from regulars.kit.unknown import Unknown
from regulars.segments import frames, rfm
from regulars.segments.beside import Beside

if TYPE_CHECKING:
    from regulars.lake import Orders
    from regulars.segments.thresholds import Thresholds

NOT_YET = -1
"""The group of who had not ordered by the earlier day."""


@dataclass(frozen=True, slots=True)
class Migration:
    """Customers by the group of an earlier day and the group of today; groups in the order of :data:`regulars.segments.rfm.GROUPS`."""

    since: date
    customers: NDArray[np.int64]
    """11 × 10: a row for each group of ``since``, the last one for who had not ordered by then; a column for each group of today."""

    @property
    def stayed(self) -> int:
        """How many customers stand in the group in which they stood."""
        return int(np.trace(self.customers[:-1]))

    @property
    def there(self) -> int:
        """How many customers had ordered by the earlier day."""
        return int(self.customers[:-1].sum())

    def to_json(self) -> dict[str, Any]:
        """Return the day, the names of rows and columns, and the counts, JSON-ready."""
        return {
            "since": self.since.isoformat(),
            "from": [*rfm.GROUPS, None],
            "to": list(rfm.GROUPS),
            "customers": self.customers.tolist(),
        }


def migration(
    orders: Orders, as_of: date, key: NDArray[np.int64], group: NDArray[np.int8], at: Thresholds
) -> Migration | Unknown:
    """Return how customers (``key``, their ``group`` on ``as_of``) moved within ``at.migration_days``; why not where nobody was there."""
    since = as_of - timedelta(days=at.migration_days)
    stood = orders.workspace.engine.arrow(
        frames.standing(orders.orders, since), title=mark("Looking where customers stood before")
    )
    if not len(stood):
        return Unknown.because(
            "segments.nobody_then",
            mark("Nobody had ordered {days} days before, so nobody can have moved."),
            days=at.migration_days,
        )
    recency, count, net = (stood[name].to_numpy() for name in ("recency_days", "orders", "net"))
    before = rfm.group(
        rfm.recency_score(recency),
        rfm.frequency_score(count, at.rfm_frequency),
        rfm.monetary_score(net),
    )
    told = pa.table({"customer_key": stood["customer_key"], "group": before})
    then = Beside(told, key)("group", NOT_YET).astype(np.int8)
    return Migration(since, moves(then, group))


def moves(then: NDArray[np.int8], now: NDArray[np.int8]) -> NDArray[np.int64]:
    """Count customers by the group of then (:data:`NOT_YET` in the last row) and the group of now."""
    width = len(rfm.GROUPS)
    row = np.where(then == NOT_YET, width, then).astype(np.int64)
    return np.bincount(row * width + now, minlength=(width + 1) * width).reshape(width + 1, width)
